#include "by_hand.hpp"

#include <nodespan/array.hpp>

#include <array>
#include <cstring>
#include <span>

namespace nodespan::bench {
namespace {

constexpr index_t side = 512, row_length = 2048, small_count = index_t{128} << 10;
constexpr const char* size_of_patch = "512x512 of 512x2048";

std::size_t bytes(index_t count) {
    return static_cast<std::size_t>(count) * sizeof(double);
}

// A patch of what the last rank holds.
class patches {
public:
    patches(team& team, int batches)
        : team_(team),
          result_(team, batches),
          field_(team, {side * team.size(), row_length}),
          rows_(field_.rank_box_of(team.size() - 1)),
          patch_{{rows_.lo[0], 256}, {rows_.lo[0] + side, 256 + side}},
          there_(field_.block(team.size() - 1).patch({{0, 256}, {side, 256 + side}})),
          memory_(bytes(side * side)),
          window_memory_(bytes(side * row_length)),
          window_(team, team.size() - 1, window_memory_, bytes(side * row_length)),
          type_(indices<2>{side, row_length}, indices<2>{side, side}) {}

    void measure_copies();
    void measure_view();
    void measure_accumulate();
    std::vector<measurement> take() { return result_.take(); }

private:
    std::span<double> buffer(index_t count) const {
        return {memory_.doubles(), static_cast<std::size_t>(count)};
    }
    workload get() {
        return on_rank_0(team_, [this] { field_.get(patch_, buffer(side * side)); });
    }
    void copy_rows() const {
        for (index_t i = 0; i < side; ++i)
            std::memcpy(memory_.doubles() + i * side, there_.row(i).data_handle(), bytes(side));
    }

    team& team_;
    lines result_;
    array<double, 2> field_;
    box<2> rows_;
    box<2> patch_;
    view<double, 2> there_;
    page_memory memory_;
    page_memory window_memory_;
    mpi_window window_;
    ready_type type_;
};

void patches::measure_copies() {
    result_.add("get patch", size_of_patch, "memcpy of each row", get(),
                on_rank_0(team_, [this] { copy_rows(); }));
    result_.add("get patch", size_of_patch, "MPI_Get, type, flush", get(),
                on_rank_0_by_mpi(team_, [this] {
                    MPI_Get(memory_.doubles(), side * side, MPI_DOUBLE, window_.target(), 0, 1,
                            type_.get(), window_.get());
                    MPI_Win_flush(window_.target(), window_.get());
                }));
    result_.add("put patch", size_of_patch, "memcpy of each row",
                on_rank_0(team_, [this] { field_.put(patch_, buffer(side * side)); }),
                on_rank_0(team_, [this] {
                    for (index_t i = 0; i < side; ++i)
                        std::memcpy(there_.row(i).data_handle(), memory_.doubles() + i * side,
                                    bytes(side));
                }));
}

// What a view saves: the same sum where the elements lie, and after a copy.
void patches::measure_view() {
    const auto sum = [](const auto& row_of) {
        std::array<double, 8> parts{};
        for (index_t i = 0; i < side; ++i) {
            const double* const row = row_of(i);
            for (std::size_t j = 0; j < side; j += 8)
                for (std::size_t k = 0; k < 8; ++k) parts[k] += row[j + k];
        }
        keep(parts);
    };
    result_.add(
        "sum of a patch, view", size_of_patch, "memcpy of rows, sum",
        on_rank_0(team_,
                  [this, sum] { sum([this](index_t i) { return there_.row(i).data_handle(); }); }),
        on_rank_0(team_, [this, sum] {
            copy_rows();
            sum([this](index_t i) { return memory_.doubles() + i * side; });
        }));
}

void patches::measure_accumulate() {
    const auto by_hand = [&](MPI_Datatype there, int count, index_t elements) {
        return on_rank_0_by_mpi(team_, [=, this] {
            MPI_Accumulate(memory_.doubles(), static_cast<int>(elements), MPI_DOUBLE,
                           window_.target(), 0, count, there, MPI_SUM, window_.get());
            MPI_Win_flush(window_.target(), window_.get());
        });
    };
    const auto add_in_place = [this](index_t rows, index_t length, index_t step) {
        return on_rank_0(team_, [=, this] {
            double* to = there_.data_handle();
            const double* from = memory_.doubles();
            for (index_t i = 0; i < rows; ++i, to += step, from += length)
                for (index_t j = 0; j < length; ++j) to[j] += from[j];
            keep_writes();
        });
    };
    const box<2> dense{rows_.lo, {rows_.lo[0] + small_count / row_length, row_length}};
    const workload ours =
        on_rank_0(team_, [this, dense] { field_.accumulate(dense, buffer(small_count)); });
    const workload ours_patch =
        on_rank_0(team_, [this] { field_.accumulate(patch_, buffer(side * side)); });
    result_.add("accumulate", "1 MiB", "MPI_Accumulate, flush", ours,
                by_hand(MPI_DOUBLE, static_cast<int>(small_count), small_count));
    result_.add("accumulate", "1 MiB", "loop without a lock", ours,
                add_in_place(1, small_count, 0));
    result_.add("accumulate", size_of_patch, "MPI_Accumulate, type, flush", ours_patch,
                by_hand(type_.get(), 1, side * side));
    result_.add("accumulate", size_of_patch, "loop without a lock", ours_patch,
                add_in_place(side, side, row_length));
}

} // namespace

std::vector<measurement> measure_patches(team& team, int batches) {
    if (!require_node_peers(team, "patches")) return {};
    patches all(team, batches);
    all.measure_copies();
    all.measure_view();
    all.measure_accumulate();
    return all.take();
}

} // namespace nodespan::bench
