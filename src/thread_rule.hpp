#pragma once

#include <atomic>

namespace nodespan::detail {

/// Which of a process's threads may make a team's calls, as MPI's thread level has it: with
/// MPI_THREAD_SINGLE and MPI_THREAD_FUNNELED the main thread, with MPI_THREAD_SERIALIZED and
/// MPI_THREAD_MULTIPLE any thread, one at a time.
class thread_rule {
public:
    /// For the team that `operation` makes; asks MPI. Errors: errc::wrong_thread, MPI category.
    explicit thread_rule(const char* operation);

    /// One call, as long as this object lives; calls within it are its own.
    class call {
    public:
        /// A null rule allows everything. Errors: errc::wrong_thread, before anything is done.
        /// Cost: a compare for the main thread, else one or two atomic instructions.
        call(thread_rule* rule, const char* operation)
            : rule_(rule != nullptr && rule->caller_.load(std::memory_order_relaxed) != me()
                        ? rule
                        : nullptr) {
            if (rule_ != nullptr) rule_->enter(operation);
        }
        ~call() {
            if (rule_ != nullptr) rule_->caller_.store(nullptr, std::memory_order_release);
        }
        call(const call&) = delete;            // for one scope
        call& operator=(const call&) = delete; // for one scope

    private:
        thread_rule* rule_; // null where there is nothing to undo
    };

private:
    // Something that every thread has one of.
    static const void* me() noexcept {
        static thread_local char mine;
        return &mine;
    }

    void enter(const char* operation);

    int level_;
    std::atomic<const void*> caller_{nullptr}; // who may call, or is in a call
    std::atomic<const char*> under_way_{""};
};

} // namespace nodespan::detail
