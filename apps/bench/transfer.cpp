#include "by_hand.hpp"

#include <fmt/format.h>
#include <nodespan/array.hpp>

#include <algorithm>
#include <cstdio>
#include <mutex>
#include <span>
#include <string>

namespace nodespan::bench {
namespace {

constexpr index_t element_bytes = sizeof(double);
constexpr index_t kib = 1024, mib = 1024 * kib;
constexpr index_t largest_bytes = 64 * mib;

// Rank 0 reaches for what the last rank holds, as far away as the team goes.
class transfers {
public:
    transfers(team& team, int batches)
        : team_(team),
          result_(team, batches),
          here_(largest_bytes),
          there_(team.rank() == far_rank(team) ? largest_bytes : 0),
          window_(team, far_rank(team), there_, largest_bytes) {}

    std::vector<measurement> run() {
        measure_elements();
        for (const index_t bytes : {8 * index_t{1}, 4 * kib, 64 * kib, mib, 64 * mib})
            measure_bytes(bytes);
        measure_visible(8);
        measure_visible(mib);
        measure_patch<2>("512x512 of 512x2048", {512, 2048}, {512, 512});
        measure_patch<2>("2048x16 of 2048x2048", {2048, 2048}, {2048, 16});
        measure_patch<2>("2048x1 of 2048x2048", {2048, 2048}, {2048, 1});
        measure_patch<3>("64x64x64 of 64x128x128", {64, 128, 128}, {64, 64, 64});
        return result_.take();
    }

private:
    void add(const char* name, const std::string& size, const char* reference, const workload& ours,
             const workload& theirs) {
        result_.add(team_.nodes() > 1 ? name : fmt::format("{}, node peer", name), size, reference,
                    ours, theirs);
    }

    // An array that the last rank holds all of.
    template <class T, int N>
    array<T, N> far_array(const indices<N>& extents) {
        array_options options;
        options.distribution.cuts.resize(N);
        std::vector<index_t>& cuts = options.distribution.cuts[0];
        cuts.assign(static_cast<std::size_t>(team_.size()), 0);
        cuts.push_back(extents[0]);
        return {team_, extents, options};
    }

    // What rank 0 sends or receives by hand: `count` of `type` there, `bytes` dense ones here.
    auto get_by_hand(MPI_Datatype type, int count, index_t bytes, index_t at = 0) {
        return [=, this] {
            MPI_Get(here_.doubles(), static_cast<int>(bytes), MPI_BYTE, window_.target(), at, count,
                    type, window_.get());
            MPI_Win_flush_local(window_.target(), window_.get());
        };
    }
    auto put_by_hand(MPI_Datatype type, int count, index_t bytes) {
        return [=, this] {
            MPI_Put(here_.doubles(), static_cast<int>(bytes), MPI_BYTE, window_.target(), 0, count,
                    type, window_.get());
        };
    }
    auto accumulate_by_hand(MPI_Datatype type, int count, index_t elements) {
        return [=, this] {
            MPI_Accumulate(here_.doubles(), static_cast<int>(elements), MPI_DOUBLE,
                           window_.target(), 0, count, type, MPI_SUM, window_.get());
        };
    }
    template <class Call>
    workload then_local(Call call) {
        return on_rank_0_by_mpi(team_, [=, this] {
            call();
            MPI_Win_flush_local(window_.target(), window_.get());
        });
    }
    template <class Call>
    workload then_flush(Call call) {
        return on_rank_0_by_mpi(team_, [=, this] {
            call();
            MPI_Win_flush(window_.target(), window_.get());
        });
    }

    std::span<double> buffer(index_t elements) const {
        return {here_.doubles(), static_cast<std::size_t>(elements)};
    }

    void measure_elements();
    void measure_bytes(index_t bytes);
    void measure_visible(index_t bytes);
    template <int N>
    void measure_patch(const char* size, const indices<N>& block, const indices<N>& patch);

