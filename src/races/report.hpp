#pragma once

#include "process.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace nodespan::detail::race {

/// What a report says of one side.
struct side {
    int rank = 0; // of the team
    std::string host;
    record access;
};

/// Tells of two accesses to one element that nothing orders, once for each pair of places.
void report(const region& r, std::size_t at, record_id mine, record_id other, std::uintptr_t where);
void report(const region& r, std::size_t at, const side& later, const side& earlier);

/// The number of pairs that this process knows of, and its last word on them at its end.
void count_pairs(const known_team& team) noexcept;
void make_exit_code() noexcept;
std::uint32_t pairs_known() noexcept;
void forget_pairs() noexcept;

} // namespace nodespan::detail::race
