#pragma once

#include "process.hpp"

#include <cstdint>

namespace nodespan::detail::race {

/// How an access counts against others.
enum class way : std::uint8_t { reads, writes, changes_atomically };

way way_of(op what) noexcept;

/// An access as its site and its clock have it.
struct deed {
    std::uintptr_t where = 0; // address in the program
    op what = op::read;
};

/// What a thread keeps from access to access. Everything may be forgotten at any time.
struct memory_of_thread {
    struct known_site {
        std::uintptr_t where;
        std::uint64_t edition; // of the ledger
        clock_t clock;
        std::uint16_t what;
        record_id id;
    };
    struct known_sum {
        record_id before, mine, after;
        std::uint64_t edition; // of the ledger
    };
    std::uintptr_t called_from = 0; // the line that asked for all this, in another language
    known_site sites[256];
    known_sum sums[256];
};

/// The record of an access that is made now.
record record_of(memory_of_thread& mine, ledger& book, const deed& how);

/// Looks whether the elements in [begin, end) may be accessed so now, reports where not, and
/// notes the access. Addresses that are not watched are passed over.
void touch(memory_of_thread& mine, std::uintptr_t begin, std::uintptr_t end, const deed& how);

/// Accesses in rows: at begin, begin + stride, ... before begin + length, and so many rows of
/// these, of which each is `step` bytes behind the one before. Strides, steps and lengths may be
/// negative.
struct strided_rows {
    std::uintptr_t begin = 0;
    std::ptrdiff_t stride = 0, length = 0, step = 0;
    std::size_t rows = 1;
    std::size_t bytes = 0; // of one access
};

/// The same of all of these.
void touch_rows(memory_of_thread& mine, strided_rows all, const deed& how);

} // namespace nodespan::detail::race
