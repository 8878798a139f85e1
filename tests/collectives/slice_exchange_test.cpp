// Values of one's own memory on one node, and ranks that leave in the middle of a call.

#include <nodespan/array.hpp>
#include <nodespan/error.hpp>

#include "combine.hpp"
#include "mpi_cases.hpp"
#include "slice_exchange.hpp"
#include "team_core.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

namespace {

using namespace nodespan::test;
using namespace nodespan;
using detail::collective_call;

// The exchange in an array's memory, which is zero at the begin.
class exchange {
public:
    explicit exchange(team& everyone)
        : memory_(everyone, {static_cast<index_t>(detail::slice_exchange::bytes(everyone.size())) +
                             alignment}),
          slices_(*detail::access::core(everyone), begin_of(memory_.node().data_handle())) {}

    void reduce(std::vector<double>& values, int root) {
        collective_call call{collective_call::name_type::reduce,
                             detail::element_kind::float64,
                             accumulate_op::sum,
                             root,
                             sizeof(double),
                             values.size(),
                             reinterpret_cast<std::byte*>(values.data())};
        slices_.reduce(call, detail::plain_kernel(call.kind, call.op), detail::some_call);
    }

private:
    static constexpr index_t alignment = 128;
    static std::byte* begin_of(std::byte* memory) {
        const auto beside = reinterpret_cast<std::uintptr_t>(memory) % alignment;
        return memory + (beside == 0 ? 0 : alignment - beside);
    }
    array<std::byte, 1> memory_;
    detail::slice_exchange slices_;
};

bool is_one_node() {
    return on_all_ranks(team(MPI_COMM_WORLD).nodes() == 1);
}

TEST(SliceExchange, MissesARankThatLeavesBeforeItHasDoneItsPart) {
    if (world_size() == 1 || !is_one_node()) return;
    for (const std::size_t count : {3000U, 1000000U}) {
        try {
            team everyone(MPI_COMM_WORLD);
            exchange slices(everyone);
            std::vector<double> mine(count, 1.0);
            if (everyone.rank() == world_size() - 1) throw 1;

            const caught_error missed = caught([&] { slices.reduce(mine, 0); });

            if (everyone.rank() == 0) {
                EXPECT_EQ(missed.code, errc::peer_lost) << missed.text;
            }
        } catch (int) {
            // This is the one.
        }
        MPI_Barrier(MPI_COMM_WORLD);
    }
}

TEST(SliceExchange, GoesOnWhereARankLeavesAfterItsPart) {
    if (world_size() != 3 || !is_one_node()) return;
    try {
        team everyone(MPI_COMM_WORLD);
        exchange slices(everyone);
        std::vector<double> mine(3000, 1.0 + everyone.rank());
        const auto& core = *detail::access::core(everyone);
        while (everyone.rank() == 1 && !core.is_node_abandoned())
            std::this_thread::sleep_for(std::chrono::milliseconds(1));

        slices.reduce(mine, 0);

        if (everyone.rank() == 2) throw 1; // the root still waits for rank 1
        if (everyone.rank() == 0) {
            EXPECT_EQ(std::count(mine.begin(), mine.end(), 6.0), 3000);
        }
    } catch (int) {
        // This is the one.
    }
    MPI_Barrier(MPI_COMM_WORLD);
}

} // namespace
