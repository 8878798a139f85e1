#include "node_barrier.hpp"

#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodespan::detail {
namespace {

// Meetings are counted modulo 2^32: "not before" by the sign of the difference.
bool reached(std::uint32_t count, std::uint32_t goal) {
    return static_cast<std::int32_t>(count - goal) >= 0;
}

} // namespace

std::size_t node_barrier::bytes(int ranks) {
    return sizeof(layout) + sizeof(rank_line) * static_cast<std::size_t>(ranks - 1);
}

node_barrier::node_barrier(void* memory, int rank, int ranks, int first_rank, bool crowded)
    : shared_(static_cast<layout*>(memory)),
      rank_(rank),
      ranks_(ranks),
      first_rank_(first_rank),
      by_flags_(ranks <= 4 && !crowded),
      patience_(crowded ? patience::crowded() : patience{}) {}

void node_barrier::throw_if_abandoned() const {
    const std::uint32_t who = shared_->flags.abandoned.load(std::memory_order_acquire);
    if (who == 0) return;
    throw error(errc::peer_lost,
                fmt::format("fence: rank {} left by an exception and will not come",
                            first_rank_ + static_cast<int>(who) - 1));
}

// Waits until `word` has come to the meeting this rank is in. A rank that leaves may have been the
// one to end this meeting, just before: the word is looked at once more after its farewell.
template <class Slow>
void node_barrier::wait_for_meeting(shared_word& word, const patience& how, Slow&& slow) {
    const auto ready = [goal = meeting_](std::uint32_t count) { return reached(count, goal); };
    wait_on(word, shared_->flags.sleepers, how, ready, [&] {
        if (is_abandoned() && !ready(word.load(std::memory_order_acquire))) throw_if_abandoned();
        slow();
    });
}

void node_barrier::arrive_and_wait() {
    throw_if_abandoned(); // or a second try would be counted in place of the rank that left
    if (ranks_ == 1) return;
    ++meeting_;
    store_and_wake(line(rank_).arrived, meeting_, shared_->flags.sleepers);
    if (by_flags_) {
        for (int peer = 0; peer < ranks_; ++peer)
            wait_for_meeting(line(peer).arrived, patience_, [] {});
        return;
    }
    // Many ranks, or ranks that share cores: the last one to arrive ends the meeting, so that
    // nobody has to be awake for it but that one.
    ++counted_;
    const std::uint32_t all = counted_ * static_cast<std::uint32_t>(ranks_);
    if (shared_->count.arrivals.fetch_add(1, std::memory_order_acq_rel) + 1 == all)
        store_and_wake(shared_->meeting.released, meeting_, shared_->flags.sleepers);
    else
        wait_for_meeting(shared_->meeting.released, patience_, [] {});
}

void node_barrier::arrive(const agreed_words& words) {
    ++meeting_;
    line(rank_).words = words;
    store_and_wake(line(rank_).arrived, meeting_, shared_->flags.sleepers);
}

agreed_words node_barrier::wait_for_all(const std::function<void()>& progress) {
    throw_if_abandoned(); // ranks may come once more after they were told
    agreed_words all{};
    patience how = patience_;
    if (progress) how.sleep_ns = 100'000; // other nodes may be waiting for our progress
    for (int peer = 0; peer < ranks_; ++peer) {
        wait_for_meeting(line(peer).arrived, how, [&] {
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
    wait_for_meeting(shared_->meeting.released, patience_, [] {});
    return shared_->meeting.result;
}

void node_barrier::abandon() noexcept {
    std::uint32_t nobody = 0;
    shared_->flags.abandoned.compare_exchange_strong(nobody, static_cast<std::uint32_t>(rank_) + 1);
    futex_wake_all(shared_->meeting.released);
    for (int peer = 0; peer < ranks_; ++peer) futex_wake_all(line(peer).arrived);
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
