#pragma once

#include "nodespan/collectives.hpp"
#include "nodespan/error.hpp"
#include "nodespan/team.hpp"

#include <algorithm>
#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace nodespan::detail {

/// The values of all ranks, by rank.
template <class T>
std::vector<T> all_gather(const team& team, const T& mine) {
    std::vector<T> all(static_cast<std::size_t>(team.size()), mine);
    const std::span bytes(reinterpret_cast<unsigned char*>(all.data()), all.size() * sizeof(T));
    const std::size_t begin = static_cast<std::size_t>(team.rank()) * sizeof(T);
    std::fill_n(bytes.begin(), begin, static_cast<unsigned char>(0));
    std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(begin + sizeof(T)), bytes.end(),
              static_cast<unsigned char>(0));
    all_reduce(team, bytes); // one rank has each byte, all others have 0 there
    return all;
}

/// Throws on all ranks if one has an exception: there that exception, on other ranks
/// errc::peer_lost.
inline void throw_together(const team& team, const char* operation,
                           const std::exception_ptr& mine) {
    constexpr int nobody = std::numeric_limits<int>::max();
    const int who = all_reduce(team, mine ? team.rank() : nobody, accumulate_op::min);
    if (mine) std::rethrow_exception(mine);
    if (who != nobody)
        throw error(errc::peer_lost,
                    std::string(operation) + ": the program's function failed on rank " +
                        std::to_string(who),
                    true);
}

/// Throws on all ranks if one of them says no.
inline void require_on_all(const team& team, bool mine, errc code, const std::string& text) {
    if (all_reduce(team, mine ? 1 : 0, accumulate_op::min) == 0) throw error(code, text, true);
}

/// What tells the arguments of a call from others (FNV-1a). Only what has no padding goes in.
class fingerprint {
public:
    fingerprint& add_bytes(std::span<const std::byte> bytes) noexcept {
        for (const std::byte one : bytes)
            sum_ = (sum_ ^ static_cast<std::uint64_t>(one)) * 1099511628211u;
        return *this;
    }
    template <class T>
    requires(std::has_unique_object_representations_v<T>)
        fingerprint& add(const T& value) noexcept {
        return add_bytes(std::as_bytes(std::span<const T>(&value, 1)));
    }

    /// A number of any type, also of one with padding: of those as a double.
    template <class T>
    fingerprint& add_number(const T& value) noexcept {
        if constexpr (std::is_same_v<T, long double>) {
            return add_number(static_cast<double>(value));
        } else if constexpr (std::is_same_v<T, std::complex<long double>>) {
            return add_number(std::complex<double>(value));
        } else {
            return add_bytes(std::as_bytes(std::span<const T>(&value, 1)));
        }
    }

    std::uint64_t sum() const noexcept { return sum_; }

private:
    std::uint64_t sum_ = 14695981039346656037u;
};

/// Throws errc::mismatched_arguments on all ranks if theirs differ.
inline void require_same(const team& team, const char* operation, const fingerprint& arguments) {
    std::array<std::uint64_t, 2> both{arguments.sum(), ~arguments.sum()};
    all_reduce(team, both, accumulate_op::min);
    if (both[0] != ~both[1])
        throw error(errc::mismatched_arguments,
                    std::string(operation) + ": the ranks passed different arguments", true);
}

/// The same of values that are compared bit by bit.
template <class T>
void require_same(const team& team, const char* operation, std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    require_same(team, operation, fingerprint().add_bytes(std::as_bytes(values)));
}

} // namespace nodespan::detail
