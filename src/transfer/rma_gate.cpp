#include "rma_gate.hpp"

#include "agreement.hpp"
#include "arena.hpp"
#include "rma_window.hpp"
#include "team_core.hpp"
#include "wait.hpp"

#include <algorithm>
#include <mutex>

// How the ranks of a node and those of other nodes share one lock.
//
// Two parties want the lock: the rank that holds the node's own ticket lock (mutex.cpp), which uses
// loads and stores, and the first of a queue of ranks of other nodes, which use MPI.
//
// The words. `next` and `serving` are the tickets of the other nodes: only MPI changes them, by
// MPI_Fetch_and_op and MPI_Accumulate, since nothing is promised if MPI and the processor change
// the same word. `home` says what the lock's own node does: idle, inside, or waiting for a ticket.
// Only the processor changes it.
//
// Order (Dekker 1965). Each party announces itself first and looks at the other afterwards; whoever
// sees the other waits. The own node stores `home` = inside and then reads `next` and `serving`,
// all seq_cst. If another rank has a ticket, the node stores `home` = waiting for the ticket being
// served, waits until that ticket is over, and then is inside. A rank of another node draws its
// ticket, which changes `next`, and then reads `serving` and `home`; a flush comes between, because
// an answer may come back before the change is made. It enters if its ticket is served and `home`
// is idle or waits for this very ticket.
//
// Taking turns: a node that waits for ticket t lets only t pass. When t has gone, the next ticket
// has to wait for the node. So neither party can keep the other out for ever. Readers of the own
// node enter together; the first closes the gate and the last opens it. While a rank of another
// node waits, no reader joins the readers inside, until the others have had a turn.
//
// What was written is visible: open() and unlock() flush all that this rank has sent before they
// give the lock away.
//
// Errors: a rank whose wait fails still waits for its turn and passes it on (pass_on), so that
// others do not wait for it. If a flush fails, the lock is given away all the same, and the error
// is thrown. If a rank dies while it holds the lock, or MPI cannot even pass the turn on, the
// others wait, and the watchdog says for whom.

