// Collective calls against what one rank computes alone, on memory of one's own, on arrays, and on
// both in one call.

#include <nodespan/array.hpp>
#include <nodespan/collectives.hpp>
#include <nodespan/error.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <cmath>
#include <complex>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

using namespace nodespan::test;
using namespace nodespan;

// Lengths around the borders between ways to go: a line, a slot, a chunk; odd ones; nothing.
const std::vector<index_t> lengths = {0, 1, 2, 6, 7, 48, 63, 511, 2048, 2049, 16385, 70001, 300007};

// Where ranks have their values.
enum class memory { own, array, mixed };

// Some rank's value of an element; small, so that products of seven stay exact.
template <class T>
T value(int rank, index_t i) {
    const auto small = static_cast<int>((i * 7 + rank * 3 + i * rank) % 5) + 1;
    if constexpr (std::is_floating_point_v<T>)
        return static_cast<T>(small) / static_cast<T>(3); // sums that round
    else
        return static_cast<T>(small);
}

template <class T>
T combined(T a, T b, accumulate_op op) {
    if (op == accumulate_op::sum) return static_cast<T>(a + b);
    if (op == accumulate_op::prod) return static_cast<T>(a * b);
    if constexpr (std::is_arithmetic_v<T>)
        return op == accumulate_op::min || op == accumulate_op::fmin ? std::min(a, b)
                                                                     : std::max(a, b);
    return a;
}

// In the promised order: ranks of a node, then nodes, always two neighbouring groups at a time; at
// first so many pairs of nodes that a power of two is left.
template <class T>
T expected(const team& everyone, index_t i, accumulate_op op) {
    std::vector<T> groups;
    for (int node = 0; node < everyone.nodes(); ++node) {
        const int first = everyone.placement().first_rank(node);
        groups.push_back(value<T>(first, i));
        for (int r = first + 1; r < everyone.placement().first_rank(node + 1); ++r)
            groups.back() = combined(groups.back(), value<T>(r, i), op);
    }
    const auto join = [&](std::size_t k) { // with its neighbour
        groups[k] = combined(groups[k], groups[k + 1], op);
        groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(k) + 1);
    };
    const std::size_t power = std::bit_floor(groups.size());
    for (std::size_t k = 0; groups.size() > power; ++k) join(k);
    while (groups.size() > 1)
        for (std::size_t k = 0; k < groups.size(); ++k) join(k);
    return groups[0];
}

// Values of each rank, in memory of the wanted kind; off the begin of a line by one element.
template <class T>
class values {
public:
    values(team& everyone, index_t count, memory where)
        : shared_(everyone, {(count + 1) * everyone.size()}),
          own_(static_cast<std::size_t>(count + 1)) {
        const bool in_array =
            where == memory::array || (where == memory::mixed && everyone.rank() % 2 == 0);
        mine_ = std::span<T>(in_array ? shared_.local().data_handle() : own_.data(),
                             static_cast<std::size_t>(count + 1))
                    .subspan(1);
        fill(everyone.rank());
        everyone.fence();
    }

    void fill(int rank) {
        for (std::size_t i = 0; i < mine_.size(); ++i)
            mine_[i] = value<T>(rank, static_cast<index_t>(i));
    }
    std::span<T> mine() const { return mine_; }

private:
    array<T, 1> shared_;
    std::vector<T> own_;
    std::span<T> mine_;
};

// How many elements differ, bit by bit where that means something.
template <class T, class Expected>
index_t wrong(std::span<T> mine, const Expected& expected_at) {
    index_t count = 0;
    for (std::size_t i = 0; i < mine.size(); ++i)
        count += mine[i] == expected_at(static_cast<index_t>(i)) ? 0 : 1;
    return count;
}

