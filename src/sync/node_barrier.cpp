#include "node_barrier.hpp"

#include "host_name.hpp"
#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace nodespan::detail {
namespace {

// Meetings are counted modulo 2^32: "not before" by the sign of the difference.
bool reached(std::uint32_t count, std::uint32_t goal) {
    return static_cast<std::int32_t>(count - goal) >= 0;
}

// Ranks that share cores: the last one to arrive ends the meeting, so that nobody has to be awake
// for it but that one. A core each: up to four ranks look at each other's lines, all at once; more
// go in rounds, whose number grows with the logarithm of theirs.
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

// One rank of those that wait speaks for all.
void node_barrier::complain(const watchdog& watch) const {
    for (int peer = 0; peer < rank_; ++peer)
        if (reached(line(peer).arrived.load(std::memory_order_relaxed), meeting_)) return;
    const std::vector<int> late = missing();
    if (late.empty()) return; // the leader waits for other nodes, and will say so
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

// Waits until `word` has come to `goal`. A rank that leaves may have been the one to bring it
// there, just before: it is looked at once more after its farewell. Or, where ranks bring each
// other to the goal and all have come, they may be about to: they get a while.
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
    throw_if_abandoned(); // or a second try would be counted in place of the rank that left
    if (ranks_ == 1) return;
    ++meeting_;
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

// In round k everyone hears from the rank 2^k before, who has heard from 2^k others (Hensgen,
// Finkel, Manber 1988). Each rank writes one word only.
void node_barrier::meet_by_dissemination() {
    line(rank_).arrived.store(meeting_, std::memory_order_relaxed); // only to be missed
    for (int distance = 1; distance < ranks_; distance *= 2) {
        ++counted_;
        store_and_wake(line(rank_).rounds, counted_, shared_->flags.sleepers);
        const int before = (rank_ + ranks_ - distance) % ranks_;
        wait_until(
            line(before).rounds, counted_, patience_, [] {}, true);
    }
}

void node_barrier::meet_by_count() {
    line(rank_).arrived.store(meeting_, std::memory_order_relaxed); // only to be missed
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
    throw_if_abandoned(); // ranks may come once more after they were told
    agreed_words all{};
    patience how = patience_;
    if (progress) { // other nodes may be waiting for ours
        how.sleep_ns = 100'000;
        if (how.spins > 0) how.yields = std::numeric_limits<int>::max(); // nobody wants this core
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
