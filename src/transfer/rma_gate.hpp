#pragma once

#include "nodespan/mutex.hpp"
#include "watchdog.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace nodespan::detail {

class arena;
class rma_window;
class team_core;

/// The words behind a lock_gate; zeroed, in the memory of the lock's node. Only MPI changes `next`
/// and `serving`, and only the processor changes `home`: nothing is promised if both change a word.
struct gate_words {
    std::atomic<std::uint64_t> next;    // the next ticket for ranks of other nodes
    std::atomic<std::uint64_t> serving; // the ticket that has its turn
    std::atomic<std::uint64_t> home;    // what the lock's own node does, see rma_gate.cpp
    mutex_words reader_words;           // order the readers that count readers
    std::uint32_t readers;              // readers of the lock's own node that are inside
};

/// The gate of one array's lock on one node, as seen by this rank.
class rma_gate final : public lock_gate {
public:
    /// `words` lie `offset` bytes into `window` on `node`. They are given by address on that node,
    /// and are null elsewhere. `why` is for messages.
    rma_gate(team_core& team, arena& memory, rma_window& window, int node, std::size_t offset,
             gate_words* words, const occasion& why);

    bool begin_call() override;
    void end_call() noexcept override;
    void close() override;
    bool try_close() override;
    void open() override;
    void close_shared() override;
    bool try_close_shared() override;
    void open_shared() override;
    void lock() override;
    bool try_lock() override;
    void unlock() override;
    void progress() override;

private:
    void work_on(watchdog& watch, const char* for_whom);
    bool may_come_in(std::optional<std::uint64_t>& turn);
    std::uint64_t draw_ticket();
    void wait_for_turn(std::uint64_t ticket);
    void give_turn();
    void pass_on(std::uint64_t ticket) noexcept;
    std::uint64_t turn_of_others() const noexcept;
    bool others_want() const noexcept;

    team_core& team_;
    arena& arena_;
    rma_window& window_;
    int node_;
    std::size_t offset_;
    gate_words* words_;
    mutex reader_lock_;
    lock_waiter me_;
};

} // namespace nodespan::detail