template <class T>
void expect_right_results(team& everyone, index_t count, accumulate_op op, memory where) {
    SCOPED_TRACE(std::string(typeid(T).name()) + ", " + std::to_string(count) + " of " +
                 to_string(op) + ", memory " + std::to_string(static_cast<int>(where)));
    values<T> numbers(everyone, count, where);

    all_reduce(everyone, numbers.mine(), op);

    EXPECT_EQ(wrong(numbers.mine(), [&](index_t i) { return expected<T>(everyone, i, op); }), 0);
    everyone.fence();
    const int root = static_cast<int>(count) % everyone.size();
    numbers.fill(everyone.rank());
    everyone.fence();

    reduce(everyone, numbers.mine(), op, root);

    EXPECT_EQ(wrong(numbers.mine(),
                    [&](index_t i) {
                        return everyone.rank() == root ? expected<T>(everyone, i, op)
                                                       : value<T>(everyone.rank(), i);
                    }),
              0)
        << "reduce to " << root;
    everyone.fence();
}

TEST(Collectives, CombineDoublesOfAnyLengthWhereverTheyLie) {
    team everyone(MPI_COMM_WORLD);
    for (const memory where : {memory::own, memory::array, memory::mixed})
        for (const index_t count : lengths)
            expect_right_results<double>(everyone, count, accumulate_op::sum, where);
}

template <class T>
void expect_all_operations(team& everyone) {
    using enum accumulate_op;
    for (const memory where : {memory::own, memory::array})
        for (const index_t count : {3, 1000, 40000})
            for (const accumulate_op op : {sum, prod, min, max, fmin, fmax})
                if (detail::supports(detail::kind_of<T>(), op))
                    expect_right_results<T>(everyone, count, op, where);
}

TEST(Collectives, CombineEveryTypeOfNumberByEveryOperation) {
    team everyone(MPI_COMM_WORLD);
    expect_all_operations<std::int8_t>(everyone);
    expect_all_operations<std::uint16_t>(everyone);
    expect_all_operations<std::int32_t>(everyone);
    expect_all_operations<std::uint64_t>(everyone);
    expect_all_operations<float>(everyone);
    expect_all_operations<long double>(everyone);
    expect_all_operations<std::complex<double>>(everyone);
}

TEST(Collectives, CombineOneNumber) {
    team everyone(MPI_COMM_WORLD);

    const int ranks = all_reduce(everyone, 1);
    const double last = all_reduce(everyone, 0.5 * everyone.rank(), accumulate_op::max);

    EXPECT_EQ(ranks, everyone.size());
    EXPECT_EQ(last, 0.5 * (everyone.size() - 1));
}

TEST(Collectives, GiveTheSameBitsInEveryRunAndMemory) {
    team everyone(MPI_COMM_WORLD);
    for (const index_t count : {5, 3000, 200000}) {
        values<double> own(everyone, count, memory::own);
        all_reduce(everyone, own.mine());
        for (const memory where : {memory::own, memory::array, memory::mixed, memory::array}) {
            values<double> again(everyone, count, where);

            all_reduce(everyone, again.mine());

            EXPECT_EQ(std::memcmp(own.mine().data(), again.mine().data(), own.mine().size_bytes()),
                      0);
        }
    }
}

// Values of all magnitudes, whose sums depend on the order, and NaNs with bits of their own.
TEST(Collectives, GiveAllRanksTheSameBits) {
    team everyone(MPI_COMM_WORLD);
    std::uint64_t dice = static_cast<std::uint64_t>(everyone.rank()) + 1;
    for (const std::size_t count : {1U, 6U, 7U, 500U, 2048U, 2049U, 5000U, 70'001U, 300'007U}) {
        std::vector<double> mine(count), first;
        for (double& x : mine) {
            dice = dice * 6364136223846793005U + 1442695040888963407U;
            const std::uint64_t bits = dice ^ dice >> 31;
            std::memcpy(&x, &bits, sizeof x);
        }
        for (int run = 0; run < 3; ++run) {
            std::vector<double> result = mine;

            all_reduce(everyone, result);

            if (run == 0) {
                first = result;
                MPI_Bcast(first.data(), static_cast<int>(count), MPI_DOUBLE, 0, everyone.comm());
            }
            EXPECT_EQ(std::memcmp(result.data(), first.data(), count * sizeof(double)), 0)
                << count << " doubles, run " << run;
        }
    }
}

