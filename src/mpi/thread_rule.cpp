#include "thread_rule.hpp"

#include "mpi_check.hpp"
#include "nodespan/error.hpp"

#include <fmt/format.h>
#include <mpi.h>

namespace nodespan::detail {
namespace {

[[noreturn]] void refuse_other_thread(const char* operation, int level) {
    throw error(
        errc::wrong_thread,
        fmt::format("{}: this is not the main thread, and MPI was started with {}, which "
                    "lets that one alone call it; start it with MPI_THREAD_SERIALIZED "
                    "(thread_level::serialized), or leave such calls to the main thread",
                    operation,
                    level == MPI_THREAD_SINGLE ? "MPI_THREAD_SINGLE" : "MPI_THREAD_FUNNELED"));
}

bool is_for_main_alone(int level) {
    return level == MPI_THREAD_SINGLE || level == MPI_THREAD_FUNNELED;
}

} // namespace

thread_rule::thread_rule(const char* operation) {
    mpi_check(MPI_Query_thread(&level_), "MPI_Query_thread");
    if (!is_for_main_alone(level_)) return;
    int is_main = 0;
    mpi_check(MPI_Is_thread_main(&is_main), "MPI_Is_thread_main");
    if (is_main == 0) refuse_other_thread(operation, level_);
    caller_.store(me(), std::memory_order_relaxed);
}

void thread_rule::enter(const char* operation) {
    if (is_for_main_alone(level_)) refuse_other_thread(operation, level_);
    const void* nobody = nullptr;
    if (!caller_.compare_exchange_strong(nobody, me(), std::memory_order_acquire))
        throw error(errc::wrong_thread,
                    fmt::format("{}: another thread of this rank is in {} of the same team; a "
                                "rank's threads call one at a time, which is theirs to see to",
                                operation, under_way_.load(std::memory_order_relaxed)));
    under_way_.store(operation, std::memory_order_relaxed);
    mpi_turn::enter();
}

bool thread_rule::admits_this_thread() const noexcept {
    const void* const caller = caller_.load(std::memory_order_relaxed);
    return caller == me() || (caller == nullptr && !is_for_main_alone(level_));
}

bool thread_rule::may_call_mpi() noexcept {
    int level = MPI_THREAD_SINGLE, is_main = 0;
    if (!mpi_is_alive() || MPI_Query_thread(&level) != MPI_SUCCESS) return false;
    if (level == MPI_THREAD_MULTIPLE) return true;
    if (level == MPI_THREAD_SERIALIZED) return mpi_turn::depth() > 0;
    return MPI_Is_thread_main(&is_main) == MPI_SUCCESS && is_main != 0;
}

} // namespace nodespan::detail
