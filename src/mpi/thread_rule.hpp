#pragma once

#include "mpi_turn.hpp"
#include "nodespan/detail/process_state.hpp"

#include <atomic>

namespace nodespan::detail {

/// Which threads of a process may make the calls of a team, according to MPI's thread level: with
/// MPI_THREAD_SINGLE and MPI_THREAD_FUNNELED the main thread, with MPI_THREAD_SERIALIZED and
/// MPI_THREAD_MULTIPLE any thread, one at a time.
class thread_rule {
public:
    /// For the team that `operation` makes; asks MPI for the level.
    /// Errors: errc::wrong_thread, MPI category.
    explicit thread_rule(const char* operation);

    /// Begins a call. Returns whether end() must follow; it need not if the call is inside another
    /// one.
    /// Errors: errc::wrong_thread, errc::finalized; before anything is done.
    /// Cost:   a compare for the main thread, else one or two atomic instructions.
    bool begin(const char* operation) {
        require_live_process(operation);
        if (caller_.load(std::memory_order_relaxed) == me()) return false;
        enter(operation);
        return true;
    }
    void end() noexcept {
        mpi_turn::leave();
        caller_.store(nullptr, std::memory_order_release);
    }

    /// Whether begin() would admit this thread now, in a process that may call.
    bool admits_this_thread() const noexcept;

    /// One call, as long as this object lives; calls inside it belong to it.
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

    /// Whether this thread may call MPI beside the program's other threads, as far as is known.
    /// With MPI_THREAD_SERIALIZED only inside a call, since the program serialises only these.
    static bool may_call_mpi() noexcept;

private:
    // An address that differs between threads.
    static const void* me() noexcept {
        static thread_local char anything = 0;
        return &anything;
    }

    void enter(const char* operation);

    int level_;
    std::atomic<const void*> caller_{nullptr}; // who may call, or is in a call
    std::atomic<const char*> under_way_{""};
};

} // namespace nodespan::detail
