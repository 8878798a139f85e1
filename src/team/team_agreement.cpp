// What the ranks of a team agree on and wait for together. It uses the team's own meetings, which
// notice ranks that have left.

#include "agreement.hpp"
#include "host_name.hpp"
#include "mpi_check.hpp"
#include "team_core.hpp"
#include "usage_gather.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace nodespan::detail {
namespace {

// Writes the node that this rank waits for to where other ranks of its node see it.
class written_note {
public:
    explicit written_note(shared_word& note) : note_(note) {}
    ~written_note() {
        if (is_written_) note_.store(0, std::memory_order_relaxed);
    }
    written_note(const written_note&) = delete;            // for one wait
    written_note& operator=(const written_note&) = delete; // for one wait

    void write(int node) noexcept {
        is_written_ = true;
        note_.store(static_cast<std::uint32_t>(node) + 1, std::memory_order_relaxed);
    }
    bool is_written() const noexcept { return is_written_; }

private:
    shared_word& note_;
    bool is_written_ = false;
};

std::string of_arguments(const team_core::mismatch& found) {
    return found.first == found.second
               ? fmt::format("{}: ranks 0 and {} ask for it with different options", found.first,
                             found.other)
               : fmt::format("arguments differ between ranks: rank 0 asks for {}, rank {} for {}",
                             found.first, found.other, found.second);
}

} // namespace

occasion creation_of(const std::string& description) {
    const auto describe = [](const void* what) { return *static_cast<const std::string*>(what); };
    return {"creation", describe, &description};
}

// An agreement to which this rank brings no error.
agreed_words team_core::agree_well(const agreed_words& mine, const occasion& why) {
    const agreed_words all = agree(mine, why);
    if (all[0] != 0) throw cannot_agree();
    return all;
}

// Word 0: the lower the rank, the larger the word.
std::uint64_t team_core::lowest_failure(const std::optional<error>& mine) const {
    return mine ? static_cast<std::uint64_t>(ranks_->size() - rank_) : 0;
}

void team_core::agree_or_throw(const std::optional<error>& mine, const occasion& why) {
    const agreed_words all = agree({lowest_failure(mine)}, why);
    if (all[0] == mpi_failed_word) throw cannot_agree();
    if (all[0] != 0) throw_error_of(ranks_->size() - static_cast<int>(all[0]), mine, why);
}

std::uint64_t team_core::agree_on_most(const std::optional<error>& mine, std::uint64_t value,
                                       std::uint64_t number, const occasion& why) {
    const agreed_words all = agree({lowest_failure(mine), value, number, ~number}, why);
    if (all[0] == mpi_failed_word) throw cannot_agree();
    if (all[0] != 0) throw_error_of(ranks_->size() - static_cast<int>(all[0]), mine, why);
    if (all[2] != ~all[3]) throw_mismatch(number, why.text(), why, of_arguments);
    return all[1];
}

void team_core::throw_error_of(int rank, const std::optional<error>& mine, const occasion& why) {
    error_on_the_way told;
    if (rank == rank_) told = error_on_the_way::of(*mine);
    const agreed_words head = agree_well({0, told.code, told.category}, why);
    throw error_on_the_way{head[1], head[2], from_rank(rank, told.text, why)}.arrived();
}

std::uint64_t team_core::from_rank(int from, std::uint64_t value, const occasion& why) {
    return agree_well({0, from == rank_ ? value : 0}, why)[1];
}

// Uses meetings to which all other ranks bring zeros, so it needs nothing beside meetings.
std::string team_core::from_rank(int from, const std::string& text, const occasion& why) {
    constexpr std::size_t each = sizeof(agreed_words) - sizeof(std::uint64_t);
    std::string result(from_rank(from, std::uint64_t{text.size()}, why), '\0');
    for (std::size_t at = 0; at < result.size(); at += each) {
        const std::size_t bytes = std::min(each, result.size() - at);
        agreed_words words{};
        if (from == rank_) std::memcpy(&words[1], text.data() + at, bytes);
        words = agree_well(words, why);
        std::memcpy(result.data() + at, &words[1], bytes);
    }
    return result;
}

std::uint64_t team_core::agree_on(const std::optional<error>& mine, std::uint64_t fingerprint,
                                  const std::string& description, std::uint64_t least,
                                  const std::function<void()>& look_closer) {
    const occasion why = creation_of(description);
    const agreed_words all =
        agree({lowest_failure(mine), fingerprint, ~fingerprint, ~least, 0}, why);
    if (all[0] == mpi_failed_word)
        throw error(std::error_code(MPI_ERR_OTHER, mpi_category()),
                    description + ": ranks could not agree", true);
    if (all[0] != 0) throw_error_of(ranks_->size() - static_cast<int>(all[0]), mine, why);
    if (all[1] != ~all[2]) {
        if (look_closer) look_closer();
        throw_mismatch(fingerprint, description, why, of_arguments);
    }
    return ~all[3];
}

void team_core::require_same(std::uint64_t fingerprint, const std::string& description,
                             const occasion& why) {
    const agreed_words all = agree_well({0, fingerprint, ~fingerprint}, why);
    if (all[1] != ~all[2]) throw_mismatch(fingerprint, description, why, of_arguments);
}

