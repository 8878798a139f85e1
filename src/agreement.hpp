#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/error.hpp"

#include <mpi.h>

#include <cstdint>
#include <functional>
#include <new>
#include <optional>
#include <string>

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

/// The error with `operation` in front of its text: what was asked for, where only MPI's words say
/// what failed.
error named(const std::string& operation, const error& failure);

/// Throws on all ranks of `comm` the error of the lowest rank that has one, or returns on all.
/// Call:   collective. Errors: the agreed error, marked collective.
/// Cost:   two small MPI_Allreduce, so that one failing MPI call, even of its own, cannot
///         leave some ranks throwing and others not.
void agree_or_throw(MPI_Comm comm, const std::optional<error>& mine);

/// What rank 0 has, and the first rank that has something else.
struct mismatch {
    std::string first;
    int other = 0;
    std::string second;
};

/// Throws errc::mismatched_arguments on all ranks, with what `say` makes of the first difference.
/// Call: collective, once the ranks know that their fingerprints are not equal.
[[noreturn]] void throw_mismatch(MPI_Comm comm, std::uint64_t fingerprint,
                                 const std::string& description,
                                 const std::function<std::string(const mismatch&)>& say);

/// The same for arguments of a call.
[[noreturn]] void throw_mismatch(MPI_Comm comm, std::uint64_t fingerprint,
                                 const std::string& description);

} // namespace detail
} // namespace nodespan
