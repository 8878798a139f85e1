#pragma once

#include "spin_lock.hpp"

#include <cstddef>
#include <cstdint>

namespace nodespan::detail::race {

/// Accesses that one place of the program has made in a row: at begin, begin + stride, ... before
/// next. Most programs walk through their arrays; so the usual access extends a run, and the
/// shadow is looked at a run at a time. Rows before it, of the same length and each so far from
/// the one before, are looked at with it.
struct alignas(64) run {
    std::uintptr_t next = 0;
    std::int32_t stride = 0;
    std::uint32_t bytes = 0; // of one access
    std::uintptr_t begin = 0;
    std::uintptr_t where = 0; // the place; 0 if unused
    std::uintptr_t first = 0; // row's begin
    std::ptrdiff_t step = 0, length = 0;
    std::uint32_t rows = 0;
    std::uint16_t what = 0; // an op

    bool is_empty() const noexcept { return begin == next && rows == 0; }
    void start(std::uintptr_t at) noexcept {
        begin = at;
        stride = static_cast<std::int32_t>(bytes);
        next = at + bytes;
    }
};
static_assert(offsetof(run, next) == 0 && offsetof(run, stride) == 8 && sizeof(run) == 64,
              "as race_marks.h has it");

/// Under which all runs of a thread are changed, but for what its next accesses add.
extern __thread spin_lock* lock_of_runs __attribute__((tls_model("initial-exec")));

/// Whether an access of r's place belongs to it, as the next or as one of before; then it is
/// noted.
/// Call:   under the lock.
bool continues(run& r, std::uintptr_t at) noexcept;

} // namespace nodespan::detail::race