// One rank in turn brings NaNs, all bring them, or none; -0 comes from one rank.
template <class T>
void expect_nans_and_zeros(team& everyone, index_t count, memory where) {
    using enum accumulate_op;
    const T nan = std::numeric_limits<T>::quiet_NaN();
    const int me = everyone.rank(), ranks = everyone.size(), all = ranks, none = -1;
    values<T> numbers(everyone, count, where);
    for (int who = none; who <= all; ++who)
        for (const accumulate_op op : {min, max, fmin, fmax}) {
            SCOPED_TRACE(testing::Message() << to_string(op) << " of " << count << ", NaN of rank "
                                            << who << ", memory " << static_cast<int>(where));
            numbers.fill(me);
            for (index_t i = 0; i < count; i += 3)
                numbers.mine()[static_cast<std::size_t>(i)] =
                    who == me || who == all ? nan : static_cast<T>(10 + me);
            numbers.mine().back() = me == ranks / 2 ? T(-0.0) : T(0.0);
            everyone.fence();

            all_reduce(everyone, numbers.mine(), op);

            const bool is_min = op == min || op == fmin;
            const bool is_nan = who == all || (who != none && (op == min || op == max)) ||
                                (who != none && ranks == 1);
            const int best = is_min ? (who == 0 ? 1 : 0) : ranks - (who == ranks - 1 ? 2 : 1);
            index_t nans = 0, others = 0;
            for (index_t i = 0; i + 1 < count; i += 3) {
                const T got = numbers.mine()[static_cast<std::size_t>(i)];
                nans += std::isnan(got);
                others += got == static_cast<T>(10 + best);
            }
            EXPECT_EQ(is_nan ? nans : others, (count + 1) / 3);
            EXPECT_EQ(numbers.mine().back(), 0);
            EXPECT_EQ(std::signbit(numbers.mine().back()), is_min || ranks == 1);
            everyone.fence();
        }
}

TEST(Collectives, LetNansOfAnyRankThroughUnderMinAndMaxAndPassThemOverUnderFminAndFmax) {
    team everyone(MPI_COMM_WORLD);
    for (const memory where : {memory::own, memory::array, memory::mixed})
        for (const index_t count : {2, 500, 20000}) {
            expect_nans_and_zeros<double>(everyone, count, where);
            if (count == 500) {
                expect_nans_and_zeros<float>(everyone, count, where);
                expect_nans_and_zeros<long double>(everyone, count, where);
            }
        }
}

struct three_bytes {
    char text[3];
    bool operator==(const three_bytes&) const = default;
};

template <class T>
void expect_broadcast(team& everyone, index_t count, memory where, int root) {
    SCOPED_TRACE(std::to_string(count) + " from " + std::to_string(root));
    const auto of = [](int rank, index_t i) {
        T result{};
        const index_t number = i * 31 + rank;
        std::memcpy(&result, &number, std::min(sizeof result, sizeof number));
        return result;
    };
    array<T, 1> shared(everyone, {count * everyone.size()});
    std::vector<T> own(static_cast<std::size_t>(count));
    const bool in_array =
        where == memory::array || (where == memory::mixed && everyone.rank() % 2 == 1);
    const std::span<T> mine(in_array ? shared.local().data_handle() : own.data(),
                            static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < mine.size(); ++i)
        mine[i] = of(everyone.rank(), static_cast<index_t>(i));
    everyone.fence();

    broadcast(everyone, mine, root);

    EXPECT_EQ(wrong(mine, [&](index_t i) { return of(root, i); }), 0);
    everyone.fence();
}

