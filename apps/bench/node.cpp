#include "by_hand.hpp"

#include <nodespan/array.hpp>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <span>

namespace nodespan::bench {
namespace {

constexpr index_t large_count = index_t{8} << 20; // doubles: 64 MiB
constexpr index_t small_count = index_t{128} << 10;
constexpr index_t side = 512, row_length = 2048;

class node_transfers {
public:
    node_transfers(team& team, int batches)
        : team_(team),
          batches_(batches),
          peer_(team.size() - 1),
          memory_(bytes(large_count)),
          window_memory_(bytes(side * row_length)),
          window_(team, peer_, window_memory_, bytes(side * row_length)) {}

    std::vector<measurement> run() {
        measure_copies();
        measure_accumulate();
        measure_elements();
        return std::move(results_);
    }

private:
    static std::size_t bytes(index_t count) {
        return static_cast<std::size_t>(count) * sizeof(double);
    }
    std::span<double> buffer(index_t count) const {
        return {memory_.doubles(), static_cast<std::size_t>(count)};
    }
    void add(const char* name, const char* size, const char* reference, const workload& ours,
             const workload& theirs) {
        measurement result = compare(team_, batches_, ours, theirs);
        result.name = name;
        result.size = size;
        result.reference = reference;
        results_.push_back(result);
    }

    void measure_copies();
    void measure_accumulate();
    void measure_elements();

    team& team_;
    int batches_;
    int peer_;
    page_memory memory_;
    page_memory window_memory_;
    mpi_window window_;
    std::vector<measurement> results_;
};

// The same memory on both sides, ours by global indices and the reference's by address.
void node_transfers::measure_copies() {
    array<double, 2> field(team_, {side * team_.size(), row_length});
    array<double, 1> line(team_, {large_count * team_.size()});
    const box<2> rows = field.rank_box_of(peer_);
    const box<2> patch{{rows.lo[0], 256}, {rows.lo[0] + side, 256 + side}};
    const auto from = field.block(peer_).patch({{0, 256}, {side, 256 + side}});
    add("get from peer", "512x512 of 512x2048", "memcpy of each row",
        on_rank_0(team_, [&] { field.get(patch, buffer(side * side)); }), on_rank_0(team_, [&] {
            for (index_t i = 0; i < side; ++i)
                std::memcpy(memory_.doubles() + i * side, from.row(i).data_handle(), bytes(side));
        }));
    const box<1> all = line.rank_box_of(peer_);
    const double* const begin = line.block(peer_).data_handle();
    for (const index_t count : {small_count, large_count})
        add("get from peer", count == small_count ? "1 MiB" : "64 MiB", "memcpy",
            on_rank_0(team_,
                      [&, count] {
                          line.get({all.lo, {all.lo[0] + count}}, buffer(count));
                      }),
            on_rank_0(team_, [&, count] { std::memcpy(memory_.doubles(), begin, bytes(count)); }));
}

void node_transfers::measure_accumulate() {
    array<double, 2> field(team_, {side * team_.size(), row_length});
    const box<2> rows = field.rank_box_of(peer_);
    const ready_type type(indices<2>{side, row_length}, indices<2>{side, side});
    const auto by_hand = [&](MPI_Datatype there, int count, index_t elements) {
        return on_rank_0_by_mpi(team_, [=, this] {
            MPI_Accumulate(memory_.doubles(), static_cast<int>(elements), MPI_DOUBLE, peer_, 0,
                           count, there, MPI_SUM, window_.get());
            MPI_Win_flush(peer_, window_.get());
        });
    };
    const box<2> dense{rows.lo, {rows.lo[0] + small_count / row_length, row_length}};
    add("accumulate on peer", "1 MiB", "MPI_Accumulate, flush",
        on_rank_0(team_, [&] { field.accumulate(dense, buffer(small_count)); }),
        by_hand(MPI_DOUBLE, static_cast<int>(small_count), small_count));
    const box<2> patch{rows.lo, {rows.lo[0] + side, side}};
    add("accumulate on peer", "512x512 of 512x2048", "MPI_Accumulate, type, flush",
        on_rank_0(team_, [&] { field.accumulate(patch, buffer(side * side)); }),
        by_hand(type.get(), 1, side * side));
}

void node_transfers::measure_elements() {
    array<std::int64_t, 1> counts(team_, {team_.size()});
    const index_t at = peer_;
    add("fetch_add on peer", "8 B", "std::atomic_ref",
        on_rank_0(team_, [&] { counts.fetch_add({at}, 1); }),
        on_rank_0(team_, [bare = &counts(at)] { std::atomic_ref(*bare).fetch_add(1); }));

    // Many elements a turn, so that the clock and the fence do not count.
    constexpr index_t many = 4096;
    array<double, 1> line(team_, {many * team_.size()});
    const index_t begin = line.rank_box_of(peer_).lo[0];
    const auto sum = [](auto&& value_of) {
        double result = 0;
        for (index_t i = 0; i < many; ++i) result += value_of(i);
        return result;
    };
    volatile double sink = 0;
    const double* const memory = memory_.doubles();
    add("get of 4096 elements", "8 B each", "loads from malloc",
        on_rank_0(team_, [&] { sink = sum([&](index_t i) { return line.get({begin + i}); }); }),
        on_rank_0(team_, [&] { sink = sum([&](index_t i) { return memory[i]; }); }));
}

} // namespace

std::vector<measurement> measure_node(team& team, int batches) {
    if (team.nodes() > 1 || team.size() == 1) {
        std::fputs(team.rank() == 0
                       ? "node: left out, since it needs one node of two ranks or more\n"
                       : "",
                   stderr);
        return {};
    }
    return node_transfers(team, batches).run();
}

} // namespace nodespan::bench
