#pragma once

#include <cstdint>

namespace nodespan::ensemble {

/// Everything that decides what an ensemble learns; two runs with equal settings and texts agree.
/// The defaults suit Debian's `fortunes` and take less than a minute of processor time in all.
struct settings {
    std::uint64_t seed = 1;      ///< Start of every random stream: split, first values, samples.
    int categories = 10;         ///< Keep only the files with the most texts; 0 keeps them all.
    int words = 4000;            ///< Vocabulary size, the unknown word included.
    int max_words = 30;          ///< Longer texts are cut here: a tree costs time per word.
    double held_out = 0.1;       ///< Part of each category kept for evaluation only.
    int dim = 24;                ///< Length of the vector of a word or phrase.
    double alpha = 0.3;          ///< Weight of reconstruction; 1 - alpha weighs classification.
    double lambda = 1e-5;        ///< Weight of the squared parameters a text touches.
    double learning_rate = 0.05; ///< AdaGrad's step for a parameter's first gradient.
    int batch = 8;               ///< Texts per AdaGrad step.
    int models = 30;             ///< Size of the ensemble.
    int epochs = 16;             ///< Passes, each over a fresh bootstrap sample per model.
    double share = 0.2;          ///< Size of that sample, in parts of the training texts.
    int average_every = 2;       ///< Epochs between two restarts from the ensemble's average.
};

} // namespace nodespan::ensemble