TEST(Collectives, BroadcastFromAnyRankAndMemory) {
    team everyone(MPI_COMM_WORLD);
    for (const memory where : {memory::own, memory::array, memory::mixed})
        for (const index_t count : lengths) {
            expect_broadcast<double>(everyone, count, where,
                                     static_cast<int>(count) % everyone.size());
            expect_broadcast<three_bytes>(everyone, count, where, everyone.size() - 1);
        }
}

TEST(Collectives, FollowEachOtherWithoutFences) {
    team everyone(MPI_COMM_WORLD);
    std::vector<long> large(40000), small(10);
    for (int round = 0; round < 50; ++round) {
        std::fill(large.begin(), large.end(), everyone.rank() + round);
        std::fill(small.begin(), small.end(), round);
        const int root = round % everyone.size();

        broadcast(everyone, large, root);
        all_reduce(everyone, small);
        if (round % 3 == 0) all_reduce(everyone, large, accumulate_op::max);

        ASSERT_TRUE(
            on_all_ranks(std::count(large.begin(), large.end(), root + round) == 40000 &&
                         std::count(small.begin(), small.end(), round * everyone.size()) == 10));
    }
}

// Calls of all lengths and roots follow each other, and some rank is late in each: what others are
// ahead must neither be overwritten nor taken for something else.
TEST(Collectives, OfOwnMemoryWaitForRanksThatAreLate) {
    team everyone(MPI_COMM_WORLD);
    const int ranks = everyone.size(), me = everyone.rank();
    std::uint32_t dice = 1; // the same on all ranks
    const auto throw_dice = [&](std::uint32_t sides) {
        dice = dice * 1664525U + 1013904223U;
        return static_cast<int>((dice >> 8) % sides);
    };
    const int rounds = everyone.nodes() == 1 ? 150 : 15; // over nodes by steps, in which all meet
    for (int round = 0; round < rounds; ++round) {
        const int call = throw_dice(3), count = 2100 + throw_dice(80000),
                  root = throw_dice(static_cast<std::uint32_t>(ranks)),
                  late = throw_dice(static_cast<std::uint32_t>(ranks)), delay = throw_dice(500);
        std::vector<long> mine(static_cast<std::size_t>(count));
        for (int i = 0; i < count; ++i)
            mine[static_cast<std::size_t>(i)] = long{i} * (me + 1) + round;
        if (me == late) std::this_thread::sleep_for(std::chrono::microseconds(delay));

        call == 0   ? all_reduce(everyone, mine)
        : call == 1 ? reduce(everyone, mine, accumulate_op::sum, root)
                    : broadcast(everyone, mine, root);

        const bool is_sum = call == 0 || (call == 1 && me == root);
        const long factor = is_sum ? long{ranks} * (ranks + 1) / 2 : call == 2 ? root + 1 : me + 1;
        const long term = is_sum ? long{ranks} * round : round;
        EXPECT_EQ(wrong(std::span<long>(mine), [&](index_t i) { return i * factor + term; }), 0)
            << "call " << call << " of " << count << ", root " << root << ", round " << round;
    }
}

TEST(Collectives, WorkInTeamsOfTeams) {
    team everyone(MPI_COMM_WORLD);
    array<long, 1> field(everyone, {40000 * everyone.size()});
    team part = everyone.split(everyone.rank() % 2);
    for (const index_t count : {1, 900, 40000}) {
        const auto all = field.local();
        const std::span<long> mine(all.data_handle(), static_cast<std::size_t>(count));
        std::fill(mine.begin(), mine.end(), everyone.rank());
        long sum = 0;
        for (int r = everyone.rank() % 2; r < everyone.size(); r += 2) sum += r;

        all_reduce(part, mine);

        EXPECT_EQ(std::count(mine.begin(), mine.end(), sum), count);
    }
}

} // namespace
