#include "packed_patch.hpp"
#include "strided.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <numeric>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace {
std::size_t allocations = 0;
}

// Not inlined: GCC 12 would see malloc meet operator delete, and warn.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
    ++allocations;
    if (void* const memory = std::malloc(bytes > 0 ? bytes : 1)) return memory;
    throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}

namespace {

using nodespan::index_list;
using nodespan::index_t;
using nodespan::detail::copy_patch;
using nodespan::detail::is_scattered;
using nodespan::detail::packed_patch;
using nodespan::detail::paired_runs;
using offsets = std::vector<std::pair<index_t, index_t>>;

template <class... I>
index_list list(I... values) {
    return std::array<index_t, sizeof...(I)>{static_cast<index_t>(values)...};
}

// Offsets of every element of both blocks, one by one, row-major. Recursive, unlike what it checks.
void walk(const index_list& extents, const index_list& a, const index_list& b, std::size_t d,
          std::pair<index_t, index_t> at, offsets& out) {
    if (d == extents.size()) return out.push_back(at);
    for (index_t i = 0; i < extents[d]; ++i)
        walk(extents, a, b, d + 1, {at.first + i * a[d], at.second + i * b[d]}, out);
}

offsets one_by_one(const index_list& extents, const index_list& a, const index_list& b) {
    offsets result;
    walk(extents, a, b, 0, {0, 0}, result);
    return result;
}

offsets by_runs(const paired_runs& runs) {
    offsets result;
    runs.for_each([&](index_t a, index_t b) {
        for (index_t i = 0; i < runs.count; ++i)
            result.emplace_back(a + i * runs.a_step, b + i * runs.b_step);
    });
    return result;
}

int number_of(const paired_runs& runs) {
    int result = 0;
    runs.for_each([&](index_t, index_t) { ++result; });
    return result;
}

// Some block of elements inside some memory, without two elements at one place: dense or with gaps
// between rows, now and then with dimensions swapped or walked backwards.
struct layout {
    index_list strides;
    index_t first = 0;
    index_t bytes = 0; // of all the memory
};

class shapes {
public:
    explicit shapes(unsigned seed) : random_(seed) {}

    index_t up_to(index_t most) { return std::uniform_int_distribution<index_t>(0, most)(random_); }

    index_list extents(int dimensions) {
        index_list result(dimensions, 1);
        for (auto& extent : std::span(&result[0], result.size()))
            extent = up_to(30) == 0 ? 0 : 1 + up_to(up_to(2) == 0 ? 0 : 4);
        return result;
    }

