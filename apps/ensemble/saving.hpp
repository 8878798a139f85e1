#pragma once

#include "outcome.hpp"
#include "text.hpp"

#include <CLI/CLI.hpp>
#include <nodespan/array.hpp>

#include <string>
#include <vector>

namespace nodespan::ensemble {

/// All that decides what an ensemble learns, but for the number of epochs.
std::string settings_of(const settings& options, const corpus& texts);

/// The learning curves as one list of numbers, epoch by epoch, and back. The names tell what the
/// numbers of an epoch are.
std::vector<double> to_numbers(const std::vector<epoch_figures>& epochs);
std::vector<epoch_figures> from_numbers(const std::vector<double>& numbers);
const std::vector<std::string>& names_of_numbers();

/// Adds --save. Without HDF5 there is none.
void add_saving_file_option(CLI::App& options, std::string& file);

/// Writes an HDF5 file: the dataset `parameters`, models x parameters, and `learning_curves`,
/// epochs x the numbers that its attribute `columns` names. Call: collective. Errors: errc::io, on
/// all ranks.
void save_ensemble(team& everyone, const array<double, 2>& parameters, const outcome& found,
                   const std::string& file);

} // namespace nodespan::ensemble
