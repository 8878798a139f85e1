#pragma once

#include "collective_io.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace nodespan::detail {

/// The size of the seal, in the first bytes of a file, which HDF5 leaves to its users (a user
/// block). It describes the rest of the file, so that a damaged file is recognised before it is
/// used.
constexpr std::size_t seal_bytes = 4096;

/// Computes the file's checksum and writes it, and `step`, into its first bytes. With `read_back`
/// the file is read once more from the disk, and must be the same.
/// Call:   collective.
/// Errors: errc::io.
/// Cost:   all ranks together read the file once or twice.
void seal(const collective_io& call, const std::string& file, std::int64_t step, bool read_back);

/// Returns an empty text if the file is whole, otherwise its name and what is wrong with it; the
/// same on all ranks.
/// Call:   collective.
/// Errors: MPI category.
/// Cost:   all ranks together read the file once.
std::string problem_of_sealed(const std::shared_ptr<team_core>& team, const std::string& file,
                              std::int64_t step);

} // namespace nodespan::detail
