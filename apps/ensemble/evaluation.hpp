#pragma once

#include "training.hpp"

#include <nodespan/team.hpp>

#include <span>
#include <vector>

namespace nodespan::ensemble {

/// Evaluates on the held-out texts a model that all ranks have in a `row` of their own: each rank
/// takes a share of the texts. Call: collective; the result is on all ranks.
quality evaluate_together(const team& everyone, const shape& sizes, std::span<const double> row,
                          const std::vector<document>& held_out);

/// Least, mean and largest of a figure over the single models.
struct spread {
    double least = 0, mean = 0, largest = 0;
};

/// How good single models are on all held-out texts.
struct single_models {
    spread reconstruction, accuracy;
};

/// Gathers the quality of every rank's models. Call: collective; the result is on all ranks.
single_models gather_single_models(const team& everyone, const std::vector<quality>& mine);

} // namespace nodespan::ensemble
