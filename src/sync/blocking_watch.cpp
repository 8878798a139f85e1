#include "blocking_watch.hpp"

#include "host_name.hpp"
#include "quiet_thread.hpp"
#include "watchdog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <mutex>
#include <pthread.h>
#include <unistd.h>

namespace nodespan::detail {
namespace {

// The calls that may wait are listed in slots. A slot holds the address of the call's watch, and 0
// if it is free; the thread makes the address odd while it reads, and until then the watch stays.
// If more calls wait at once than there are slots, the others are not watched.
struct slot {
    std::atomic<std::uintptr_t> watch{0};
    std::atomic<std::uint32_t> turn{0}; // tells two calls apart that use the same address
};
constinit std::array<slot, 8> slots;

struct thread_state {
    shared_word stop{0};
    pthread_t thread{};
    pid_t process = 0;
    long period_ns = 0;
};

// What the thread knows of one slot.
struct sight {
    std::uint32_t turn = 0;
    bool is_known = false;
    watchdog dog;
};

// Prints the line for a call, if it is overdue and still the call that was seen before.
void look_at(slot& here, sight& seen) {
    std::uintptr_t address = here.watch.load(std::memory_order_acquire);
    const bool is_watched = address != 0 && address % 2 == 0; // not free, nor about to be taken
    if (!is_watched ||
        !here.watch.compare_exchange_strong(address, address | 1, std::memory_order_acq_rel)) {
        seen = {};
        return;
    }
    auto& watch = *reinterpret_cast<blocking_watch*>(address); // NOLINT: what its owner put there
    const std::uint32_t turn = here.turn.load(std::memory_order_relaxed);
    if (!seen.is_known || seen.turn != turn)
        seen = {turn, true, {}};
    else
        watch.write_note();
    std::string line;
    if (seen.dog.is_overdue()) line = watch.text(seen.dog.seconds());
    here.watch.store(address, std::memory_order_release);
    if (line.empty()) return;
    if (watchdog::aborts()) alarm(10); // MPI_Abort may wait for the thread that waits
    watchdog::tell(line);
}

void* run(void* given) {
    auto& state = *static_cast<thread_state*>(given);
    std::array<sight, slots.size()> seen;
    while (state.stop.load(std::memory_order_acquire) == 0) {
        try {
            for (std::size_t i = 0; i < slots.size(); ++i) look_at(slots[i], seen[i]);
        } catch (...) { // there is no memory for the line
        }
        futex_wait(state.stop, 0, state.period_ns);
    }
    return nullptr;
}

// A forked child has a copy of the state, but not the thread.
void stop(thread_state* state) {
    if (state->process != getpid()) return;
    state->stop.store(1, std::memory_order_release);
    futex_wake_all(state->stop);
    pthread_join(state->thread, nullptr);
    delete state;
}

constinit std::mutex making;

std::weak_ptr<clock_watcher>& present() {
    static std::weak_ptr<clock_watcher> one;
    return one;
}

} // namespace

std::shared_ptr<clock_watcher> clock_watcher::hold() noexcept try {
    const double limit = watchdog::limit_seconds();
    if (limit == 0) return nullptr;
    const std::scoped_lock alone(making);
    if (auto there = present().lock()) return there;
    auto state = std::make_unique<thread_state>();
    state->process = getpid();
    state->period_ns = static_cast<long>(std::clamp(limit / 4, 0.005, 5.0) * 1e9);
    if (start_quiet_thread(state->thread, run, state.get()) != 0) return nullptr;
    static clock_watcher nameless;
    const std::shared_ptr<clock_watcher> made(&nameless,
                                              [s = state.release()](clock_watcher*) { stop(s); });
    present() = made;
    return made;
} catch (...) {
    return nullptr; // no memory: calls are not watched
}

blocking_watch::blocking_watch(const char* call, const waiter& who, std::span<const int> nodes,
                               const char* others) noexcept
    : call_(call),
      who_(who),
      nodes_(nodes),
      others_(others) {
    for (slot& here : slots) {
        std::uintptr_t free = 0;
        if (!here.watch.compare_exchange_strong(free, 1, std::memory_order_acquire)) continue;
        here.turn.store(here.turn.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        here.watch.store(reinterpret_cast<std::uintptr_t>(this), std::memory_order_release);
        slot_ = &here.watch;
        return;
    }
}

blocking_watch::~blocking_watch() {
    if (slot_ == nullptr) return;
    auto mine = reinterpret_cast<std::uintptr_t>(this);
    while (!slot_->compare_exchange_weak(mine, 0, std::memory_order_acq_rel)) {
        mine = reinterpret_cast<std::uintptr_t>(this);
        yield_core(); // waits until the thread has read
    }
    if (has_note_) who_.note->store(0, std::memory_order_relaxed);
}

std::string blocking_watch::text(double seconds) const {
    return fmt::format(
        "{}: rank {} has waited {:.1f} s on host {} for {}", call_, who_.rank, seconds, host_name(),
        nodes_.empty() || who_.ends == nullptr ? others_
                                               : who_.ends->text({nodes_.begin(), nodes_.end()}));
}

void blocking_watch::write_note() noexcept {
    if (who_.note == nullptr || nodes_.empty()) return;
    has_note_ = true;
    who_.note->store(static_cast<std::uint32_t>(nodes_.front()) + 1, std::memory_order_relaxed);
}

} // namespace nodespan::detail
