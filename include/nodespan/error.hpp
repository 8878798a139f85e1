#pragma once

#include "nodespan/detail/export.hpp"

#include <memory>
#include <string>
#include <system_error>

namespace NODESPAN_EXPORT nodespan {

/// Nodespan's own error codes. MPI's codes have a category of their own.
enum class errc {
    invalid_argument =
        1, ///< a value no call could accept (negative extent, grid that does not fit)
    mismatched_arguments, ///< ranks passed different arguments to one collective call, or are in
                          ///< different ones
    out_of_range,         ///< an index or box outside the array
    size_mismatch,        ///< a buffer whose size is not that of the patch
    not_on_node,          ///< direct access to an element another node holds
    no_capacity,          ///< not enough shared memory on at least one node
    not_initialized,      ///< MPI is not initialised yet
    finalized,            ///< MPI is finalised already
    peer_lost,            ///< another rank left a collective call by an exception
    io,                   ///< a file could not be read or written
    wrong_thread, ///< a call by a thread that may not make it, or while another one is in one
    unsupported,  ///< what this machine, or what is installed on it, does not have
    device        ///< the driver of a GPU reports a failure
};

/// The category of `errc`.
const std::error_category& own_category() noexcept;

/// The category of MPI's error codes; messages come from `MPI_Error_string`. The codes belong to
/// the MPI in use. The standard names only their classes, which are conditions: `failure.code() ==
/// std::error_condition(MPI_ERR_WIN, mpi_category())`.
const std::error_category& mpi_category() noexcept;

inline std::error_code make_error_code(errc code) noexcept {
    return {static_cast<int>(code), own_category()};
}

/// The one exception type. `what()` is one line: *nodespan: operation(values): cause [where]*.
class error : public std::system_error {
public:
    /// An error of this rank only, or of all ranks if `collective`.
    error(std::error_code code, const std::string& message, bool collective = false);

    /// The whole line; no category text is appended.
    const char* what() const noexcept override { return message_->c_str(); }

    /// Whether every rank of the team threw this same error, so that the program may go on
    /// together.
    bool is_collective() const noexcept { return collective_; }

private:
    std::shared_ptr<const std::string> message_; // shared: copying an exception must not throw
    bool collective_;
};

namespace detail {
/// The text of the latest error made on this thread, or ""; for the message of a rank that ends.
const char* last_error_text() noexcept;
} // namespace detail

} // namespace nodespan

template <>
struct std::is_error_code_enum<nodespan::errc> : std::true_type {};