void team_core::throw_mismatch(std::uint64_t fingerprint, const std::string& text,
                               const occasion& why,
                               const std::function<std::string(const mismatch&)>& say) {
    const bool differs = from_rank(0, fingerprint, why) != fingerprint;
    const std::uint64_t from_end =
        agree_well({0, differs ? static_cast<std::uint64_t>(ranks_->size() - rank_) : 0}, why)[1];
    mismatch found;
    found.other = ranks_->size() - static_cast<int>(from_end);
    found.first = from_rank(0, text, why);
    found.second = from_rank(found.other, text, why);
    throw error(errc::mismatched_arguments, say(found), true);
}

// A rank may send its part and then leave: after a loss the wait goes on for a while.
void team_core::wait(std::span<MPI_Request> requests, const occasion& why,
                     const std::function<int(std::size_t)>& peer_of, const char* of_peers) {
    watchdog watch;
    grace_period grace;
    written_note note(barrier_->note());
    const double patient_seconds = watchdog::limit_seconds() / 2;
    int tries = 0;
    const int code = wait_for(requests, pause::awake(oversubscribed_), [&] {
        if (++tries % 16 != 0) return;
        const bool is_overdue = watch.is_overdue();
        if (between_nodes_) between_nodes_->throw_if_mixed(why, watch.seconds());
        if (is_anyone_lost()) {
            barrier_->throw_if_mixed(why);
            if (grace.is_over())
                throw error(errc::peer_lost,
                            why.text() + ": a rank left by an exception and will not come");
        }
        if (is_overdue)
            watchdog::tell(fmt::format("{}: rank {} has waited {:.1f} s on host {} for {}{}",
                                       why.text(), rank_, watch.seconds(), host_name(),
                                       text_of(pending(requests, peer_of)), of_peers));
        if (patient_seconds > 0 && !note.is_written() && watch.seconds() > patient_seconds)
            if (const auto peers = pending(requests, peer_of); !peers.nodes.empty())
                note.write(peers.nodes.front());
    });
    mpi_check(code, "MPI_Testall");
}

// The ranks of the requests that have not ended.
team_core::waited_for team_core::pending(std::span<MPI_Request> requests,
                                         const std::function<int(std::size_t)>& peer_of) const {
    waited_for result;
    const auto add = [](std::vector<int>& to, int number) {
        if (std::find(to.begin(), to.end(), number) == to.end()) to.push_back(number);
    };
    for (std::size_t i = 0; i < requests.size(); ++i) {
        int is_done = 0;
        const int peer = peer_of(i);
        if (peer < 0 ||
            MPI_Request_get_status(requests[i], &is_done, MPI_STATUS_IGNORE) != MPI_SUCCESS ||
            is_done != 0)
            continue;
        const int node = ranks_->node_of(peer);
        if (node == node_)
            add(result.peers, peer);
        else
            add(result.nodes, node);
    }
    std::sort(result.peers.begin(), result.peers.end());
    return result;
}

std::string team_core::text_of(const waited_for& whom) const {
    if (whom.peers.empty() && whom.nodes.empty()) return "other ranks";
    if (whom.peers.empty()) return ends_->text(whom.nodes);
    const std::string here = barrier_->with_notes(whom.peers);
    return whom.nodes.empty() ? here : here + "; " + ends_->text(whom.nodes);
}

// Collects the ranks' counters on rank 0. Collective.
void team_core::report_usage() {
    constexpr std::size_t each = team_usage::rank_numbers;
    struct books_on_the_way {
        std::array<std::uint64_t, each> mine{};
        std::vector<std::uint64_t> entries;
        gathered_usage all;
    };
    const occasion why = of_team("usage report");
    lent_memory<books_on_the_way> memory;
    books_on_the_way& m = *memory;
    agree_or_throw(attempt([&] {
                       m.entries.resize(usage_->entries().size() * team_usage::entry_numbers);
                       if (rank_ != 0) return;
                       m.all.by_rank.resize(each * static_cast<std::size_t>(ranks_->size()));
                       m.all.sums.resize(m.entries.size());
                   }),
                   why);
    usage_->copy_rank_numbers(m.mine, is_leader());
    usage_->copy_entry_numbers(m.entries, rank_ == 0, is_leader());
    std::array<MPI_Request, 2> requests{MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    memory.lend();
    const int gathers =
        MPI_Igather(m.mine.data(), static_cast<int>(each), MPI_UINT64_T, m.all.by_rank.data(),
                    static_cast<int>(each), MPI_UINT64_T, 0, traffic(), &requests[0]);
    const int reduces =
        MPI_Ireduce(m.entries.data(), m.all.sums.data(), static_cast<int>(m.entries.size()),
                    MPI_UINT64_T, MPI_SUM, 0, traffic(), &requests[1]);
    wait(requests, why, [](std::size_t) { return -1; });
    memory.mine_again();
    mpi_check(gathers, "MPI_Igather");
    mpi_check(reduces, "MPI_Ireduce");
    if (rank_ == 0) write_usage(m.all, ranks_->nodes(), *usage_);
}

} // namespace nodespan::detail
