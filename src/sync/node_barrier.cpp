#include "node_barrier.hpp"

#include "host_name.hpp"
#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

// How the ranks of a node meet.
//
// The words. Each rank has a line that only this rank writes: `arrived` is the number of the last
// meeting that it has reached, `kinds` the kinds of the calls for which it came, and `words` what
// it tells in a led meeting. For each round of dissemination it has a line more, which one other
// rank reads: a round is written while that one may still read the round before. One rank writes
// `meeting.released`, the number of the last meeting that has ended, and `meeting.result`: the
// leader in a led meeting, the last rank to arrive in a counted one. All ranks increment
// `count.arrivals`. `flags.abandoned` is 1 + the rank that was the first to leave by an exception,
// and does not change any more once it is set.
//
// Order. A rank stores `words` before `arrived`, and the leader stores `result` before `released`.
// These stores are releases, and waits read with acquire: so a rank that leaves a meeting sees all
// that the others wrote before they arrived. A counted meeting has no such line for each rank:
// there the increment of `arrivals` is acquire and release, and the last rank passes everything on
// by `released`. Among ranks that share cores, or that meet in rounds, `arrived` only serves to
// name the ranks that are missing, and is relaxed.
//
// Nothing is overwritten too early. A rank begins meeting m + 1 only when m has ended for it, which
// needs the arrival of all ranks; so no two ranks are more than one meeting apart. A rank writes
// its `words` of m + 1 after the release of m, when the leader has read those of m. The leader
// writes the `result` of m + 1 after all ranks have arrived at m + 1, when they have read that of
// m.
//
// Different calls. A rank stores the kind of its call before `arrived`, a round or the increment
// of `arrivals`, into one of two words in turn: so the kind for meeting m stays until m + 2, to
// which nobody comes before all have left m. Who reads that a rank has come to m, reads its kind
// for m in the same cache line; the last of a counted meeting compares the sum of all kinds with
// its own. So nobody leaves a meeting of mixed calls: with flags each rank compares with all
// others, in dissemination each chain from one kind to the other has a rank that compares, and goes
// no further, a leader compares before it releases anybody, and counted and led meetings do not end
// each other. Who waits longer compares with all that have come.
//
// Nobody waits for ever. A rank that leaves by an exception sets `abandoned` and wakes all
// sleepers; every wait reads this flag when spinning is over, and at least every 200 ms while it
// sleeps, and then throws errc::peer_lost. A rank may reach a meeting and leave just after it: so a
// wait reads its word again after the flag, and ends well if the goal is reached. In dissemination
// a rank may also hear from a rank that has itself not heard yet; if all ranks have arrived, the
// wait goes on for a second. A rank that dies without unwinding sets no flag: then the watchdog
// says for which ranks the others wait.

