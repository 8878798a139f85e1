#include "range_allocator.hpp"

#include "forked.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace {

using nodespan::detail::range_allocator;

struct range {
    std::size_t offset, bytes;
};

TEST(RangeAllocator, HandsOutAllItHasAndNoMore) {
    range_allocator space(100);

    EXPECT_EQ(space.allocate(60, 1), 0U);
    EXPECT_EQ(space.allocate(40, 1), 60U);
    EXPECT_EQ(space.allocate(1, 1), std::nullopt);
    EXPECT_EQ(space.free_bytes(), 0U);
}

TEST(RangeAllocator, KeepsAlignmentAndUsesWhatItSkipped) {
    range_allocator space(256);

    EXPECT_EQ(space.allocate(1, 1), 0U);
    EXPECT_EQ(space.allocate(64, 64), 64U);
    EXPECT_EQ(space.allocate(63, 1), 1U);
    EXPECT_EQ(space.free_bytes(), 128U);
}

TEST(RangeAllocator, RefusesWhatOnlyFitsUnaligned) {
    range_allocator space(100);
    ASSERT_EQ(space.allocate(1, 1), 0U);

    EXPECT_EQ(space.allocate(64, 64), std::nullopt);
    EXPECT_EQ(space.free_bytes(), 99U);
}

TEST(RangeAllocator, TakesTheSmallestRangeThatFits) {
    range_allocator space(100);
    ASSERT_EQ(space.allocate(50, 1), 0U);
    ASSERT_EQ(space.allocate(10, 1), 50U);
    ASSERT_EQ(space.allocate(20, 1), 60U);
    ASSERT_EQ(space.allocate(20, 1), 80U);
    space.free(0, 50);
    space.free(60, 20);

    EXPECT_EQ(space.allocate(15, 1), 60U);
}

TEST(RangeAllocator, JoinsNeighboursInWhateverOrderTheyComeBack) {
    std::vector<int> order{0, 1, 2, 3};
    do {
        range_allocator space(400);
        for (std::size_t i = 0; i < 4; ++i) ASSERT_EQ(space.allocate(100, 1), i * 100);

        for (const int i : order) space.free(static_cast<std::size_t>(i) * 100, 100);

        EXPECT_EQ(space.allocate(400, 1), 0U);
    } while (std::next_permutation(order.begin(), order.end()));
}

TEST(RangeAllocator, OfNothingHasNothing) {
    range_allocator space(0);

    EXPECT_EQ(space.allocate(1, 1), std::nullopt);
    EXPECT_EQ(space.free_bytes(), 0U);
}

// The longest run of free bytes that begins at a multiple of `alignment`.
std::size_t longest_free_run(const std::vector<bool>& used, std::size_t alignment) {
    std::size_t longest = 0;
    for (std::size_t begin = 0; begin < used.size(); begin += alignment) {
        std::size_t end = begin;
        while (end < used.size() && !used[end]) ++end;
        longest = std::max(longest, end - begin);
    }
    return longest;
}

TEST(RangeAllocator, AgreesWithAMapOfBytes) {
    constexpr std::size_t bytes = 512;
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(seed);
        nodespan::test::random_numbers random(seed);
        range_allocator space(bytes), twin(bytes);
        std::vector<bool> used(bytes, false);
        std::vector<range> live;
        for (int step = 0; step < 400; ++step) {
            if (live.empty() || random.below(5) < 3) {
                const auto wanted = static_cast<std::size_t>(1 + random.below(60));
                const std::size_t alignment = std::size_t{1} << random.below(7);
                const auto offset = space.allocate(wanted, alignment);

                ASSERT_EQ(offset, twin.allocate(wanted, alignment)) << "step " << step;
                ASSERT_EQ(offset.has_value(), longest_free_run(used, alignment) >= wanted);
                if (!offset) continue;
                ASSERT_EQ(*offset % alignment, 0U);
                ASSERT_LE(*offset + wanted, bytes);
                for (std::size_t i = *offset; i < *offset + wanted; ++i) {
                    ASSERT_FALSE(used[i]) << "byte " << i << " given twice, step " << step;
                    used[i] = true;
                }
                live.push_back({*offset, wanted});
            } else {
                const auto which = random.below(static_cast<std::int64_t>(live.size()));
                const range given = live[static_cast<std::size_t>(which)];
                live.erase(live.begin() + which);
                space.free(given.offset, given.bytes);
                twin.free(given.offset, given.bytes);
                for (std::size_t i = 0; i < given.bytes; ++i) used[given.offset + i] = false;
            }
            ASSERT_EQ(static_cast<long>(space.free_bytes()),
                      std::count(used.begin(), used.end(), false));
        }
        for (const range& given : live) space.free(given.offset, given.bytes);
        ASSERT_EQ(space.allocate(bytes, 1), 0U);
    }
}

} // namespace
