// Collective calls that cannot work: the same error on all ranks, which then go on.

#include <nodespan/array.hpp>
#include <nodespan/collectives.hpp>
#include <nodespan/error.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <complex>
#include <functional>
#include <span>
#include <vector>

namespace {

using namespace nodespan::test;
using namespace nodespan;
using testing::HasSubstr;

// All ranks get this error, and a sum afterwards is right.
caught_error expect_refused(team& everyone, errc code, const std::function<void()>& call) {
    const caught_error refused = caught(call);

    EXPECT_EQ(refused.code, code) << refused.text;
    EXPECT_TRUE(refused.collective);
    EXPECT_EQ(all_reduce(everyone, 1), everyone.size());
    return refused;
}

TEST(CollectivesRefusals, RanksWithOtherLengths) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.size() == 1) return;
    const bool is_last = everyone.rank() + 1 == everyone.size();
    for (const std::size_t count : {1U, 100U, 3000U, 100000U})
        for (const std::size_t other : {0U, 2U, 2000U, 90000U}) {
            std::vector<double> mine(is_last ? other : count, 1.0);

            const caught_error refused = expect_refused(everyone, errc::mismatched_arguments,
                                                        [&] { all_reduce(everyone, mine); });

            EXPECT_THAT(refused.text, HasSubstr("all_reduce(" + std::to_string(count) +
                                                " of float64, sum) on rank "));
            EXPECT_THAT(refused.text, HasSubstr("on rank " + std::to_string(everyone.size() - 1)));
            EXPECT_EQ(std::count(mine.begin(), mine.end(), 1.0),
                      static_cast<std::ptrdiff_t>(mine.size()));
        }
}

TEST(CollectivesRefusals, RanksWithOtherTypesOperationsRootsAndCalls) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.size() == 1) return;
    const bool is_first = everyone.rank() == 0;
    for (const std::size_t count : {1U, 100U, 30000U}) {
        std::vector<double> real(count);
        std::vector<std::int64_t> whole(count);
        const auto expect_mismatch = [&](const std::function<void()>& call) {
            expect_refused(everyone, errc::mismatched_arguments, call);
        };

        expect_mismatch(
            [&] { is_first ? all_reduce(everyone, real) : all_reduce(everyone, whole); });
        expect_mismatch([&] {
            all_reduce(everyone, real, is_first ? accumulate_op::min : accumulate_op::max);
        });
        expect_mismatch([&] { broadcast(everyone, real, is_first ? 0 : 1); });
        expect_mismatch([&] { reduce(everyone, real, accumulate_op::sum, is_first ? -1 : 0); });
        expect_mismatch([&] { is_first ? all_reduce(everyone, real) : broadcast(everyone, real); });
    }
}

TEST(CollectivesRefusals, OperationsThatTheElementsDoNotHave) {
    team everyone(MPI_COMM_WORLD);
    for (const std::size_t count : {1U, 100000U}) {
        std::vector<std::complex<double>> numbers(count);
        std::vector<int> whole(count);

        expect_refused(everyone, errc::invalid_argument,
                       [&] { all_reduce(everyone, numbers, accumulate_op::min); });
        expect_refused(everyone, errc::invalid_argument,
                       [&] { all_reduce(everyone, whole, accumulate_op::replace); });
    }
}

TEST(CollectivesRefusals, RootsThatAreNoRanks) {
    team everyone(MPI_COMM_WORLD);
    std::vector<int> whole(20);
    for (const int root : {-1, everyone.size()}) {
        expect_refused(everyone, errc::out_of_range, [&] { broadcast(everyone, whole, root); });
        expect_refused(everyone, errc::out_of_range,
                       [&] { reduce(everyone, whole, accumulate_op::sum, root); });
    }
}

TEST(CollectivesRefusals, ValuesThatOverlap) {
    team everyone(MPI_COMM_WORLD);
    array<long, 1> field(everyone, {1000000});
    const view<long, 1> ours = field.node();
    for (const index_t count : {index_t{1}, index_t{100}, ours.size() / 2}) {
        // Node peers begin one element after each other.
        const index_t first = count > 1 ? everyone.node_rank() : 0;
        const std::span<long> mine(ours.data_handle() + first, static_cast<std::size_t>(count));
        bool overlap = false;
        for (int node = 0; node < everyone.nodes(); ++node)
            overlap |= everyone.placement().node_size(node) > 1;
        if (!overlap) continue;
        if (everyone.placement().is_uniform())
            expect_refused(everyone, errc::invalid_argument,
                           [&] { all_reduce(everyone, mine, accumulate_op::max); });
    }
}

// Whoever leaves does not let the others wait.
TEST(CollectivesRefusals, ARankThatLeavesIsMissed) {
    if (world_size() == 1) return;
    for (const std::size_t count : {1U, 100000U}) {
        caught_error missed;
        try {
            team everyone(MPI_COMM_WORLD);
            std::vector<double> mine(count);
            all_reduce(everyone, mine);
            if (everyone.rank() == world_size() - 1) throw 1;
            missed = caught([&] {
                for (int i = 0; i < 3; ++i) all_reduce(everyone, mine);
            });
            EXPECT_EQ(missed.code, errc::peer_lost) << missed.text;
        } catch (int) {
            // This is the one.
        }
        MPI_Barrier(MPI_COMM_WORLD);
    }
}

} // namespace
