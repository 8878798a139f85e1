#include "by_hand.hpp"

#include <nodespan/array.hpp>

#include <cstring>
#include <vector>

namespace nodespan::bench {
namespace {

constexpr index_t kib = 1024, mib = 1024 * kib;

// Made, zeroed, and ended again.
workload windows(const team& team, index_t bytes) {
    return [&team, bytes](long count) {
        for (; count > 0; --count) {
            void* mine = nullptr;
            MPI_Win window = MPI_WIN_NULL;
            MPI_Win_allocate_shared(bytes, 1, MPI_INFO_NULL, team.node_comm(),
                                    static_cast<void*>(&mine), &window);
            std::memset(mine, 0, static_cast<std::size_t>(bytes));
            MPI_Win_free(&window);
        }
    };
}

workload arrays(team& team, index_t bytes) {
    return [&team, bytes](long count) {
        const index_t elements = bytes / static_cast<index_t>(sizeof(double)) * team.size();
        for (; count > 0; --count) const array<double, 1> made(team, {elements});
    };
}

} // namespace

std::vector<measurement> measure_create(team& team, int batches) {
    lines result(team, batches);
    const auto add = [&](index_t bytes, const char* more) {
        result.add("array, made and ended", text_of_bytes(bytes) + " a rank" + more,
                   "MPI_Win_allocate_shared", arrays(team, bytes), windows(team, bytes));
    };
    add(8 * kib, "");
    add(mib, "");
    add(16 * mib, "");
    std::vector<array<double, 1>> others;
    for (int i = 0; i < 10'000; ++i) others.emplace_back(team, indices<1>{8 * team.size()});
    add(8 * kib, ", 10,000 live");
    return result.take();
}

} // namespace nodespan::bench