    layout around(const index_list& extents, index_t element_bytes) {
        std::vector<std::size_t> order(extents.size());
        std::iota(order.rbegin(), order.rend(), 0U);
        if (up_to(3) == 0) std::shuffle(order.begin(), order.end(), random_);
        layout result{extents, 0, 0};
        index_t step = element_bytes;
        for (const std::size_t d : order) {
            if (up_to(2) == 0) step += up_to(2) * element_bytes;
            result.strides[d] = step;
            step *= std::max<index_t>(1, extents[d] + (up_to(2) == 0 ? up_to(2) : 0));
        }
        result.bytes = step;
        for (const std::size_t d : order)
            if (extents[d] > 0 && up_to(7) == 0) {
                result.first += (extents[d] - 1) * result.strides[d];
                result.strides[d] = -result.strides[d];
            }
        return result;
    }

private:
    std::mt19937 random_;
};

TEST(PairedRuns, VisitEachPairOfElementsOnceInOrder) {
    for (unsigned seed = 0; seed < 600; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        shapes some(seed);
        const index_list extents = some.extents(static_cast<int>(seed % 7));
        const layout a = some.around(extents, 8), b = some.around(extents, 8);

        const paired_runs runs(extents, a.strides, b.strides);

        EXPECT_EQ(by_runs(runs), one_by_one(extents, a.strides, b.strides));
    }
}

TEST(PairedRuns, OfDenseBlocksAreOne) {
    const index_list extents = list(2, 3, 4, 5, 6, 7);
    index_list strides = row_major_strides(extents);
    for (std::size_t d = 0; d < 6; ++d) strides[d] *= 8;

    const paired_runs runs(extents, strides, strides);

    EXPECT_EQ(runs.count, 2 * 3 * 4 * 5 * 6 * 7);
    EXPECT_TRUE(runs.is_dense(8));
    EXPECT_FALSE(runs.is_dense(4));
    EXPECT_EQ(number_of(runs), 1);
}

TEST(PairedRuns, MergeOnlyWhatIsContiguousOnBothSides) {
    const paired_runs runs(list(4, 5, 6), list(240, 48, 8), list(480, 96, 8));

    EXPECT_EQ(runs.count, 6);
    EXPECT_EQ(number_of(runs), 20);
}

TEST(PairedRuns, MergeStridedDimensionsAsWell) {
    const paired_runs runs(list(4, 5), list(80, 16), list(40, 8));

    EXPECT_EQ(runs.count, 20);
    EXPECT_EQ(runs.a_step, 16);
    EXPECT_EQ(runs.b_step, 8);
    EXPECT_EQ(number_of(runs), 1);
}

TEST(PairedRuns, DropExtentsOfOneWhateverTheirStrides) {
    const paired_runs runs(list(1, 7, 1, 3, 1), list(5, 24, 999, 8, -3), list(0, 24, 1, 8, 77));

    EXPECT_EQ(runs.count, 21);
    EXPECT_EQ(number_of(runs), 1);
}

TEST(PairedRuns, OfAnEmptyBlockAreNone) {
    EXPECT_EQ(number_of(paired_runs(list(3, 0, 2), list(16, 16, 8), list(16, 16, 8))), 0);
    EXPECT_EQ(number_of(paired_runs(list(0), list(8), list(8))), 0);
}

TEST(PairedRuns, OfNoDimensionsAreOneElement) {
    const paired_runs runs(index_list{}, index_list{}, index_list{});

    EXPECT_EQ(runs.count, 1);
    EXPECT_TRUE(runs.is_dense(8));
    EXPECT_EQ(number_of(runs), 1);
}

// A matrix that is turned over, a block of several, or one with gaps, at any address.
void expect_turned(const index_list& extents, index_t element_bytes, index_t gap, index_t first) {
    SCOPED_TRACE(testing::Message() << extents[0] << " x " << extents[1] << " of " << element_bytes
                                    << " bytes, from byte " << first << ", gaps of " << gap);
    const index_t rows = extents[1], columns = extents[2];
    index_list from =
        list(rows * (columns * element_bytes + gap), columns * element_bytes + gap, element_bytes);
    index_list to =
        list(columns * (rows * element_bytes + gap), element_bytes, rows * element_bytes + gap);
    std::vector<std::byte> source(static_cast<std::size_t>(extents[0] * from[0] + first));
    for (std::size_t i = 0; i < source.size(); ++i)
        source[i] = static_cast<std::byte>(i * 7 + i / 251);
    std::vector<std::byte> memory(static_cast<std::size_t>(extents[0] * to[0] + first + 100),
                                  std::byte{0xA5});
    std::vector<std::byte> expected = memory;
    for (const auto& [t, f] : one_by_one(extents, to, from))
        std::copy_n(source.begin() + first + f, element_bytes, expected.begin() + first + t);

    copy_patch(extents, static_cast<std::size_t>(element_bytes), memory.data() + first, to,
               source.data() + first, from);

    EXPECT_TRUE(memory == expected);
}

TEST(CopyPatch, TurnsMatricesOverWhateverTheirSizesAndAddresses) {
    for (const index_t element_bytes : {1, 2, 3, 4, 8, 16, 24})
        for (const index_t rows : {7, 8, 16, 17, 31, 64, 101, 129})
            for (const index_t columns : {8, 15, 16, 23, 63, 67, 130})
                for (const index_t gap : {0, 5, 64})
                    expect_turned(list(rows % 2 + 1, rows, columns), element_bytes, gap,
                                  (rows + columns) % 3 * 13);
}

TEST(CopyPatch, TurnsOverWhatIsTooLargeForTheCaches) {
    for (const index_t element_bytes : {2, 4, 8, 16})
        for (const index_t gap : {0, 4, 5})
            expect_turned(list(1, 1777, 20'000'000 / element_bytes / 1777), element_bytes, gap, 20);
    expect_turned(list(1, 1777, 10'000), 1, 0, 20);
}

TEST(CopyPatch, TurnsOverRowsThatBeginWithALine) {
    constexpr index_t after_malloc = 48; // large memory begins 16 bytes behind a page's begin
    for (const index_t element_bytes : {1, 2, 4, 8, 16})
        expect_turned(list(1, 1792, 20'000'000 / element_bytes / 1792), element_bytes, 0,
                      after_malloc);
}

TEST(CopyPatch, CopiesItsElementsAndTouchesNothingElse) {
    const std::vector<index_t> sizes = {1, 2, 3, 4, 8, 12, 16, 24, 40, 100};
    for (unsigned seed = 0; seed < 1500; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        shapes some(seed);
        const index_t element_bytes = sizes[seed % sizes.size()];
        const index_list extents = some.extents(static_cast<int>(seed / sizes.size() % 7));
        const layout to = some.around(extents, element_bytes);
        const layout from = some.around(extents, element_bytes);
        std::vector<std::byte> source(static_cast<std::size_t>(from.bytes));
        for (auto& b : source) b = static_cast<std::byte>(some.up_to(255));
        std::vector<std::byte> expected(static_cast<std::size_t>(to.bytes), std::byte{0xA5});
        std::vector<std::byte> memory = expected;
        for (const auto& [t, f] : one_by_one(extents, to.strides, from.strides))
            std::copy_n(source.begin() + from.first + f, element_bytes,
                        expected.begin() + to.first + t);

        copy_patch(extents, static_cast<std::size_t>(element_bytes), memory.data() + to.first,
                   to.strides, source.data() + from.first, from.strides);

        EXPECT_EQ(memory, expected);
    }
}

TEST(CopyPatch, TurnsBlocksOverWhateverTheirSizes) {
    for (const index_t rows : {7, 8, 16, 41})
        for (const index_t columns : {8, 9, 33}) {
            const index_list extents = list(rows, 3, columns);
            std::vector<short> from(static_cast<std::size_t>(rows * 3 * columns)), to(from.size());
            std::iota(from.begin(), from.end(), short{0});

            copy_patch(extents, 2, reinterpret_cast<std::byte*>(to.data()),
                       list(2, 2 * rows, 6 * rows), reinterpret_cast<std::byte*>(from.data()),
                       list(6 * columns, 2 * columns, 2));

            for (index_t i = 0; i < rows; ++i)
                for (index_t j = 0; j < 3; ++j)
                    for (index_t k = 0; k < columns; ++k)
                        ASSERT_EQ(to[static_cast<std::size_t>(i + rows * (j + 3 * k))],
                                  from[static_cast<std::size_t>((i * 3 + j) * columns + k)]);
        }
}

TEST(CopyPatch, RepeatsWhereTheSourceDoesNotMove) {
    const std::vector<int> row = {1, 2, 3};
    std::vector<int> block(6);

    copy_patch(list(2, 3), 4, reinterpret_cast<std::byte*>(block.data()), list(12, 4),
               reinterpret_cast<const std::byte*>(row.data()), list(0, 4));

    EXPECT_EQ(block, (std::vector<int>{1, 2, 3, 1, 2, 3}));
}

TEST(CopyPatch, OfNothingTakesNullPointers) {
    copy_patch(list(0, 4), 8, nullptr, list(32, 8), nullptr, list(32, 8));
}

TEST(CopyPatch, AllocatesNothing) {
    std::vector<double> a(4 * 5 * 6), b(a.size());
    auto* const to = reinterpret_cast<std::byte*>(a.data());
    const auto* const from = reinterpret_cast<const std::byte*>(b.data());
    const std::size_t before = allocations;

    copy_patch(list(4, 5, 6), 8, to, list(240, 48, 8), from, list(240, 48, 8));
    copy_patch(list(3, 2, 3), 8, to, list(240, 96, 16), from, list(240, 48, 8));

    EXPECT_GT(before, 0U);
    EXPECT_EQ(allocations, before);
}

TEST(PackedPatch, IsWantedWhereMemoryHasShorterStretchesThanTheTarget) {
    const index_list extents = list(300, 250), whole = list(300, 1000);

    EXPECT_TRUE(is_scattered(extents, 8, list(8, 2400), list(2000, 8)));  // turned over
    EXPECT_TRUE(is_scattered(extents, 8, list(4000, 16), list(8024, 8))); // every second
    EXPECT_TRUE(is_scattered(extents, 8, list(8024, 8), list(2000, 8)));  // rows, whole there
    EXPECT_FALSE(is_scattered(extents, 8, list(2000, 8), list(8024, 8))); // whole here, rows there
    EXPECT_FALSE(is_scattered(extents, 8, list(8, 2400), list(8, 9000))); // on both sides
    EXPECT_FALSE(is_scattered(extents, 8, list(8024, 8), list(9000, 8)));
    EXPECT_FALSE(is_scattered(whole, 8, list(8800, 8), list(8000, 8)));     // rows that are long
    EXPECT_FALSE(is_scattered(list(1, 1), 8, list(8, 8), list(2000, 8)));   // one element
    EXPECT_FALSE(is_scattered(list(1, 250), 8, list(8, 8), list(2000, 8))); // one row
}

TEST(PackedPatch, TakesElementsThereAndBack) {
    const std::vector<int> memory{1, 4, 2, 5, 3, 6};
    std::vector<int> back(6);
    const index_list extents = list(2, 3), turned = list(4, 8);
    packed_patch copy(6, sizeof(int));

    copy.stand_for(extents, reinterpret_cast<const std::byte*>(memory.data()), turned);
    copy.read();
    copy.write(); // what is only to be read stays
    const std::vector<int> packed(reinterpret_cast<const int*>(copy.data()),
                                  reinterpret_cast<const int*>(copy.data()) + 6);
    copy.stand_for(extents, reinterpret_cast<std::byte*>(back.data()), turned);
    copy.write();

    EXPECT_EQ(packed, (std::vector<int>{1, 2, 3, 4, 5, 6}));
    EXPECT_EQ(copy.strides(), list(12, 4));
    EXPECT_EQ(back, memory);
}

} // namespace
