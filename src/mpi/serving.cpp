#include "serving.hpp"

#include "mpi_life.hpp"
#include "process_word.hpp"
#include "thread_rule.hpp"
#include "wait.hpp"

#include <mpi.h>

#include <atomic>

namespace nodespan::detail {
namespace {

constinit std::atomic<int> of_this_copy{0}; // for processes without a shared word
constinit std::atomic<int> own_rank{0};     // in MPI_COMM_WORLD; any rank there would do

std::atomic<int>& led_teams() noexcept {
    static std::atomic<int>* const shared = process_word("nodespan-led-teams");
    return shared != nullptr ? *shared : of_this_copy;
}

// Returns whether it should be called again soon.
bool serve() noexcept {
    const bool leads = led_teams().load(std::memory_order_relaxed) > 0;
    if (!(leads || has_debts()) || !thread_rule::may_call_mpi()) return false;
    pay_debts();
    if (!leads) return false;
    enter_mpi();
    return true;
}

} // namespace

// MPICH 4 answers a probe of a communicator of one rank without looking at the network, and Open
// MPI a probe of any source by looking at all ranks.
void enter_mpi() noexcept {
    int has_message = 0;
    MPI_Iprobe(own_rank.load(std::memory_order_relaxed), MPI_ANY_TAG, MPI_COMM_WORLD, &has_message,
               MPI_STATUS_IGNORE);
}

void watch_led_teams() noexcept {
    led_teams();
    set_duty(serve);
}

void start_serving() noexcept {
    int found = 0;
    if (MPI_Comm_rank(MPI_COMM_WORLD, &found) == MPI_SUCCESS)
        own_rank.store(found, std::memory_order_relaxed);
    ++led_teams();
}

void stop_serving() noexcept {
    --led_teams();
}

} // namespace nodespan::detail