namespace nodespan::detail {
namespace {

// If ranks share cores, they count arrivals and the last one ends the meeting: no other rank has to
// run for that. With a core for each rank, up to three ranks read the lines of all others. More
// ranks meet in rounds, whose number is the logarithm of the number of ranks.
constexpr int most_flags = 3;

} // namespace

std::size_t node_barrier::lines_bytes(int ranks) {
    return sizeof(layout) + sizeof(rank_line) * static_cast<std::size_t>(ranks - 1);
}

std::size_t node_barrier::barrier_bytes(int ranks) {
    return lines_bytes(ranks) +
           sizeof(round_line) * static_cast<std::size_t>(ranks * rounds_of(ranks));
}

std::size_t node_barrier::bytes(int ranks) {
    return barrier_bytes(ranks) + mixed_calls::bytes(ranks);
}

node_barrier::node_barrier(void* memory, int rank, int ranks, int first_rank, bool oversubscribed)
    : shared_(static_cast<layout*>(memory)),
      rounds_(reinterpret_cast<round_line*>(static_cast<std::byte*>(memory) + lines_bytes(ranks))),
      rank_(rank),
      ranks_(ranks),
      first_rank_(first_rank),
      mixed_(static_cast<std::byte*>(memory) + barrier_bytes(ranks), rank, first_rank),
      shape_(oversubscribed       ? shape::count
             : ranks > most_flags ? shape::dissemination
                                  : shape::flags),
      patience_(oversubscribed ? patience::oversubscribed() : patience{}) {}

void node_barrier::throw_if_abandoned() {
    throw_if_abandoned(*why_);
}

void node_barrier::throw_if_abandoned(const occasion& mine) {
    const std::uint32_t who = shared_->flags.abandoned.load(std::memory_order_acquire);
    if (who == 0) return;
    throw_if_mixed(mine);
    throw error(errc::peer_lost, fmt::format("{}: rank {} left by an exception and will not come",
                                             mine.text(), first_rank_ + static_cast<int>(who) - 1));
}

std::vector<int> node_barrier::missing() const {
    std::vector<int> result;
    for (int peer = 0; peer < ranks_; ++peer)
        if (!is_reached(line(peer).arrived.load(std::memory_order_relaxed), meeting_))
            result.push_back(first_rank_ + peer);
    return result;
}

// A rank that has given up a call because of a loss comes to its next call, such as the end of its
// team, while others are still in that one. It has abandoned the team before.
void node_barrier::throw_mixed(const occasion& mine, int node_rank) {
    throw_if_abandoned(mine);
    mixed_.found(mine, node_rank, [this] { wake_all(); });
}

void node_barrier::throw_if_mixed(const occasion& mine) {
    if (mixed_.are_known()) mixed_.join(mine);
}

void node_barrier::tell_mixed(const std::string& message) noexcept {
    mixed_.tell(message);
    wake_all();
}

// Compares with all that have come, in a wait that is slow.
void node_barrier::look_for_other_kinds() {
    for (int peer = 0; peer < ranks_; ++peer)
        if (is_reached(line(peer).arrived.load(std::memory_order_acquire), meeting_))
            require_same_kind(line(peer).kinds, peer);
}

// Only the lowest of the ranks that wait prints the line.
void node_barrier::complain(const watchdog& watch) const {
    for (int peer = 0; peer < rank_; ++peer)
        if (is_reached(line(peer).arrived.load(std::memory_order_relaxed), meeting_)) return;
    const std::vector<int> late = missing();
    if (late.empty()) return; // the leader waits for other nodes, and prints its own line
    watchdog::tell(fmt::format("{}: rank {} has waited {:.1f} s on host {} for {}", why_->text(),
                               first_rank_ + rank_, watch.seconds(), host_name(),
                               with_notes(late)));
}

std::string node_barrier::with_notes(const std::vector<int>& late) const {
    std::vector<int> silent;
    std::string innocent;
    for (const int peer : late) {
        const std::uint32_t note =
            line(peer - first_rank_).waits_for.load(std::memory_order_relaxed);
        if (note == 0 || ends_ == nullptr)
            silent.push_back(peer);
        else
            innocent +=
                fmt::format("{}rank {}, which itself waits for {}", innocent.empty() ? "" : "; ",
                            peer, ends_->text(static_cast<int>(note) - 1));
    }
    if (innocent.empty()) return list_of_ranks(silent);
    return silent.empty() ? innocent : list_of_ranks(silent) + "; " + innocent;
}

// Waits until `word` has reached `goal`. A rank may set `word` and then leave: `word` is read again
// after the abandoned flag. In dissemination, once all have arrived, `others_go_on` allows a
// second.
template <class Slow>
void node_barrier::wait_until(shared_word& word, std::uint32_t goal, const patience& how,
                              Slow&& slow, bool others_go_on) {
    const auto ready = [goal](std::uint32_t count) { return is_reached(count, goal); };
    watchdog watch;
    grace_period grace{std::chrono::seconds(1)}; // others may have lost their cores
    unsigned tries = 0;
    wait_on(word, shared_->flags.sleepers, how, ready, [&] {
        if (is_abandoned() && !ready(word.load(std::memory_order_acquire)) &&
            (!others_go_on || !missing().empty() || grace.is_over()))
            throw_if_abandoned();
        if (is_time_to_look(++tries, how)) look_for_other_kinds();
        if (watch.is_overdue()) complain(watch);
        slow();
    });
}

void node_barrier::arrive_and_wait(const occasion& why) {
    why_ = &why;
    throw_if_abandoned(); // a meeting without the rank that left would be counted wrongly
    ++meeting_;
    if (ranks_ == 1) { // nobody to meet: only onlookers read the number
        line(0).arrived.store(meeting_, std::memory_order_release);
        return;
    }
    switch (shape_) {
    case shape::flags:
        return meet_by_flags();
    case shape::dissemination:
        return meet_by_dissemination();
    case shape::count:
        return meet_by_count();
    }
}

void node_barrier::meet_by_flags() {
    say_kind(line(rank_).kinds);
    store_and_wake(line(rank_).arrived, meeting_, shared_->flags.sleepers);
    for (int peer = 0; peer < ranks_; ++peer)
        if (peer != rank_) {
            wait_until(line(peer).arrived, meeting_, patience_, [] {});
            require_same_kind(line(peer).kinds, peer);
        }
}

// In round k every rank hears from the rank 2^k before it, which has already heard from 2^k ranks
// (Hensgen, Finkel, Manber 1988). A word has one writer and one reader.
void node_barrier::meet_by_dissemination() {
    say_kind(line(rank_).kinds);
    line(rank_).arrived.store(meeting_, std::memory_order_release); // only slow ranks read it
    ++disseminated_;
    for (int distance = 1, round = 0; distance < ranks_; distance *= 2, ++round) {
        round_line& mine = line(rank_, round);
        say_kind(mine.kinds);
        store_and_wake(mine.meeting, disseminated_, shared_->flags.sleepers);
        const int before = (rank_ + ranks_ - distance) % ranks_;
        wait_until(
            line(before, round).meeting, disseminated_, patience_, [] {}, true);
        require_same_kind(line(before, round).kinds, before);
    }
}

void node_barrier::meet_by_count() {
    say_kind(line(rank_).kinds);
    line(rank_).arrived.store(meeting_, std::memory_order_release); // only slow ranks read it
    const std::uint64_t mine = std::uint64_t{kind()} << 32 | 1;
    arrivals_ += mine * static_cast<std::uint64_t>(ranks_);
    const std::uint64_t all =
        shared_->count.arrivals.fetch_add(mine, std::memory_order_acq_rel) + mine;
    const bool is_last = static_cast<std::uint32_t>(all) == static_cast<std::uint32_t>(arrivals_);
    if (!is_last) return wait_until(shared_->meeting.released, meeting_, patience_, [] {});
    if (all != arrivals_) look_for_other_kinds();
    store_and_wake(shared_->meeting.released, meeting_, shared_->flags.sleepers);
}

void node_barrier::arrive(const agreed_words& words, const occasion& why) {
    ++meeting_;
    why_ = &why;
    line(rank_).words = words;
    // After an exception others may still be in the meeting before the last, whose kind this one's
    // would replace. Nobody passes this meeting.
    if (!is_abandoned()) say_kind(line(rank_).kinds);
    store_and_wake(line(rank_).arrived, meeting_, shared_->flags.sleepers);
}

agreed_words node_barrier::wait_for_all(const std::function<void()>& progress) {
    throw_if_abandoned(); // ranks may call again after they were told of the loss
    agreed_words all{};
    patience how = patience_;
    if (progress) { // other nodes may wait for this rank's progress
        how.sleep_ns = 100'000;
        if (how.spins > 0) how.yields = std::numeric_limits<int>::max(); // stays awake
    }
    for (int peer = 0; peer < ranks_; ++peer) {
        wait_until(line(peer).arrived, meeting_, how, [&] {
            if (progress) progress();
        });
        require_same_kind(line(peer).kinds, peer);
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = std::max(all[i], line(peer).words[i]);
    }
    return all;
}

void node_barrier::release(const agreed_words& result) {
    shared_->meeting.result = result;
    store_and_wake(shared_->meeting.released, meeting_, shared_->flags.sleepers);
}

agreed_words node_barrier::wait_for_release() {
    wait_until(shared_->meeting.released, meeting_, patience_, [] {});
    return shared_->meeting.result;
}

void node_barrier::abandon() noexcept {
    std::uint32_t nobody = 0;
    shared_->flags.abandoned.compare_exchange_strong(nobody, static_cast<std::uint32_t>(rank_) + 1);
    wake_sleepers();
}

void node_barrier::wake_all() noexcept {
    std::uint32_t nobody = 0;
    shared_->flags.abandoned.compare_exchange_strong(nobody, for_mixed_calls);
    wake_sleepers();
}

void node_barrier::wake_sleepers() noexcept {
    futex_wake_all(shared_->meeting.released);
    for (int peer = 0; peer < ranks_; ++peer) {
        futex_wake_all(line(peer).arrived);
        for (int round = 0; round < rounds_of(ranks_); ++round)
            futex_wake_all(line(peer, round).meeting);
    }
}

bool node_barrier::is_abandoned() const noexcept {
    return shared_->flags.abandoned.load(std::memory_order_acquire) != 0;
}

void node_barrier::report_loss() noexcept {
    shared_->flags.lost_elsewhere.store(1, std::memory_order_release);
}

bool node_barrier::is_anyone_lost() const noexcept {
    return is_abandoned() || shared_->flags.lost_elsewhere.load(std::memory_order_acquire) != 0;
}

} // namespace nodespan::detail
