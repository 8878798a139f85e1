#include "rae.hpp"

#include "random.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <stdexcept>
#include <string>

namespace nodespan::ensemble {

std::int64_t shape::dense() const {
    const std::int64_t d = dim;
    const std::int64_t k = categories;
    return 2 * (2 * d * d) + k * d + d + 2 * d + k;
}

std::int64_t shape::parameters() const {
    const std::int64_t used = dense() + static_cast<std::int64_t>(dim) * words;
    return (used + 7) / 8 * 8;
}

template <class Matrix, class Vector, class Scalar>
row_view<Matrix, Vector, Scalar>::row_view(const shape& sizes, Scalar* row)
    : encoder(row, 2 * sizes.dim, sizes.dim),
      decoder(encoder.data() + encoder.size(), 2 * sizes.dim, sizes.dim),
      classifier(decoder.data() + decoder.size(), sizes.categories, sizes.dim),
      encoder_bias(classifier.data() + classifier.size(), sizes.dim),
      decoder_bias(encoder_bias.data() + encoder_bias.size(), 2 * sizes.dim),
      classifier_bias(decoder_bias.data() + decoder_bias.size(), sizes.categories) {}

template struct row_view<const Eigen::MatrixXd, const Eigen::VectorXd, const double>;
template struct row_view<Eigen::MatrixXd, Eigen::VectorXd, double>;

void initialise(const shape& sizes, std::uint64_t seed, std::span<double> parameters) {
    if (std::ssize(parameters) != sizes.parameters()) {
        throw std::invalid_argument("initialise(" + std::to_string(parameters.size()) +
                                    " values): the shape needs " +
                                    std::to_string(sizes.parameters()));
    }
    random_stream random(seed, 0x72616577U);
    const double range = std::sqrt(6.0 / (3.0 * sizes.dim));
    const auto fill = [&](double* first, std::int64_t count, double limit) {
        for (std::int64_t i = 0; i < count; ++i) first[i] = limit * (2 * random.uniform() - 1);
    };
    std::fill(parameters.begin(), parameters.end(), 0.0);
    const mutable_row_view model(sizes, parameters.data());
    fill(parameters.data(), model.encoder.size() + model.decoder.size(), range);
    fill(parameters.data() + model.encoder.size() + model.decoder.size(), model.classifier.size(),
         0.1 * range);
    // Of about unit length, as the nodes are: the first steps then turn words as much as the rest.
    fill(parameters.data() + sizes.dense(), static_cast<std::int64_t>(sizes.dim) * sizes.words,
         std::sqrt(3.0 / sizes.dim));
}

std::uint64_t hash(std::span<const double> values) {
    std::uint64_t result = 0xcbf29ce484222325U;
    for (const double value : values) {
        const auto bits = std::bit_cast<std::uint64_t>(value);
        for (unsigned shift = 0; shift < 64; shift += 8) {
            result = (result ^ ((bits >> shift) & 0xffU)) * 0x100000001b3U;
        }
    }
    return result;
}

gradient::gradient(const shape& sizes)
    : dense_(Eigen::VectorXd::Zero(sizes.dense())),
      words_(sizes.dim, 64),
      slots_(static_cast<std::size_t>(sizes.words), -1) {}

void gradient::clear() {
    dense_.setZero();
    for (const int word : touched_) slots_[static_cast<std::size_t>(word)] = -1;
    touched_.clear();
}

Eigen::MatrixXd::ColXpr gradient::column(int word) {
    int& slot = slots_[static_cast<std::size_t>(word)];
    if (slot < 0) {
        slot = static_cast<int>(touched_.size());
        touched_.push_back(word);
        if (slot >= words_.cols()) words_.conservativeResize(Eigen::NoChange, 2 * words_.cols());
        words_.col(slot).setZero();
    }
    return words_.col(slot);
}

} // namespace nodespan::ensemble
