#include "rma_lock.hpp"

#include "arena.hpp"
#include "rma_window.hpp"
#include "team_core.hpp"
#include "wait.hpp"

#include <algorithm>
#include <mutex>

// Two parties want the lock: the holder of the node's own ticket lock, by loads and stores, and the
// first of a queue of ranks of other nodes, by MPI. Who wants to be second waits (Dekker 1965):
// each party announces itself first and looks at the other afterwards. `home` says what the own
// node does; a node that waits says for which ticket of the others it does, and that one alone may
// pass it. So the two take turns.

namespace nodespan::detail {
namespace {

constexpr std::uint64_t idle = 0;
constexpr std::uint64_t inside = 1; // or about to look
constexpr std::uint64_t waiting_for(std::uint64_t ticket) {
    return ticket << 2 | 2;
}

bool may_pass(std::uint64_t home, std::uint64_t ticket) {
    return home == idle || home == waiting_for(ticket);
}

} // namespace

rma_lock::rma_lock(team_core& team, arena& memory, rma_window& window, int node, std::size_t offset,
                   gate_words* words, const occasion& why)
    : team_(team),
      arena_(memory),
      window_(window),
      node_(node),
      offset_(offset),
      words_(words),
      me_{team.rank(), why} {
    if (words_ != nullptr) reader_lock_ = mutex(&words_->reader_words, team.is_crowded());
}

void rma_lock::progress() {
    team_.progress();
    do_duty();
}

// What a rank does between two tries.
void rma_lock::work_on(watchdog& watch, const char* for_whom) {
    progress();
    if (watch.is_overdue()) me_.complain(watch, for_whom);
}

bool rma_lock::others_want() const noexcept {
    return words_->serving.load(std::memory_order_seq_cst) !=
           words_->next.load(std::memory_order_seq_cst);
}

void rma_lock::close() {
    const thread_rule::call mine(&team_.threads(), "mutex");
    words_->home.store(inside, std::memory_order_seq_cst); // before the look at others
    const std::uint64_t ticket = words_->serving.load(std::memory_order_seq_cst);
    if (words_->next.load(std::memory_order_seq_cst) == ticket) return;
    words_->home.store(waiting_for(ticket), std::memory_order_seq_cst);
    watchdog watch;
    for (pause p(team_.is_crowded()); words_->serving.load(std::memory_order_acquire) == ticket;
         p.wait())
        work_on(watch, "a rank of another node, which holds it");
    words_->home.store(inside, std::memory_order_seq_cst);
}

bool rma_lock::try_close() {
    const thread_rule::call mine(&team_.threads(), "mutex");
    words_->home.store(inside, std::memory_order_seq_cst);
    if (!others_want()) return true;
    words_->home.store(idle, std::memory_order_release);
    return false;
}

void rma_lock::open() {
    arena_.flush(); // what was sent under the lock is there for the next one
    words_->home.store(idle, std::memory_order_release);
}

// Who counts readers may wait for other nodes, which may wait for this rank's progress.
void rma_lock::lock_readers() {
    watchdog watch;
    for (pause p(team_.is_crowded()); !reader_lock_.try_lock(); p.wait())
        work_on(watch, "readers of this node, who wait for another node");
}

void rma_lock::close_shared() {
    const thread_rule::call mine(&team_.threads(), "mutex");
    lock_readers();
    const std::scoped_lock counting(std::adopt_lock, reader_lock_);
    if (words_->readers == 0) close();
    ++words_->readers;
}

bool rma_lock::try_close_shared() {
    const thread_rule::call mine(&team_.threads(), "mutex");
    const std::unique_lock counting(reader_lock_, std::try_to_lock);
    if (!counting || (words_->readers == 0 && !try_close())) return false;
    ++words_->readers;
    return true;
}

void rma_lock::open_shared() {
    lock_readers();
    const std::scoped_lock counting(std::adopt_lock, reader_lock_);
    if (--words_->readers == 0) open();
}

// The flush awaits the answer and the change, which it may come ahead of.
std::uint64_t rma_lock::add_to(std::size_t word, std::uint64_t value) {
    std::uint64_t before = 0;
    window_.start_fetch_and_op(node_, offset_ + word, sizeof value, MPI_UINT64_T, &value, &before,
                               MPI_SUM);
    window_.flush(node_);
    return before;
}

// Nobody's next step here depends on it.
void rma_lock::send_to(std::size_t word, std::uint64_t value) {
    const mpi_elements one{MPI_UINT64_T, 1};
    window_.accumulate(node_, offset_ + word, sizeof value, one, &value, one, MPI_SUM);
    window_.complete_local();
}

void rma_lock::lock() {
    const thread_rule::call mine(&team_.threads(), "mutex");
    const std::uint64_t ticket = add_to(offsetof(gate_words, next), 1);
    std::uint64_t seen[2]; // serving, home
    watchdog watch;
    for (pause p(true);; p.wait()) {
        window_.read_words(node_, offset_ + offsetof(gate_words, serving), seen, 2);
        if (seen[0] == ticket && may_pass(seen[1], ticket)) return;
        work_on(watch, seen[0] == ticket ? "a rank of that node, which holds it"
                                         : "a rank of another node, which holds it or comes first");
    }
}

bool rma_lock::try_lock() {
    const thread_rule::call mine(&team_.threads(), "mutex");
    std::uint64_t seen[3]; // next, serving, home
    window_.read_words(node_, offset_ + offsetof(gate_words, next), seen, 3);
    const std::uint64_t ticket = seen[0];
    if (seen[1] != ticket || seen[2] != idle) return false;
    const std::uint64_t desired = ticket + 1;
    std::uint64_t before = 0;
    window_.compare_and_swap(node_, offset_ + offsetof(gate_words, next), sizeof desired,
                             MPI_UINT64_T, &ticket, &desired, &before);
    if (before != ticket) return false;
    window_.flush(node_); // the answer may come ahead of the change
    window_.read_words(node_, offset_ + offsetof(gate_words, serving), seen, 2);
    if (may_pass(seen[1], ticket)) return true;
    send_to(offsetof(gate_words, serving), 1); // the turn is given back unused
    return false;
}

void rma_lock::unlock() {
    arena_.flush(); // what was sent under the lock is there for the next one
    send_to(offsetof(gate_words, serving), 1);
}

} // namespace nodespan::detail
