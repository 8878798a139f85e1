#pragma once

#include "evaluation.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace nodespan::ensemble {

/// What one epoch showed on the held-out texts.
struct epoch_figures {
    int epoch = 0;         // 1 is the first
    bool averaged = false; // whether the ensemble was averaged after it
    single_models singles; // before the averaging
    quality average;       // of the averaged model, where there is one
};

/// Everything a run found, for the table, the picture and the JSON.
struct outcome {
    settings options;
    std::string text;
    int ranks = 0, nodes = 0;
    std::size_t categories = 0, words = 0, training_texts = 0, held_out_texts = 0;
    std::int64_t parameters = 0; // doubles of a model
    double majority = 0;         // accuracy of always naming the most frequent category
    quality first;               // before training
    std::vector<epoch_figures> epochs;
    single_models singles; // before the last averaging
    quality average;       // after it
    double training_seconds = 0, averaging_seconds = 0;
    double shared_seconds = 0, serialised_seconds = 0; // one averaging, median
    bool averages_agree = false;                       // both ways gave the same bits
    std::uint64_t parameters_hash = 0;
};

/// A table for people.
std::string to_text(const outcome& result);

/// One JSON object.
std::string to_json(const outcome& result);

/// Draws the learning curves as a PNG with gnuplot. Errors: std::runtime_error.
void plot(const outcome& result, const std::string& file);

} // namespace nodespan::ensemble
