#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nodespan::detail {

/// The name of a call, and its kind: ranks that meet for calls of different kinds do not belong
/// together. The kind is a hash of the name, or of a word that several calls share.
struct operation_name {
    constexpr operation_name(const char* name) : operation_name(name, name) {}
    constexpr operation_name(const char* name, std::string_view shared_kind) : text(name) {
        for (const char letter : shared_kind) // FNV-1a
            kind = (kind ^ static_cast<unsigned char>(letter)) * 16777619U;
    }

    const char* text;
    std::uint32_t kind = 2166136261U;
};

/// What ranks wait in: a call, and what it was called on. Messages say it, and meetings compare the
/// kinds.
struct occasion {
    operation_name operation = "a collective call";
    std::string (*describe)(const void* what) = nullptr;
    const void* what = nullptr;

    /// Such as "fence of array<double,2>({1000, 64})".
    std::string text() const;
};

inline constexpr occasion some_call;

/// "rank 3" or "ranks 0, 4-7".
std::string list_of_ranks(const std::vector<int>& ascending);

} // namespace nodespan::detail
