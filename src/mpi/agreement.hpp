#pragma once

#include "mpi_wait.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/error.hpp"

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <vector>

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// Runs `body` and keeps what it throws, so that all ranks can agree before anyone throws.
template <class Body>
std::optional<error> attempt(Body&& body) {
    try {
        body();
    } catch (const error& failure) {
        return failure;
    } catch (const std::bad_alloc&) {
        return error(std::make_error_code(std::errc::not_enough_memory), "out of memory");
    }
    return std::nullopt;
}

/// The error with `operation` in front of its text: says what was asked for, where only MPI's words
/// say what failed.
error named(const std::string& operation, const error& failure);

/// An error as it is sent: its code, the index of its category in a list, and its text.
struct error_on_the_way {
    std::uint64_t code = 0;
    std::uint64_t category = 0;
    std::string text;

    static error_on_the_way of(const error& failure);
    error arrived() const; ///< Marked collective.
};

/// The error that ranks throw if they could not agree.
error cannot_agree();

/// Before there is a team: throws on all ranks of `comm` the error of the lowest rank that has one,
/// or returns on all. In a team use team_core::agree_or_throw, which notices lost ranks.
/// Call:   collective.
/// Errors: the agreed error, marked collective.
/// Cost:   two small MPI_Iallreduce, so that one failing MPI call, even one of this function,
///         cannot make some ranks throw and others not.
void agree_or_throw(MPI_Comm comm, const std::optional<error>& mine);

/// Before there is a team: collects the entries of all ranks in `all`, `bytes` bytes each; each
/// rank has filled in its own.
/// Call:   collective.
/// Errors: MPI category, on the rank where it happened.
void gather(MPI_Comm comm, lent_memory<std::vector<std::byte>>& all, int bytes);

/// Before there is a team: combines the bits of all ranks.
/// Call:   collective.
/// Errors: as above.
void unite(MPI_Comm comm, lent_memory<std::vector<unsigned long>>& bits);

} // namespace detail
} // namespace nodespan
