#pragma once

#include "problem.hpp"

#include <CLI/CLI.hpp>
#include <nodespan/array.hpp>

#include <string>

namespace nodespan::heat {

/// Adds --save. Without HDF5 there is none.
void add_saving_file_option(CLI::App& options, std::string& file);

/// The file beside one of --save by which ParaView finds it; none for none.
std::string xdmf_of(const std::string& file);

/// Writes the field as the dataset `temperature` of an HDF5 file, and beside it a file .xdmf by
/// which ParaView finds it, with the places of the points. Call: collective. Errors: errc::io, on
/// all ranks.
void save_field(const array<double, 2>& field, const problem& p, index_t steps,
                const std::string& file);

} // namespace nodespan::heat
