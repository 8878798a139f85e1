#pragma once

#include "far_ends.hpp"
#include "wait.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace nodespan::detail {

/// The thread that looks at the clock for those that wait inside MPI, where nobody else can. It
/// sleeps, calls nothing of MPI but its abort, takes no signals, and ends with the last that holds
/// it: every team does, and who makes one.
class clock_watcher {
public:
    /// That of this process; null where there can be none, or NODESPAN_TIMEOUT is 0.
    static std::shared_ptr<clock_watcher> hold() noexcept;
};

/// A rank that may wait, and what it knows of those it waits for.
struct waiter {
    int rank = 0;
    const far_ends* ends = nullptr;
    shared_word* note = nullptr; // where its node sees which node it waits for: node_barrier::note
};

/// Stands beside one call that may wait inside MPI: when it takes too long, the clock_watcher,
/// where somebody holds it, tells what the watchdog tells elsewhere.
/// Cost:   two atomic instructions on a line of this process, some ns.
class blocking_watch {
public:
    /// For some nodes, or for `others` in words. What is named here stays until the end.
    blocking_watch(const char* call, const waiter& who, std::span<const int> nodes) noexcept
        : blocking_watch(call, who, nodes, "other nodes") {}
    blocking_watch(const char* call, const waiter& who, const char* others) noexcept
        : blocking_watch(call, who, {}, others) {}
    ~blocking_watch();
    blocking_watch(const blocking_watch&) = delete;            // known by its address
    blocking_watch& operator=(const blocking_watch&) = delete; // known by its address

    /// For the thread: what to say after so many seconds, and the note on the node.
    std::string text(double seconds) const;
    void write_note() noexcept;

private:
    blocking_watch(const char* call, const waiter& who, std::span<const int> nodes,
                   const char* others) noexcept;

    const char* call_;
    waiter who_;
    std::span<const int> nodes_;
    const char* others_;
    bool has_note_ = false;
    std::atomic<std::uintptr_t>* slot_ = nullptr;
};

} // namespace nodespan::detail
