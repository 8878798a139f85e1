#pragma once

#include "spin_lock.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace nodespan::detail {

class team_core;

namespace race {

using clock_t = std::uint32_t;

/// One access of a rank, as often as it was made in one stretch between two acts of
/// synchronisation: where in the program, what it did, when by the rank's clock.
struct record {
    clock_t clock = 0;
    std::uint16_t what = 0;   // an op
    std::uint16_t module = 0; // which file of the program, by a hash of its name
    std::uint64_t offset = 0; // in that file
};

/// Names a record: the rank's number on the node and a count, or a set of records. 0 is none.
using record_id = std::uint32_t;
inline constexpr record_id is_set = 0x8000'0000;
inline constexpr int slot_shift = 24;
inline constexpr record_id number_mask = (1U << slot_shift) - 1;
inline constexpr int most_ranks = 127; // of a node

/// What the ranks of a team's node tell each other about their accesses, in the memory where they
/// meet: records, sets of records, clocks, and what was reported.
///
/// A set is kept once, so that equal ones have the same name: elements that many ranks read need
/// no more room than others.
class ledger {
public:
    static std::size_t bytes(int ranks, int processes);

    ledger(std::byte* memory, int slot, int ranks, int processes, int process);

    int slot() const noexcept { return slot_; }

    /// Of this ledger and what its names mean: another number for each, in this process.
    std::uint64_t edition() const noexcept { return edition_; }
    int ranks() const noexcept { return ranks_; }
    int process_of(int slot) const noexcept { return fixed().processes[slot]; }

    /// The name of a new record of this rank; 0 if there is no room. This process's threads take
    /// turns.
    record_id add(const record& r) noexcept;

    /// Records of this rank that were made since the clock last moved.
    void clock_moved() noexcept { first_now_ = next_; }
    bool is_now(record_id id) const noexcept { return id - first_now_ < next_ - first_now_; }
    bool has_recorded() const noexcept { return first_now_ != next_; }

    static int slot_of(record_id id) noexcept { return static_cast<int>(id >> slot_shift); }
    const record& at(record_id id) const noexcept {
        return records_of(slot_of(id))[id & number_mask];
    }

    /// The records of a set, or the one record.
    std::vector<record_id> members(record_id id) const;
    template <class F>
    void for_each_member(record_id id, F&& f) const {
        if (id == 0) return;
        if ((id & is_set) == 0) return f(id);
        const record_id* const at = pool() + (id & ~is_set);
        for (std::uint32_t i = 1; i <= at[0]; ++i) f(at[i]);
    }

    /// The set of these, which are sorted; 0 if there is no room.
    record_id set_of(const std::vector<record_id>& ids) noexcept;

    spin_lock& lock_of(std::size_t chunk) noexcept {
        return fixed().chunks[(chunk * 0x9E37'79B9U >> 8) % chunk_locks];
    }

    /// The clocks that a rank brings to a meeting; two rows take turns.
    clock_t* brought(int slot, unsigned turn) noexcept;

    /// The clocks that a rank had at one of its times; null if that is too long ago.
    const clock_t* history(int slot, clock_t when) const noexcept;
    void remember(clock_t when, const clock_t* clocks) noexcept;

    /// Whether so many records were made that the shadow should be cleared at the next meeting.
    /// Set before a meeting, and read after it.
    void ask_to_clear(unsigned turn) noexcept;
    bool is_clearing_asked(unsigned turn) const noexcept;
    void cleared() noexcept;
    void clear_sets() noexcept;

    /// Whether a pair of places is new; counts it.
    bool is_new_pair(std::uint64_t hash) noexcept;
    std::uint32_t pairs() const noexcept { return fixed().pairs.load(); }
    void tell_full() noexcept { fixed().is_full.store(1); }
    bool is_full() const noexcept { return fixed().is_full.load() != 0; }

private:
    static constexpr std::size_t chunk_locks = 4096, most_records = 1 << 17, pool_words = 1 << 18,
                                 index_words = 1 << 16, pair_words = 4096, remembered = 256;
    struct fixed_part {
        std::atomic<std::uint32_t> pairs, is_full, wishes[2];
        spin_lock sets, reports;
        std::uint32_t pool_used;
        std::int32_t processes[most_ranks + 1];
        std::atomic<std::uint64_t> known_pairs[pair_words];
        spin_lock chunks[chunk_locks];
        std::uint32_t index[index_words];
        record_id pool[pool_words];
    };

    fixed_part& fixed() const noexcept { return *reinterpret_cast<fixed_part*>(memory_); }
    const record_id* pool() const noexcept { return fixed().pool; }
    static std::size_t slot_bytes(int processes);
    std::byte* slot_memory(int slot) const noexcept {
        return memory_ + slot_begin_ + static_cast<std::size_t>(slot) * slot_bytes_;
    }
    record* records_of(int slot) const noexcept {
        return reinterpret_cast<record*>(slot_memory(slot));
    }
    std::byte* rows_of(int slot) const noexcept {
        return slot_memory(slot) + most_records * sizeof(record);
    }

    std::byte* memory_;
    std::uint64_t edition_;
    int slot_, ranks_, processes_;
    std::size_t slot_begin_, slot_bytes_;
    record_id first_now_, next_, end_;
};

} // namespace race
} // namespace nodespan::detail