namespace nodespan::detail {
namespace {

constexpr std::uint64_t idle = 0;
constexpr std::uint64_t inside = 1; // or about to look at the others
constexpr std::uint64_t waiting_for(std::uint64_t ticket) {
    return ticket << 2 | 2;
}

bool may_pass(std::uint64_t home, std::uint64_t ticket) {
    return home == idle || home == waiting_for(ticket);
}

} // namespace

rma_gate::rma_gate(team_core& team, arena& memory, rma_window& window, int node, std::size_t offset,
                   gate_words* words, const occasion& why)
    : team_(team),
      arena_(memory),
      window_(window),
      node_(node),
      offset_(offset),
      words_(words),
      me_{team.rank(), why} {
    if (words_ != nullptr) reader_lock_ = mutex(&words_->reader_words, team.is_oversubscribed());
}

bool rma_gate::begin_call() {
    return team_.threads().begin("mutex");
}

void rma_gate::end_call() noexcept {
    team_.threads().end();
}

void rma_gate::progress() {
    team_.progress();
    do_duty();
}

// What a rank does between two tries.
void rma_gate::work_on(watchdog& watch, const char* for_whom) {
    progress();
    if (watch.is_overdue()) me_.complain(watch, for_whom);
}

std::uint64_t rma_gate::turn_of_others() const noexcept {
    return words_->serving.load(std::memory_order_seq_cst);
}

bool rma_gate::others_want() const noexcept {
    return turn_of_others() != words_->next.load(std::memory_order_seq_cst);
}

void rma_gate::close() {
    words_->home.store(inside, std::memory_order_seq_cst); // before the look at others
    const std::uint64_t ticket = turn_of_others();
    if (words_->next.load(std::memory_order_seq_cst) == ticket) return;
    words_->home.store(waiting_for(ticket), std::memory_order_seq_cst);
    watchdog watch;
    try {
        for (pause p(team_.is_oversubscribed());
             words_->serving.load(std::memory_order_acquire) == ticket; p.wait())
            work_on(watch, "a rank of another node, which holds it");
    } catch (...) {
        words_->home.store(idle, std::memory_order_release);
        throw;
    }
    words_->home.store(inside, std::memory_order_seq_cst);
}

bool rma_gate::try_close() {
    words_->home.store(inside, std::memory_order_seq_cst);
    if (!others_want()) return true;
    words_->home.store(idle, std::memory_order_release);
    return false;
}

// Flushes first, so that what was sent under the lock is there for its next owner. If that fails
// the lock is given away all the same; otherwise others would wait for ever.
void rma_gate::open() {
    const std::optional<error> failure = attempt([&] { arena_.flush(); });
    words_->home.store(idle, std::memory_order_release);
    if (failure) throw error(*failure);
}

// Whether a reader may enter; called while this rank counts readers. The first reader closes the
// gate. Later readers enter beside it. But if ranks of other nodes wait for the lock, a new reader
// enters only after one of these has had its turn; otherwise readers that overlap would never open
// the gate.
bool rma_gate::may_come_in(std::optional<std::uint64_t>& turn) {
    if (words_->readers == 0) {
        close();
        return true;
    }
    if (!others_want()) return true;
    const std::uint64_t now = turn_of_others();
    if (!turn) turn = now;
    return *turn != now;
}

// While it counts readers a rank may wait for other nodes, which may wait for this rank's progress.
void rma_gate::close_shared() {
    std::optional<std::uint64_t>
        turn; // turn of the others when this reader had to let one go first
    watchdog watch;
    for (pause p(team_.is_oversubscribed());; p.wait()) {
        if (const std::unique_lock counting(reader_lock_, std::try_to_lock);
            counting && may_come_in(turn)) {
            ++words_->readers;
            return;
        }
        work_on(watch, "readers of this node, who wait for another node");
    }
}

bool rma_gate::try_close_shared() {
    const std::unique_lock counting(reader_lock_, std::try_to_lock);
    if (!counting || (words_->readers == 0 ? !try_close() : others_want())) return false;
    ++words_->readers;
    return true;
}

void rma_gate::open_shared() {
    std::optional<error> failure = attempt([&] { arena_.flush(); });
    {
        // A rank that counts readers now does not wait for other nodes, since there is a reader
        // inside.
        const std::scoped_lock counting(reader_lock_);
        if (--words_->readers == 0) words_->home.store(idle, std::memory_order_release);
    }
    if (failure) throw error(*failure);
}

// The flush waits for the answer and for the change; the answer may come before the change is made.
std::uint64_t rma_gate::draw_ticket() {
    constexpr std::uint64_t none = ~std::uint64_t{0}, one = 1;
    std::uint64_t ticket = none;
    try {
        window_.start_fetch_and_op(node_, offset_ + offsetof(gate_words, next), sizeof one,
                                   MPI_UINT64_T, &one, &ticket, MPI_SUM);
        window_.flush(node_);
    } catch (...) {
        if (ticket != none) pass_on(ticket);
        throw;
    }
    return ticket;
}

// This rank does not wait for the change: none of its next steps depends on it.
void rma_gate::give_turn() {
    constexpr std::uint64_t value = 1;
    const mpi_elements one{MPI_UINT64_T, 1};
    window_.accumulate(node_, offset_ + offsetof(gate_words, serving), sizeof value, one, &value,
                       one, MPI_SUM);
    window_.complete_local();
}

void rma_gate::lock() {
    const std::uint64_t ticket = draw_ticket();
    try {
        wait_for_turn(ticket);
    } catch (...) {
        pass_on(ticket);
        throw;
    }
}

void rma_gate::wait_for_turn(std::uint64_t ticket) {
    std::uint64_t seen[2]; // serving, home
    watchdog watch;
    for (pause p(true);; p.wait()) {
        window_.read_words(node_, offset_ + offsetof(gate_words, serving), seen, 2);
        if (seen[0] == ticket && may_pass(seen[1], ticket)) return;
        work_on(watch, seen[0] == ticket ? "a rank of that node, which holds it"
                                         : "a rank of another node, which holds it or comes first");
    }
}

// Called while another error is being thrown: waits for the turn without reporting anything, and
// passes it on. If MPI fails in this too, no rank gets the lock any more, and the watchdog says so.
void rma_gate::pass_on(std::uint64_t ticket) noexcept {
    constexpr int most_failures = 3;
    int failures = 0;
    for (pause p(true); failures < most_failures; p.wait()) {
        try {
            std::uint64_t serving = 0;
            window_.read_words(node_, offset_ + offsetof(gate_words, serving), &serving, 1);
            if (serving == ticket) return give_turn();
            progress();
        } catch (...) {
            ++failures;
        }
    }
}

bool rma_gate::try_lock() {
    std::uint64_t seen[3]; // next, serving, home
    window_.read_words(node_, offset_ + offsetof(gate_words, next), seen, 3);
    const std::uint64_t ticket = seen[0];
    if (seen[1] != ticket || seen[2] != idle) return false;
    const std::uint64_t desired = ticket + 1;
    std::uint64_t before = 0;
    window_.compare_and_swap(node_, offset_ + offsetof(gate_words, next), sizeof desired,
                             MPI_UINT64_T, &ticket, &desired, &before);
    if (before != ticket) return false;
    try {
        window_.flush(node_); // the answer may come before the change is made
        window_.read_words(node_, offset_ + offsetof(gate_words, serving), seen, 2);
        if (may_pass(seen[1], ticket)) return true;
    } catch (...) {
        pass_on(ticket);
        throw;
    }
    give_turn(); // gives the ticket back unused
    return false;
}

void rma_gate::unlock() {
    const std::optional<error> failure = attempt([&] { arena_.flush(); }); // as in open
    give_turn();
    if (failure) throw error(*failure);
}

} // namespace nodespan::detail
