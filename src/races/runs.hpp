#pragma once

#include "cells.hpp"
#include "steps.hpp"

#include <cstddef>
#include <cstdint>

namespace nodespan::detail::race {

/// The runs of a thread. Their `next` is written by the thread without a lock, and everything else
/// under it.
struct thread_buffer {
    static constexpr std::size_t run_count = 1024;
    run reads[run_count];
    run writes[run_count];
    spin_lock lock;
    std::vector<run*> used; // of these, and of those that lie where the program's code knows them
    memory_of_thread memory;
    int inside = 0; // calls of the library: what they copy is told by themselves
    bool is_free = false;
};

/// This thread's buffer, made when first asked for.
thread_buffer& own_buffer();

/// Looks at all accesses that all threads have made so far.
/// Call:   under process_state::one_at_a_time.
void settle_all() noexcept;

/// An access that is looked at now.
void touch_now(std::uintptr_t begin, std::size_t bytes, const deed& how);

/// What an access does that is not the next one of its run. The first looks for the run.
void begin_run(op what, std::uintptr_t address, std::uint32_t bytes, std::uintptr_t where) noexcept;
void begin_run(run& r, op what, std::uintptr_t address, std::uint32_t bytes,
               std::uintptr_t where) noexcept;

extern thread_buffer nobodys_buffer;
extern __thread thread_buffer* buffer_of_thread __attribute__((tls_model("initial-exec")));

inline std::size_t place_of(std::uintptr_t where) noexcept {
    return (where ^ where >> 10) % thread_buffer::run_count;
}

inline bool is_watched(std::uintptr_t address) noexcept {
    return address - watched_lo < watched_span;
}

/// What the compiler calls before a load or a store.
template <op What, std::uint32_t Bytes>
inline void accessed(const void* address, const void* caller) noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    if (!is_watched(at)) [[likely]]
        return;
    const auto where = reinterpret_cast<std::uintptr_t>(caller);
    thread_buffer& mine = *buffer_of_thread;
    run& r = (What == op::read ? mine.reads : mine.writes)[place_of(where)];
    if (r.next == at && r.where == where) [[likely]] {
        r.next = at + static_cast<std::uintptr_t>(static_cast<std::intptr_t>(r.stride));
        return;
    }
    begin_run(What, at, Bytes, where);
}

} // namespace nodespan::detail::race
