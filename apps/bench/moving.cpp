#include "by_hand.hpp"

#include <nodespan/algorithm.hpp>
#include <nodespan/array.hpp>
#include <nodespan/detail/copy_bytes.hpp>
#include <nodespan/transpose.hpp>

#ifdef NODESPAN_HAS_SCALAPACK
#include "scalapack.hpp"
#endif

#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <utility>
#include <vector>

namespace nodespan::bench {
namespace {

std::string text_of(index_t n) {
    return fmt::format("{0} x {0} doubles", n);
}

// By rows, and by columns: each rank has something of what any other had.
array_options by_columns(const team& team) {
    return {.distribution = {.node_grid = {1, team.nodes()}, .rank_grid = {1, 0}}};
}

array_options in_blocks(index_t side, std::vector<int> node_grid) {
    return {.distribution = {.node_grid = std::move(node_grid), .block = {side, side}}};
}

void set(array<double, 2>& field) {
    for_each(field,
             [](const indices<2>& at, double& x) { x = static_cast<double>(at[0] * 7 + at[1]); });
    field.fence();
}

// Each rank copies its share of as many bytes, from and to arrays.
workload plain_copy(team& team, const array<double, 2>& from, array<double, 2>& to) {
    return on_all(team, [&from, &to] {
        const auto bytes = static_cast<std::size_t>(from.local().size()) * sizeof(double);
        detail::copy_bytes(reinterpret_cast<std::byte*>(to.local().data_handle()),
                           reinterpret_cast<const std::byte*>(from.local().data_handle()), bytes);
    });
}

// Rows to columns by MPI: pack a block for each rank, exchange, unpack.
class by_alltoall {
public:
    by_alltoall(team& team, const array<double, 2>& from, array<double, 2>& to)
        : team_(team),
          from_(from),
          to_(to),
          out_(static_cast<std::size_t>(from.local().size())),
          in_(static_cast<std::size_t>(to.local().size())) {
        int out_at = 0, in_at = 0;
        for (int rank = 0; rank < team.size(); ++rank) {
            const auto out = from.rank_box().intersection(to.rank_box_of(rank)).size();
            const auto in = to.rank_box().intersection(from.rank_box_of(rank)).size();
            out_counts_.push_back(static_cast<int>(out));
            out_places_.push_back(out_at);
            in_counts_.push_back(static_cast<int>(in));
            in_places_.push_back(in_at);
            out_at += static_cast<int>(out);
            in_at += static_cast<int>(in);
        }
    }

    void run() {
        for (int rank = 0; rank < team_.size(); ++rank)
            move(from_.local(), from_.rank_box(), to_.rank_box_of(rank),
                 out_.data() + out_places_[static_cast<std::size_t>(rank)],
                 [](const double* field, double* packed, std::size_t bytes) {
                     std::memcpy(packed, field, bytes);
                 });
        require(MPI_Alltoallv(out_.data(), out_counts_.data(), out_places_.data(), MPI_DOUBLE,
                              in_.data(), in_counts_.data(), in_places_.data(), MPI_DOUBLE,
                              team_.comm()),
                "MPI_Alltoallv");
        for (int rank = 0; rank < team_.size(); ++rank)
            move(to_.local(), to_.rank_box(), from_.rank_box_of(rank),
                 in_.data() + in_places_[static_cast<std::size_t>(rank)],
                 [](double* field, const double* packed, std::size_t bytes) {
                     std::memcpy(field, packed, bytes);
                 });
    }

private:
    template <class View, class F>
    static void move(const View& field, const box<2>& mine, const box<2>& other, double* packed,
                     F&& f) {
        const box<2> both = mine.intersection(other);
        const index_t length = both.extents()[1];
        for (index_t i = both.lo[0]; length > 0 && i < both.hi[0]; ++i, packed += length)
            f(&field(i - mine.lo[0], both.lo[1] - mine.lo[1]), packed,
              static_cast<std::size_t>(length) * sizeof(double));
    }

    team& team_;
    const array<double, 2>& from_;
    array<double, 2>& to_;
    std::vector<double> out_, in_;
    std::vector<int> out_counts_, out_places_, in_counts_, in_places_;
};

} // namespace

std::vector<measurement> measure_redistribute(team& team, int batches) {
    lines result(team, batches);
    for (const index_t n : {1000, 4000}) {
        array<double, 2> rows(team, {n, n}), again(team, {n, n});
        array<double, 2> columns(team, {n, n}, by_columns(team));
        set(rows);
        const workload ours = on_all(team, [&] { copy(rows, columns); });
        result.add("rows to columns", text_of(n), "plain copy by all ranks", ours,
                   plain_copy(team, rows, again));
        by_alltoall by_hand(team, rows, columns);
        result.add("rows to columns", text_of(n), "pack, MPI_Alltoallv, unpack", ours,
                   on_all(team, [&] { by_hand.run(); }));
#ifdef NODESPAN_HAS_SCALAPACK
        const scalapack_grid tall(team, team.size(), 1), wide(team, 1, team.size());
        scalapack_matrix from(tall, n, (n + team.size() - 1) / team.size());
        scalapack_matrix to(wide, n, (n + team.size() - 1) / team.size());
        result.add("rows to columns", text_of(n), "ScaLAPACK's pdgemr2d", ours,
                   on_all(team, [&] { from.copy_to(to); }));
        array<double, 2> dealt(team, {n, n}, in_blocks(64, {team.nodes(), 1}));
        array<double, 2> otherwise(team, {n, n}, in_blocks(100, {1, team.nodes()}));
        set(dealt);
        const scalapack_matrix dealt_there(tall, n, 64);
        scalapack_matrix otherwise_there(wide, n, 100);
        result.add("blocks of 64 to 100", text_of(n), "ScaLAPACK's pdgemr2d",
                   on_all(team, [&] { copy(dealt, otherwise); }),
                   on_all(team, [&] { dealt_there.copy_to(otherwise_there); }));
#endif
    }
    return result.take();
}

std::vector<measurement> measure_transpose(team& team, int batches) {
    lines result(team, batches);
    for (const index_t n : {1000, 4000, 4096}) {
        array<double, 2> from(team, {n, n}), to(team, {n, n}), other(team, {n, n});
        set(from);
        const workload ours = on_all(team, [&] { transpose(from, to); });
        result.add("transpose", text_of(n), "plain copy by all ranks", ours,
                   plain_copy(team, from, other));
        result.add("transpose", text_of(n), "loop over rows", ours, on_all(team, [&] {
                       if (team.nodes() > 1) return transpose(from, to); // no such loop there
                       const auto there = from.node();
                       const auto mine = to.local();
                       const index_t first = to.rank_box().lo[0];
                       for (index_t i = 0; i < mine.extent(0); ++i)
                           for (index_t j = 0; j < mine.extent(1); ++j)
                               mine(i, j) = there(j, first + i);
                   }));
    }
    return result.take();
}

} // namespace nodespan::bench
