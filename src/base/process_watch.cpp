#include "process_watch.hpp"

#include "nodespan/error.hpp"

#include <pthread.h>

namespace nodespan::detail {

constinit std::atomic<process_state> state_of_process{process_state::good};

namespace {

constinit std::atomic<bool (*)() noexcept> own_question{nullptr};

void note_fork() noexcept {
    state_of_process.store(process_state::forked, std::memory_order_relaxed);
}

} // namespace

// If there is no memory to register the handler, forks are not noticed.
void watch_process(bool (*is_finalized)() noexcept) {
    own_question.store(is_finalized, std::memory_order_relaxed);
    [[maybe_unused]] static const int once = pthread_atfork(nullptr, nullptr, note_fork);
}

void note_ending() noexcept {
    process_state good = process_state::good;
    state_of_process.compare_exchange_strong(good, process_state::ending);
}

bool may_process_call() noexcept {
    const auto is_finalized = own_question.load(std::memory_order_relaxed);
    return !is_forked() && (is_finalized == nullptr || !is_finalized());
}

void require_process(const char* operation) {
    if (!may_process_call()) refuse_process(operation);
}

void refuse_process(const std::string& operation) {
    if (is_forked())
        throw error(errc::wrong_thread,
                    operation + ": this process is a fork of a rank, which may use views and "
                                "nothing else of the library; leave such calls to the rank itself");
    throw error(errc::finalized,
                operation + ": MPI is finalised already; arrays and teams must be used, and "
                            "should end, before MPI_Finalize");
}

} // namespace nodespan::detail
