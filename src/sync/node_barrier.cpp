#include "node_barrier.hpp"

#include "host_name.hpp"
#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

// How the ranks of a node meet.
//
// The words. Each rank has a line that only this rank writes: `arrived` is the number of the last
// meeting that it has reached, `rounds` the number of rounds of dissemination that it has begun,
// and `words` what it tells in a led meeting. One rank writes `meeting.released`, the number of the
// last meeting that has ended, and `meeting.result`: the leader in a led meeting, the last rank to
// arrive in a counted one. All ranks increment `count.arrivals`. `flags.abandoned` is 1 + the rank
// that was the first to leave by an exception, and does not change any more once it is set.
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
// Nobody waits for ever. A rank that leaves by an exception sets `abandoned` and wakes all
// sleepers; every wait reads this flag when spinning is over, and at least every 200 ms while it
// sleeps, and then throws errc::peer_lost. A rank may reach a meeting and leave just after it: so a
// wait reads its word again after the flag, and ends well if the goal is reached. In dissemination
// a rank may also hear from a rank that has itself not heard yet; if all ranks have arrived, the
// wait goes on for 100 ms. A rank that dies without unwinding sets no flag: then the watchdog says
// for which ranks the others wait.

namespace nodespan::detail {
namespace {

// Meetings are counted modulo 2^32; the sign of the difference tells which of two numbers is later.
bool reached(std::uint32_t count, std::uint32_t goal) {
    return static_cast<std::int32_t>(count - goal) >= 0;
}

// If ranks share cores, they count arrivals and the last one ends the meeting: no other rank has to
// run for that. With a core for each rank, up to four ranks read the lines of all others. More
// ranks meet in rounds, whose number is the logarithm of the number of ranks.
constexpr int most_flags = 4;

} // namespace

std::size_t node_barrier::bytes(int ranks) {
    return sizeof(layout) + sizeof(rank_line) * static_cast<std::size_t>(ranks - 1);
}

node_barrier::node_barrier(void* memory, int rank, int ranks, int first_rank, bool oversubscribed)
    : shared_(static_cast<layout*>(memory)),
      rank_(rank),
      ranks_(ranks),
      first_rank_(first_rank),
      shape_(oversubscribed       ? shape::count
             : ranks > most_flags ? shape::dissemination
                                  : shape::flags),
      patience_(oversubscribed ? patience::oversubscribed() : patience{}) {}

void node_barrier::throw_if_abandoned() const {
    const std::uint32_t who = shared_->flags.abandoned.load(std::memory_order_acquire);
    if (who == 0) return;
    throw error(errc::peer_lost,
                fmt::format("{}: rank {} left by an exception and will not come", why_->text(),
                            first_rank_ + static_cast<int>(who) - 1));
}

std::vector<int> node_barrier::missing() const {
    std::vector<int> result;
    for (int peer = 0; peer < ranks_; ++peer)
        if (!reached(line(peer).arrived.load(std::memory_order_relaxed), meeting_))
            result.push_back(first_rank_ + peer);
    return result;
}

// Only the lowest of the ranks that wait prints the line.
void node_barrier::complain(const watchdog& watch) const {
    for (int peer = 0; peer < rank_; ++peer)
        if (reached(line(peer).arrived.load(std::memory_order_relaxed), meeting_)) return;
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
// after the abandoned flag. In dissemination, once all have arrived, `others_go_on` allows 100 ms.
template <class Slow>
void node_barrier::wait_until(shared_word& word, std::uint32_t goal, const patience& how,
                              Slow&& slow, bool others_go_on) {
    const auto ready = [goal](std::uint32_t count) { return reached(count, goal); };
    watchdog watch;
    grace_period grace;
    wait_on(word, shared_->flags.sleepers, how, ready, [&] {
        if (is_abandoned() && !ready(word.load(std::memory_order_acquire)) &&
            (!others_go_on || !missing().empty() || grace.is_over()))
            throw_if_abandoned();
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
    store_and_wake(line(rank_).arrived, meeting_, shared_->flags.sleepers);
    for (int peer = 0; peer < ranks_; ++peer)
        if (peer != rank_) wait_until(line(peer).arrived, meeting_, patience_, [] {});
}

// In round k every rank hears from the rank 2^k before it, which has already heard from 2^k ranks
// (Hensgen, Finkel, Manber 1988). Each rank writes one word only.
void node_barrier::meet_by_dissemination() {
    line(rank_).arrived.store(meeting_, std::memory_order_relaxed); // only missing() reads it
    for (int distance = 1; distance < ranks_; distance *= 2) {
        ++counted_;
        store_and_wake(line(rank_).rounds, counted_, shared_->flags.sleepers);
        const int before = (rank_ + ranks_ - distance) % ranks_;
        wait_until(
            line(before).rounds, counted_, patience_, [] {}, true);
    }
}

void node_barrier::meet_by_count() {
    line(rank_).arrived.store(meeting_, std::memory_order_relaxed); // only missing() reads it
    ++counted_;
    const std::uint32_t all = counted_ * static_cast<std::uint32_t>(ranks_);
    if (shared_->count.arrivals.fetch_add(1, std::memory_order_acq_rel) + 1 == all)
        store_and_wake(shared_->meeting.released, meeting_, shared_->flags.sleepers);
    else
        wait_until(shared_->meeting.released, meeting_, patience_, [] {});
}

void node_barrier::arrive(const agreed_words& words, const occasion& why) {
    ++meeting_;
    why_ = &why;
    line(rank_).words = words;
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
    futex_wake_all(shared_->meeting.released);
    for (int peer = 0; peer < ranks_; ++peer) {
        futex_wake_all(line(peer).arrived);
        futex_wake_all(line(peer).rounds);
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
