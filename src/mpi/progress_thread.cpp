#include "progress_thread.hpp"

#include "mpi_turn.hpp"
#include "network_watch.hpp"
#include "nodespan/error.hpp"
#include "quiet_thread.hpp"
#include "serving.hpp"
#include "thread_rule.hpp"
#include "wait.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <mutex>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>
#include <utility>

namespace nodespan::detail {
namespace {

constexpr long short_ns = 50'000, long_ns = 1'000'000;
constexpr int looks_at_once = 8; // one may read a message, and a later one answer it

constexpr std::array<std::pair<std::string_view, progress_by>, 3> names{
    {{"calls", progress_by::calls},
     {"thread", progress_by::thread},
     {"serialized_thread", progress_by::serialized_thread}}};

// What the variable says; `as_set` where it is none of the names.
progress_by in_environment() noexcept {
    const char* const text = std::getenv("NODESPAN_PROGRESS_BY");
    if (text == nullptr || *text == '\0') return progress_by::calls;
    const auto* const found =
        std::ranges::find(names, std::string_view(text), [](const auto& one) { return one.first; });
    return found == names.end() ? progress_by::as_set : found->second;
}

int level_of(progress_by option) noexcept {
    if (option == progress_by::thread) return MPI_THREAD_MULTIPLE;
    return option == progress_by::serialized_thread ? MPI_THREAD_SERIALIZED : MPI_THREAD_SINGLE;
}

// The thread of this process, and how many hold it.
struct thread_state {
    shared_word stop{0};
    pthread_t thread{};
    pid_t process = 0; // a forked child has a copy of this, but not the thread
    bool takes_turns = false;
    int holders = 0;
};
constinit std::mutex in_use;
constinit thread_state* present = nullptr;

void serve_once(bool takes_turns) noexcept {
    if (takes_turns && !mpi_turn::try_take()) return; // a call of the library is in MPI
    for (int look = 0; look < looks_at_once; ++look) enter_mpi();
    if (takes_turns) mpi_turn::give_back();
}

// Sleeps until MPI may have something to do. Where other hosts are reached by sockets, these tell;
// the time limit is for what comes by other ways. Elsewhere nobody tells.
class sleep_between {
public:
    void operator()(shared_word& stop) noexcept {
        look_around();
        if (!network_.is_connected() || network_.wait(0)) // what was not read yet stays
            futex_wait(stop, 0, short_ns);
        else
            network_.wait(long_ns);
    }

private:
    using clock = std::chrono::steady_clock;

    void look_around() noexcept try {
        const auto now = clock::now();
        if (now < next_look_) return;
        next_look_ = now + std::chrono::milliseconds(20);
        network_.look_for_sockets();
    } catch (...) {
        // No memory: what is known already will do.
    }

    network_watch network_;
    clock::time_point next_look_{};
};

void* run(void* given) {
    auto& state = *static_cast<thread_state*>(given);
    prctl(PR_SET_TIMERSLACK, 1UL); // else each sleep takes 50 us more
    for (sleep_between pause; state.stop.load(std::memory_order_acquire) == 0; pause(state.stop))
        serve_once(state.takes_turns);
    return nullptr;
}

void stop() noexcept {
    thread_state* const state = std::exchange(present, nullptr);
    if (state == nullptr || state->process != getpid()) return;
    state->stop.store(1, std::memory_order_release);
    futex_wake_all(state->stop);
    pthread_join(state->thread, nullptr);
    if (state->takes_turns) mpi_turn::end_turns();
    delete state;
}

void let_go(thread_state* held) noexcept {
    const std::scoped_lock alone(in_use);
    if (present == held && --held->holders == 0) stop();
}

void start() {
    int level = MPI_THREAD_SINGLE;
    MPI_Query_thread(&level); // was checked by chosen_progress
    auto state = std::make_unique<thread_state>();
    state->process = getpid();
    state->takes_turns = level != MPI_THREAD_MULTIPLE;
    if (state->takes_turns) mpi_turn::begin_turns();
    if (const int failure = start_quiet_thread(state->thread, run, state.get())) {
        if (state->takes_turns) mpi_turn::end_turns();
        throw error(std::error_code(failure, std::generic_category()),
                    "team: the thread that was to keep MPI going could not be started");
    }
    present = state.release();
}

} // namespace

progress_by chosen_progress(progress_by option) {
    const bool is_set = option == progress_by::as_set;
    const progress_by chosen = is_set ? in_environment() : option;
    if (chosen == progress_by::as_set)
        throw error(errc::invalid_argument,
                    fmt::format("team: NODESPAN_PROGRESS_BY=\"{}\" is none of calls, thread and "
                                "serialized_thread",
                                std::getenv("NODESPAN_PROGRESS_BY")));
    int level = MPI_THREAD_SINGLE;
    MPI_Query_thread(&level); // the lowest level if it fails
    if (level < level_of(chosen))
        throw error(errc::invalid_argument,
                    fmt::format("team: progress by a thread needs {}, and MPI was started with "
                                "less; ask for thread_level::{} where MPI starts",
                                chosen == progress_by::thread
                                    ? "MPI_THREAD_MULTIPLE"
                                    : "MPI_THREAD_SERIALIZED or MPI_THREAD_MULTIPLE",
                                chosen == progress_by::thread ? "multiple" : "serialized"));
    return chosen;
}

int level_for_progress(int wanted) noexcept {
    return std::max(wanted, level_of(in_environment()));
}

std::shared_ptr<progress_thread> progress_thread::hold() {
    const std::scoped_lock alone(in_use);
    if (present == nullptr) start();
    ++present->holders;
    static progress_thread nameless;
    return {&nameless, [held = present](progress_thread*) { let_go(held); }};
}

void progress_thread::end() noexcept {
    const std::scoped_lock alone(in_use);
    stop();
}

} // namespace nodespan::detail
