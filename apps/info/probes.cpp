#include "cures.hpp"
#include "messages.hpp"
#include "window_probes.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

namespace nodespan::info {
namespace {

using app::check_mpi;

constexpr std::size_t bytes_a_rank = 64 * 1024;

// A window in the memory of one node, tried from its begin to its end.
class shared_trial {
public:
    explicit shared_trial(MPI_Comm node) {
        check_mpi(MPI_Comm_dup(node, &comm_), "MPI_Comm_dup");
        check_mpi(MPI_Comm_set_errhandler(comm_, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler");
        rank_ = app::messages::rank_in(comm_);
    }
    ~shared_trial() {
        if (window_ != MPI_WIN_NULL) {
            MPI_Win_unlock_all(window_);
            MPI_Win_free(&window_);
        }
        MPI_Comm_free(&comm_);
    }
    shared_trial(const shared_trial&) = delete;            // owns a window
    shared_trial& operator=(const shared_trial&) = delete; // owns a window

    void allocate() {
        check_mpi(MPI_Win_allocate_shared(static_cast<MPI_Aint>(bytes_a_rank), 1, MPI_INFO_NULL,
                                          comm_, &mine_, &window_),
                  "MPI_Win_allocate_shared");
        check_mpi(MPI_Win_set_errhandler(window_, MPI_ERRORS_RETURN), "MPI_Win_set_errhandler");
        check_mpi(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_), "MPI_Win_lock_all");
        for (std::size_t k = 0; k < bytes_a_rank / sizeof(std::uint64_t); ++k)
            mine_[k] = word_of(rank_, static_cast<int>(k));
        check_mpi(MPI_Win_sync(window_), "MPI_Win_sync");
    }

    // After a barrier.
    void expect_all() {
        check_mpi(MPI_Win_sync(window_), "MPI_Win_sync");
        for (int peer = 0; peer < app::messages::size_of(comm_); ++peer) {
            MPI_Aint bytes = 0;
            int unit = 0;
            const std::uint64_t* theirs = nullptr;
            check_mpi(MPI_Win_shared_query(window_, peer, &bytes, &unit, &theirs),
                      "MPI_Win_shared_query");
            if (bytes < static_cast<MPI_Aint>(bytes_a_rank))
                fail(fmt::format("{} bytes of peer {}", bytes, peer));
            if (reinterpret_cast<std::uintptr_t>(theirs) % alignof(std::uint64_t) != 0)
                fail(fmt::format("the memory of peer {} is not aligned to 8 bytes", peer));
            for (std::size_t k = 0; k < bytes_a_rank / sizeof(std::uint64_t); ++k)
                if (theirs[k] != word_of(peer, static_cast<int>(k)))
                    fail(fmt::format("a store of peer {} is not visible", peer));
        }
    }

private:
    MPI_Comm comm_ = MPI_COMM_NULL;
    MPI_Win window_ = MPI_WIN_NULL;
    std::uint64_t* mine_ = nullptr;
    int rank_ = 0;
};

bool is_there_room(const machine_info& info) {
    return std::ranges::all_of(info.nodes, [](const node_info& node) {
        return node.shared_bytes == 0 ||
               node.shared_free_bytes > 2 * bytes_a_rank * static_cast<std::uint64_t>(node.ranks);
    });
}

// The least that any rank may lock, where any has a card.
finding locked_memory_of_all(const prober& ranks) {
    rlimit limit{};
    std::array<std::uint64_t, 1> least{std::numeric_limits<std::uint64_t>::max()};
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        least[0] = limit.rlim_cur;
    check_mpi(MPI_Allreduce(MPI_IN_PLACE, least.data(), 1, MPI_UINT64_T, MPI_MIN, ranks.comm()),
              "MPI_Allreduce");
    const bool has_cards = std::ranges::any_of(ranks.info().fabric, [](const machine_fact& fact) {
        return fact.name == "cards" && !fact.value.starts_with("none");
    });
    return check_locked_memory(has_cards, least[0]);
}

void probe_shared_window(prober& ranks, team& team, probe_guard& guard) {
    const char* const name = "shared window";
    if (!is_there_room(ranks.info())) return ranks.skip(name, "no room in shared memory");
    guard.begin(name, cures::shared_window);
    shared_trial trial(team.node_comm());
    double seconds = 0;
    ranks.run(
        {name, cures::shared_window, "", "stores are seen by the other ranks of a node", 1},
        [&] { seconds = fastest(1, [&](int) { trial.allocate(); }); },
        [&] {
            return measured{seconds, 0, ""};
        },
        [&] { trial.expect_all(); });
    guard.begin(name, cures::shared_window); // its end, which is collective
}

void probe_messages(prober& ranks) {
    const char* const name = "messages";
    if (ranks.info().nodes.size() == 1)
        return ranks.skip(name,
                          "one node; NODESPAN_RANKS_PER_NODE=1 makes a simulated one of each rank");
    constexpr int calls = 20, longest = trial_window::words;
    std::vector<std::uint64_t> out(longest), in(longest);
    const auto exchange = [&](int count) {
        check_mpi(MPI_Sendrecv(out.data(), count, MPI_UINT64_T, ranks.next(), 0, in.data(), count,
                               MPI_UINT64_T, ranks.from(), 0, ranks.comm(), MPI_STATUS_IGNORE),
                  "MPI_Sendrecv");
    };
    ranks.run(
        {name, cures::network},
        [&] {
            for (int k = 0; k < longest; ++k)
                out[static_cast<std::size_t>(k)] = word_of(ranks.rank(), k);
        },
        [&] {
            const double one = fastest(calls, [&](int) { exchange(1); });
            const double all = fastest(3, [&](int) { exchange(longest); });
            return measured{one, longest * sizeof(std::uint64_t) / all, ""};
        },
        [&] {
            for (int k = 0; k < longest && ranks.acts(); ++k)
                if (in[static_cast<std::size_t>(k)] != word_of(ranks.from(), k))
                    fail(fmt::format("word {} is not what rank {} sent", k, ranks.from()));
        });
}

void probe_window(prober& ranks, probe_guard& guard) {
    const char* const name = "window";
    if (!ranks.has_peers())
        return ranks.skip(name, "one rank: start at least two to try transfers");
    guard.begin(name, cures::window);
    const double begun = now();
    trial_window window(ranks.comm());
    guard.end();
    if (!window.is_there())
        return ranks.add({name, verdict::wrong, 0, window.failure(), cures::window});
    ranks.add({name, verdict::good, now() - begun, "MPI_Win_create over all ranks", ""});
    for (auto* const probe :
         {probe_put, probe_get, probe_accumulate, probe_fetch_and_op, probe_compare_and_swap,
          probe_strided_put, probe_strided_get, probe_request, probe_busy_target})
        probe(ranks, window);
    guard.begin(name, cures::window); // its end, which is collective
}

} // namespace

findings check(team& team, const machine_info& info, probe_guard& guard) {
    prober ranks(team, info, guard);
    findings known;
    check_job(info, known);
    check_nodes(info, known);
    for (const finding& one : known) ranks.add(one);
    ranks.add(locked_memory_of_all(ranks));
    probe_shared_window(ranks, team, guard);
    guard.end();
    probe_messages(ranks);
    probe_window(ranks, guard);
    guard.end();
    return guard.take();
}

} // namespace nodespan::info
