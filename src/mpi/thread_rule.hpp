#pragma once

#include "nodespan/detail/process_state.hpp"

#include <atomic>

namespace nodespan::detail {

/// Which of a process's threads may make a team's calls, as MPI's thread level has it: with
/// MPI_THREAD_SINGLE and MPI_THREAD_FUNNELED the main thread, with MPI_THREAD_SERIALIZED and
/// MPI_THREAD_MULTIPLE any thread, one at a time.
class thread_rule {
public:
    /// For the team that `operation` makes; asks MPI.
    /// Errors: errc::wrong_thread, MPI category.
    explicit thread_rule(const char* operation);

    /// The begin of a call, and whether end() has to follow: not where it is within another one.
    /// Errors: errc::wrong_thread, errc::finalized; before anything is done.
    /// Cost:   a compare for the main thread, else one or two atomic instructions.
    bool begin(const char* operation) {
        require_live_process(operation);
        if (caller_.load(std::memory_order_relaxed) == me()) return false;
        enter(operation);
        return true;
    }
    void end() noexcept {
        --calls_of_this_thread();
        caller_.store(nullptr, std::memory_order_release);
    }

    /// Whether begin() would let this thread in now, in a process that may call.
    bool admits_this_thread() const noexcept;

    /// One call, as long as this object lives; calls within it are its own.
    class call {
    public:
        /// A null rule allows all threads.
        /// Errors: as begin().
        call(thread_rule* rule, const char* operation) {
            if (rule == nullptr)
                require_live_process(operation);
            else if (rule->begin(operation))
                rule_ = rule;
        }
        ~call() {
            if (rule_ != nullptr) rule_->end();
        }
        call(const call&) = delete;            // for one scope
        call& operator=(const call&) = delete; // for one scope

    private:
        thread_rule* rule_ = nullptr; // where there is something to undo
    };

    /// Whether this thread may call MPI beside the program's other threads, as far as is known:
    /// with MPI_THREAD_SERIALIZED only within a call, since the program sees to these alone.
    static bool may_call_mpi() noexcept;

private:
    // Something that every thread has one of.
    static const void* me() noexcept { return &calls_of_this_thread(); }

    // Of those that end(): the main thread's have none where it alone may call.
    static unsigned& calls_of_this_thread() noexcept {
        static thread_local unsigned calls = 0;
        return calls;
    }

    void enter(const char* operation);

    int level_;
    std::atomic<const void*> caller_{nullptr}; // who may call, or is in a call
    std::atomic<const char*> under_way_{""};
};

} // namespace nodespan::detail
