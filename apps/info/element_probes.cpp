#include "cures.hpp"
#include "messages.hpp"
#include "window_probes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

namespace nodespan::info {
namespace {

using app::check_mpi;

constexpr int calls = 20, long_calls = 3;
constexpr int words = trial_window::words;
constexpr double all_bytes = words * sizeof(std::uint64_t);

void fill(std::vector<std::uint64_t>& memory, int rank) {
    for (int k = 0; k < words; ++k) memory[static_cast<std::size_t>(k)] = word_of(rank, k);
}

void clear(trial_window& window) {
    std::ranges::fill(window.exposed(), 0);
    window.sync();
}

void expect_words_of(const std::vector<std::uint64_t>& memory, int rank) {
    for (int k = 0; k < words; ++k)
        if (memory[static_cast<std::size_t>(k)] != word_of(rank, k))
            fail(fmt::format("word {} of {} is not what rank {} has", k, words, rank));
}

void expect(std::uint64_t found, std::uint64_t expected, const char* what) {
    if (found != expected) fail(fmt::format("{}: {}, not {}", what, found, expected));
}

} // namespace

void probe_put(prober& ranks, trial_window& window) {
    const auto put = [&](int count) {
        check_mpi(MPI_Put(window.own().data(), count, MPI_UINT64_T, ranks.next(), 0, count,
                          MPI_UINT64_T, window.handle()),
                  "MPI_Put");
        window.flush(ranks.next());
    };
    ranks.run(
        {"put", cures::transfer},
        [&] {
            clear(window);
            fill(window.own(), ranks.rank());
        },
        [&] {
            const double one = fastest(calls, [&](int) { put(1); });
            return measured{one, all_bytes / fastest(long_calls, [&](int) { put(words); }), ""};
        },
        [&] {
            window.sync();
            if (ranks.acts()) expect_words_of(window.exposed(), ranks.from());
        });
}

void probe_get(prober& ranks, trial_window& window) {
    const auto get = [&](int count) {
        check_mpi(MPI_Get(window.own().data(), count, MPI_UINT64_T, ranks.next(), 0, count,
                          MPI_UINT64_T, window.handle()),
                  "MPI_Get");
        window.flush(ranks.next());
    };
    ranks.run(
        {"get", cures::transfer},
        [&] {
            fill(window.exposed(), ranks.rank());
            window.sync();
            std::ranges::fill(window.own(), 0);
        },
        [&] {
            const double one = fastest(calls, [&](int) { get(1); });
            return measured{one, all_bytes / fastest(long_calls, [&](int) { get(words); }), ""};
        },
        [&] {
            if (ranks.acts()) expect_words_of(window.own(), ranks.next());
        });
}

void probe_accumulate(prober& ranks, trial_window& window) {
    constexpr int count = 100;
    ranks.run(
        {"accumulate", cures::transfer},
        [&] {
            clear(window);
            fill(window.own(), ranks.rank());
        },
        [&] {
            return measured{fastest(calls,
                                    [&](int) {
                                        check_mpi(MPI_Accumulate(window.own().data(), count,
                                                                 MPI_UINT64_T, ranks.next(), 0,
                                                                 count, MPI_UINT64_T, MPI_SUM,
                                                                 window.handle()),
                                                  "MPI_Accumulate");
                                        window.flush(ranks.next());
                                    }),
                            0, ""};
        },
        [&] {
            window.sync();
            for (int k = 0; k < count && ranks.acts(); ++k)
                expect(window.exposed()[static_cast<std::size_t>(k)],
                       calls * word_of(ranks.from(), k), "a sum");
        });
}

void probe_fetch_and_op(prober& ranks, trial_window& window) {
    ranks.run(
        {"fetch_and_op", cures::transfer}, [&] { clear(window); },
        [&] {
            const std::uint64_t one = 1;
            std::uint64_t before = 0;
            return measured{fastest(calls,
                                    [&](int i) {
                                        check_mpi(MPI_Fetch_and_op(&one, &before, MPI_UINT64_T,
                                                                   ranks.next(), 0, MPI_SUM,
                                                                   window.handle()),
                                                  "MPI_Fetch_and_op");
                                        window.flush(ranks.next());
                                        expect(before, static_cast<std::uint64_t>(i), "before it");
                                    }),
                            0, ""};
        },
        [&] {
            window.sync();
            if (ranks.acts()) expect(window.exposed()[0], calls, "the count");
        });
}

void probe_compare_and_swap(prober& ranks, trial_window& window) {
    if (ranks.info().compare_and_swap_may_crash && ranks.info().nodes.size() == 1)
        return ranks.skip("compare_and_swap", "Open MPI 4's osc/rdma may crash in it on memory of "
                                              "one's own host, where nodespan does not use it");
    if (ranks.info().compare_and_swap_may_crash && ranks.info().simulated_nodes)
        return ranks.add(
            {"compare_and_swap", verdict::wrong, 0,
             "left out: Open MPI 4's osc/rdma crashes in it on memory of one's own host",
             cures::compare_and_swap});
    const auto swap = [&](std::uint64_t expected, std::uint64_t desired) {
        std::uint64_t before = 0;
        check_mpi(MPI_Compare_and_swap(&desired, &expected, &before, MPI_UINT64_T, ranks.next(), 0,
                                       window.handle()),
                  "MPI_Compare_and_swap");
        window.flush(ranks.next());
        return before;
    };
    ranks.run(
        {"compare_and_swap", cures::transfer}, [&] { clear(window); },
        [&] {
            const double one = fastest(calls, [&](int i) {
                const auto k = static_cast<std::uint64_t>(i);
                expect(swap(k, k + 1), k, "before it");
            });
            expect(swap(calls + 1, 0), calls, "before one that must not happen");
            return measured{one, 0, ""};
        },
        [&] {
            window.sync();
            if (ranks.acts()) expect(window.exposed()[0], calls, "the word after all of them");
        });
}

// The first of the ring sends to the second one, which stays out of MPI meanwhile.
void probe_busy_target(prober& ranks, trial_window& window) {
    const char* const name = "flush, target busy";
    if (ranks.info().nodes.size() == 1) return ranks.skip(name, "one node");
    constexpr auto away = std::chrono::milliseconds(200),
                   head_start = std::chrono::milliseconds(20);
    const int rank = ranks.rank();
    ranks.run(
        {name, cures::transfer, cures::no_progress}, [&] { clear(window); },
        [&] {
            measured result;
            if (rank != 0) {
                if (ranks.from() == 0) std::this_thread::sleep_for(away);
                return result;
            }
            std::this_thread::sleep_for(head_start); // the target is away by then
            window.own()[0] = word_of(rank, 0);
            result.seconds = fastest(1, [&](int) {
                check_mpi(MPI_Put(window.own().data(), 1, MPI_UINT64_T, ranks.next(), 0, 1,
                                  MPI_UINT64_T, window.handle()),
                          "MPI_Put");
                window.flush(ranks.next());
            });
            if (result.seconds > 0.1)
                result.slow = "it waits as long as its target computes, which calls no MPI";
            return result;
        },
        [&] {
            window.sync();
            if (ranks.acts() && ranks.from() == 0)
                expect(window.exposed()[0], word_of(0, 0), "the word");
        });
}

} // namespace nodespan::info
