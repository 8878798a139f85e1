#pragma once

#include <string>
#include <vector>

namespace nodespan::detail {

/// What ranks wait in, for messages only: a call, and what it was called on.
struct occasion {
    const char* operation = "a collective call";
    std::string (*describe)(const void* what) = nullptr;
    const void* what = nullptr;

    /// Such as "fence of array<double,2>({1000, 64})".
    std::string text() const;
};

/// "rank 3" or "ranks 0, 4-7".
std::string list_of_ranks(const std::vector<int>& ascending);

} // namespace nodespan::detail