    team& team_;
    lines result_;
    page_memory here_;
    page_memory there_;
    mpi_window window_;
};

void transfers::measure_elements() {
    auto numbers = far_array<double, 1>({largest_bytes / element_bytes});
    auto counts = far_array<std::int64_t, 1>({8});
    const index_t last = numbers.size() - 1;
    const auto put_next = [&, at = index_t{0}]() mutable {
        numbers.put({at}, 1.0);
        at = at == last ? 0 : at + 1;
    };
    const auto put = put_by_hand(MPI_BYTE, element_bytes, element_bytes);
    const workload get = on_rank_0(team_, [&] { here_.doubles()[0] = numbers.get({5}); });
    add("get element", "8 B", "MPI_Get, flush_local", get,
        on_rank_0_by_mpi(team_, get_by_hand(MPI_BYTE, element_bytes, element_bytes)));
    add("put element", "8 B", "MPI_Put, flush_local", on_rank_0(team_, put_next), then_local(put));
    add("put element", "8 B", "MPI_Put, flush", on_rank_0(team_, put_next), then_flush(put));
    add("put same element", "8 B", "MPI_Put, flush",
        on_rank_0(team_, [&] { numbers.put({5}, 1.0); }), then_flush(put));

    std::int64_t before = 0;
    add("fetch_add", "8 B", "MPI_Fetch_and_op, flush_local",
        on_rank_0(team_, [&] { before = counts.fetch_add({1}, 1); }), then_local([&] {
            static const std::int64_t one = 1;
            MPI_Fetch_and_op(&one, &before, MPI_INT64_T, window_.target(), 0, MPI_SUM,
                             window_.get());
        }));
}

void transfers::measure_bytes(index_t bytes) {
    auto numbers = far_array<double, 1>({largest_bytes / element_bytes});
    const index_t elements = bytes / element_bytes;
    const std::string size = text_of_bytes(bytes);
    const workload put = on_rank_0(team_, [&, at = index_t{0}]() mutable {
        numbers.put({{at}, {at + elements}}, buffer(elements));
        at += elements;
        if (at == numbers.size()) at = 0;
    });
    const auto count = static_cast<int>(bytes);
    add("get", size, "MPI_Get, flush_local",
        on_rank_0(team_,
                  [&] {
                      numbers.get({{0}, {elements}}, buffer(elements));
                  }),
        on_rank_0_by_mpi(team_, get_by_hand(MPI_BYTE, count, bytes)));
    add("put", size, "MPI_Put, flush_local", put, then_local(put_by_hand(MPI_BYTE, count, bytes)));
    add("put", size, "MPI_Put, flush", put, then_flush(put_by_hand(MPI_BYTE, count, bytes)));
    if (bytes == mib)
        add("accumulate", size, "MPI_Accumulate, flush_local",
            on_rank_0(team_,
                      [&] {
                          numbers.accumulate({{0}, {elements}}, buffer(elements));
                      }),
            then_local(accumulate_by_hand(MPI_DOUBLE, static_cast<int>(elements), elements)));
}

// What others see: after a fence of all, or under a lock.
void transfers::measure_visible(index_t bytes) {
    auto numbers = far_array<double, 1>({mib});
    const index_t elements = bytes / element_bytes;
    const auto count = static_cast<int>(bytes);
    const std::string size = text_of_bytes(bytes);
    const auto put = [&] { numbers.put({{0}, {elements}}, buffer(elements)); };
    const auto put_mpi = put_by_hand(MPI_BYTE, count, bytes);
    const auto put_and_fence = [&](long times) {
        for (; times > 0; --times) {
            if (team_.rank() == 0) put();
            team_.fence();
        }
    };
    const auto flush_and_barrier = [&](long times) {
        for (; times > 0; --times) {
            if (team_.rank() == 0) {
                put_mpi();
                MPI_Win_flush(window_.target(), window_.get());
            }
            MPI_Barrier(team_.comm());
        }
    };
    add("put, fence", size, "MPI_Put, flush, MPI_Barrier", put_and_fence, flush_and_barrier);

    const mpi_window locked(team_, far_rank(team_), there_, largest_bytes,
                            mpi_window::access::by_lock);
    const auto put_under_lock = [&] {
        const std::scoped_lock lock(numbers.mutex(team_.nodes() - 1));
        put();
    };
    const auto lock_by_hand = [&] {
        MPI_Win_lock(MPI_LOCK_EXCLUSIVE, locked.target(), 0, locked.get());
        MPI_Put(here_.doubles(), count, MPI_BYTE, locked.target(), 0, count, MPI_BYTE,
                locked.get());
        MPI_Win_unlock(locked.target(), locked.get());
    };
    add("put, lock", size, "MPI_Win_lock, MPI_Put, unlock", on_rank_0(team_, put_under_lock),
        on_rank_0_by_mpi(team_, lock_by_hand));
}

template <int N>
void transfers::measure_patch(const char* size, const indices<N>& block, const indices<N>& patch) {
    auto field = far_array<double, N>(block);
    const box<N> part{{}, patch};
    const index_t elements = part.size();
    const index_t bytes = elements * element_bytes;
    const auto count = static_cast<int>(bytes);
    const ready_type type(block, patch);

    const workload get = on_rank_0(team_, [&] { field.get(part, buffer(elements)); });
    add("get", size, "MPI_Get of as many bytes", get,
        on_rank_0_by_mpi(team_, get_by_hand(MPI_BYTE, count, bytes)));
    add("get", size, "MPI_Get, ready datatype", get,
        on_rank_0_by_mpi(team_, get_by_hand(type.get(), 1, bytes)));
    const workload put = on_rank_0(team_, [&] { field.put(part, buffer(elements)); });
    add("put", size, "MPI_Put of as many bytes, flush", put,
        then_flush(put_by_hand(MPI_BYTE, count, bytes)));
    add("put", size, "MPI_Put, ready datatype, flush", put,
        then_flush(put_by_hand(type.get(), 1, bytes)));
    if (patch[0] != 512) return;
    const workload add_up = on_rank_0(team_, [&] { field.accumulate(part, buffer(elements)); });
    add("accumulate", size, "MPI_Accumulate of as many bytes", add_up,
        then_local(accumulate_by_hand(MPI_DOUBLE, static_cast<int>(elements), elements)));
    add("accumulate", size, "MPI_Accumulate, ready datatype", add_up,
        then_local(accumulate_by_hand(type.get(), 1, elements)));
}

} // namespace

std::vector<measurement> measure_transfer(team& team, int batches) {
    if (team.size() == 1) {
        std::fputs("transfer: left out, since it needs two ranks or more\n", stderr);
        return {};
    }
    return transfers(team, batches).run();
}

} // namespace nodespan::bench
