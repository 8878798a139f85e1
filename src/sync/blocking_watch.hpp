#pragma once

#include "far_ends.hpp"
#include "wait.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace nodespan::detail {

/// The thread that looks at the clock for ranks that wait inside MPI, where they cannot do so
/// themselves. It sleeps, calls no MPI function but MPI_Abort, takes no signals, and ends when the
/// last holder lets go of it. Every team holds it, and so does the code that makes a team.
class clock_watcher {
public:
    /// Returns the watcher of this process; null if there can be none, or if NODESPAN_TIMEOUT is 0.
    static std::shared_ptr<clock_watcher> hold() noexcept;
};

/// A rank that may wait, and what it knows of the ranks for which it waits.
struct waiter {
    int rank = 0;
    const far_ends* ends = nullptr;
    shared_word* note = nullptr; // its node_barrier::note: the node it waits for
};

/// Accompanies one call that may wait inside MPI. If the call takes too long and somebody holds the
/// clock_watcher, that prints the line that the watchdog prints in other waits.
/// Cost:   two atomic instructions on a cache line of this process, some ns.
class blocking_watch {
public:
    /// Waits for some nodes, or for `others`, given in words. The arguments stay valid until the
    /// end.
    blocking_watch(const char* call, const waiter& who, std::span<const int> nodes) noexcept
        : blocking_watch(call, who, nodes, "other nodes") {}
    blocking_watch(const char* call, const waiter& who, const char* others) noexcept
        : blocking_watch(call, who, {}, others) {}
    ~blocking_watch();
    blocking_watch(const blocking_watch&) = delete;            // the thread knows it by its address
    blocking_watch& operator=(const blocking_watch&) = delete; // the thread knows it by its address

    /// For the thread: the line to print after so many seconds, and the note to other ranks of the
    /// node.
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
