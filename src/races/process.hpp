#pragma once

#include "ledger.hpp"
#include "race_hooks.hpp"
#include "shadow.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace nodespan::detail::race {

struct thread_buffer;
struct far_log;
struct ghost_marks;
struct ghost_watch;

/// A team as the checker knows it.
struct known_team {
    team_core* team = nullptr;
    std::unique_ptr<ledger> book;
    unsigned meetings = 0;      // so far, of all ranks or of the node
    std::uint64_t epoch = 0;    // fences so far, and arrays made
    std::vector<clock_t> floor; // what all ranks of the node know since the last meeting
    std::atomic<std::uint32_t> found_here = 0; // pairs of places, by this process
    std::shared_ptr<far_log> far;

    // Ghosts, once an array has had any: when the stale ones were last looked for, and their marks.
    bool has_ghosts = false;
    std::vector<clock_t> marked_at;
    std::shared_ptr<ghost_marks> marks;
};

/// Elements that are watched, and their shadow.
struct region {
    std::uintptr_t begin = 0, end = 0;
    std::size_t element_bytes = 1;
    int shift = -1; // where that is a power of two
    shadow cells;
    const std::byte* block = nullptr;
    known_team* of = nullptr;
    watched what;
    mutable std::shared_ptr<ghost_watch> ghosts; // null: there are none; set when it is made

    std::size_t cell_of(std::uintptr_t address) const noexcept {
        const std::size_t at = address - begin;
        return shift >= 0 ? at >> shift : at / element_bytes;
    }
    spin_lock& lock_of(std::size_t chunk) const noexcept;
};

/// Words in shared memory, and the clocks that those who release them leave there.
struct sync_region {
    std::uintptr_t begin = 0, end = 0;
    std::size_t stride = 1;
    clock_t* rows = nullptr;
    const std::byte* block = nullptr;
};

/// Where a block's shadow lies, in bytes from its begin.
struct shadow_place {
    std::size_t rows = 0, chunks = 0, cells = 0, row_bytes = 0;
};

/// What this process knows of time: its own clock, and how far it has heard from others. Threads
/// of a rank count as one.
struct process_state {
    std::mutex one_at_a_time; // who synchronises
    std::vector<clock_t> heard;
    int self = 0;

    std::mutex books; // who records: see site_record
    std::vector<thread_buffer*> buffers;
    std::vector<std::unique_ptr<known_team>> teams;
    std::map<std::uintptr_t, sync_region> words;      // by their begin
    std::map<const std::byte*, shadow_place> shadows; // by block
    std::map<const lock_gate*, std::shared_ptr<void>> far_locks;

    clock_t now() const noexcept { return heard[static_cast<std::size_t>(self)]; }
    int processes() const noexcept { return static_cast<int>(heard.size()); }
};

process_state& this_process();

/// The watched elements, in ascending order. Replaced as a whole; old tables stay, since other
/// threads may look at them still.
using region_table = std::vector<const region*>;
const region_table& regions() noexcept;
const region* region_at(std::uintptr_t address) noexcept;
void add_region(std::unique_ptr<region> r);
void remove_regions(const std::byte* block, const known_team* of) noexcept;

/// Accesses to [lo, lo + span) are looked at.
extern std::uintptr_t watched_lo __asm__("nodespan_race_lo") __attribute__((visibility("hidden")));
extern std::uintptr_t watched_span __asm__("nodespan_race_span")
    __attribute__((visibility("hidden")));

known_team* find(const team_core& team) noexcept;

/// Hears what stands in `row`. The caller has settled all accesses.
void hear(const clock_t* row) noexcept;

/// Makes the next accesses later than those before: after others were told of these, and, if there
/// were any, before this rank hears more.
enum class because { told, hears };
void move_clock(because why) noexcept;

} // namespace nodespan::detail::race
