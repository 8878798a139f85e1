#include "rae.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace nodespan::ensemble {
namespace {

constexpr int none = -1;

// Keeps the direction of a zero vector defined, and the length differentiable.
constexpr double tiny = 1e-24;

// Plain loop: Eigen's vectorised exp rounds differently from the scalar one it uses at the ends.
template <class Column>
void softmax(Column scores) {
    const double largest = scores.maxCoeff();
    double sum = 0;
    for (Eigen::Index i = 0; i < scores.size(); ++i) {
        scores[i] = std::exp(scores[i] - largest);
        sum += scores[i];
    }
    scores /= sum;
}

std::size_t at(int index) {
    return static_cast<std::size_t>(index);
}

} // namespace

void tree::reserve(int leaves) {
    if (leaves <= capacity_) return;
    capacity_ = leaves;
    const int nodes = 2 * leaves - 1;
    const int d = sizes_.dim;
    for (auto* matrix : {&nodes_, &flow_, &pairs_.parents}) matrix->resize(d, nodes);
    for (auto* matrix : {&deltas_, &left_, &right_}) matrix->resize(d, leaves - 1);
    for (auto* matrix : {&halves_, &pairs_.reconstructions}) matrix->resize(2 * d, nodes);
    residuals_.resize(2 * d, leaves - 1);
    softmax_.resize(sizes_.categories, leaves - 1);
    for (auto* list : {&sizes_of_, &previous_, &next_}) list->resize(at(nodes));
    for (auto* list : {&lengths_, &pairs_.lengths, &pairs_.errors}) list->resize(at(nodes));
    errors_.resize(at(leaves - 1));
    merges_.reserve(at(leaves - 1));
    words_.reserve(at(leaves));
}

void tree::load_words(const const_row_view& model, std::span<const double> parameters,
                      std::span<const int> words) {
    if (words.size() < 2) throw std::invalid_argument("tree: a text needs two words or more");
    leaves_ = static_cast<int>(words.size());
    reserve(leaves_);
    merges_.clear();
    words_.assign(words.begin(), words.end());
    const Eigen::Map<const Eigen::MatrixXd> vectors(parameters.data() + sizes_.dense(), sizes_.dim,
                                                    sizes_.words);
    for (int i = 0; i < leaves_; ++i) {
        const auto vector = vectors.col(words[at(i)]);
        lengths_[at(i)] = std::sqrt(vector.squaredNorm() + tiny);
        nodes_.col(i) = vector / lengths_[at(i)];
        sizes_of_[at(i)] = 1;
    }
    halves_.leftCols(leaves_).noalias() = model.encoder * nodes_.leftCols(leaves_);
}

/// parent = tanh(W1 [left; right] + b1), of unit length; the products with W1 are in halves_.
void tree::encode(const const_row_view& model, int left, int right) {
    const int d = sizes_.dim;
    auto parent = pairs_.parents.col(left);
    parent = halves_.col(left).head(d) + halves_.col(right).tail(d) + model.encoder_bias;
    for (int i = 0; i < d; ++i) parent[i] = std::tanh(parent[i]);
    pairs_.lengths[at(left)] = std::sqrt(parent.squaredNorm() + tiny);
    parent /= pairs_.lengths[at(left)];
}

/// The larger subtree's reconstruction counts for more, by its share of the words below.
void tree::measure(int left, int right) {
    const int d = sizes_.dim;
    const double total = size(left) + size(right);
    const auto guess = pairs_.reconstructions.col(left);
    pairs_.errors[at(left)] =
        size(left) / total * (nodes_.col(left) - guess.head(d)).squaredNorm() +
        size(right) / total * (nodes_.col(right) - guess.tail(d)).squaredNorm();
}

void tree::consider(const const_row_view& model, int left, int right) {
    encode(model, left, right);
    auto guess = pairs_.reconstructions.col(left);
    guess = model.decoder_bias;
    guess.noalias() += model.decoder * pairs_.parents.col(left);
    measure(left, right);
}

/// Makes the candidate of `left` and `right` a phrase, and returns its node.
int tree::adopt(const const_row_view& model, int left, int right) {
    const int d = sizes_.dim;
    const int phrase = static_cast<int>(merges_.size());
    const int parent = leaves_ + phrase;
    const double total = size(left) + size(right);
    const auto guess = pairs_.reconstructions.col(left);
    nodes_.col(parent) = pairs_.parents.col(left);
    lengths_[at(parent)] = pairs_.lengths[at(left)];
    errors_[at(phrase)] = pairs_.errors[at(left)];
    sizes_of_[at(parent)] = size(left) + size(right);
    left_.col(phrase) = nodes_.col(left);
    right_.col(phrase) = nodes_.col(right);
    residuals_.col(phrase).head(d) = size(left) / total * (nodes_.col(left) - guess.head(d));
    residuals_.col(phrase).tail(d) = size(right) / total * (nodes_.col(right) - guess.tail(d));
    halves_.col(parent).noalias() = model.encoder * nodes_.col(parent);
    merges_.push_back({left, right});
    return parent;
}

void tree::parse(std::span<const double> parameters, std::span<const int> words) {
    const const_row_view model(sizes_, parameters.data());
    load_words(model, parameters, words);
    const int pairs = leaves_ - 1;
    for (int i = 0; i < pairs; ++i) encode(model, i, i + 1);
    auto guesses = pairs_.reconstructions.leftCols(pairs);
    guesses.colwise() = model.decoder_bias;
    guesses.noalias() += model.decoder * pairs_.parents.leftCols(pairs);
    for (int i = 0; i < pairs; ++i) measure(i, i + 1);
    for (int i = 0; i < leaves_; ++i) {
        previous_[at(i)] = i - 1;
        next_[at(i)] = i + 1 < leaves_ ? i + 1 : none;
    }
    int first = 0;
    while (next_[at(first)] != none) {
        int left = first;
        for (int i = first; next_[at(i)] != none; i = next_[at(i)]) {
            if (pairs_.errors[at(i)] < pairs_.errors[at(left)]) left = i;
        }
        const int right = next_[at(left)];
        const int parent = adopt(model, left, right);
        const int before = previous_[at(left)];
        const int after = next_[at(right)];
        previous_[at(parent)] = before;
        next_[at(parent)] = after;
        if (before == none)
            first = parent;
        else
            next_[at(before)] = parent;
        if (after != none) previous_[at(after)] = parent;
        // Only the pairs with the new phrase are new.
        if (before != none) consider(model, before, parent);
        if (after != none) consider(model, parent, after);
    }
}

void tree::follow(std::span<const double> parameters, std::span<const int> words,
                  std::span<const merge> merges) {
    const const_row_view model(sizes_, parameters.data());
    load_words(model, parameters, words);
    for (const auto& [left, right] : merges) {
        consider(model, left, right);
        adopt(model, left, right);
    }
}

losses tree::score(std::span<const double> parameters, int category) {
    const const_row_view model(sizes_, parameters.data());
    const int phrases = leaves_ - 1;
    auto scores = softmax_.leftCols(phrases);
    scores.colwise() = model.classifier_bias;
    scores.noalias() += model.classifier * nodes_.middleCols(leaves_, phrases);
    losses sum;
    for (int i = 0; i < phrases; ++i) {
        softmax(scores.col(i));
        sum.reconstruction += errors_[at(i)];
        sum.classification -= std::log(std::max(scores(category, i), 1e-300));
    }
    return {sum.reconstruction / phrases, sum.classification / phrases};
}

int tree::predicted() const {
    Eigen::Index best = 0;
    softmax_.leftCols(leaves_ - 1).rowwise().sum().maxCoeff(&best);
    return static_cast<int>(best);
}

void tree::backward(std::span<const double> parameters, int category, double alpha, gradient& sum) {
    const const_row_view model(sizes_, parameters.data());
    mutable_row_view sums(sizes_, sum.dense().data());
    flow_.leftCols(2 * leaves_ - 1).setZero();
    backward_losses(model, sums, category, alpha);
    backward_structure(model, sums);
    backward_words(sum);
}

/// From both losses to the nodes they are measured at, for all phrases at once.
void tree::backward_losses(const const_row_view& model, mutable_row_view& sums, int category,
                           double alpha) {
    const int d = sizes_.dim;
    const int phrases = leaves_ - 1;
    const auto parents = nodes_.middleCols(leaves_, phrases);
    auto residuals = residuals_.leftCols(phrases);
    residuals *= 2 * alpha / phrases;
    for (int i = 0; i < phrases; ++i) {
        flow_.col(merges_[at(i)].left) += residuals.col(i).head(d);
        flow_.col(merges_[at(i)].right) += residuals.col(i).tail(d);
    }
    auto scores = softmax_.leftCols(phrases);
    scores.row(category).array() -= 1;
    scores *= (1 - alpha) / phrases;
    auto flow = flow_.middleCols(leaves_, phrases);
    flow.noalias() -= model.decoder.transpose() * residuals;
    flow.noalias() += model.classifier.transpose() * scores;
    sums.decoder.noalias() -= residuals * parents.transpose();
    sums.decoder_bias -= residuals.rowwise().sum();
    sums.classifier.noalias() += scores * parents.transpose();
    sums.classifier_bias += scores.rowwise().sum();
}

/// From each phrase to its children, the root first: a child is complete once its parent is done.
void tree::backward_structure(const const_row_view& model, mutable_row_view& sums) {
    const int d = sizes_.dim;
    const int phrases = leaves_ - 1;
    for (int i = phrases - 1; i >= 0; --i) {
        const auto parent = nodes_.col(leaves_ + i);
        const auto flow = flow_.col(leaves_ + i);
        const double length = lengths_[at(leaves_ + i)];
        const double along = parent.dot(flow);
        auto delta = deltas_.col(i);
        delta = (flow - along * parent) / length;
        delta.array() *= 1 - (length * parent.array()).square();
        flow_.col(merges_[at(i)].left).noalias() += model.encoder.topRows(d).transpose() * delta;
        flow_.col(merges_[at(i)].right).noalias() +=
            model.encoder.bottomRows(d).transpose() * delta;
    }
    const auto deltas = deltas_.leftCols(phrases);
    sums.encoder.topRows(d).noalias() += deltas * left_.leftCols(phrases).transpose();
    sums.encoder.bottomRows(d).noalias() += deltas * right_.leftCols(phrases).transpose();
    sums.encoder_bias += deltas.rowwise().sum();
}

void tree::backward_words(gradient& sum) {
    for (int i = 0; i < leaves_; ++i) {
        const auto node = nodes_.col(i);
        const double along = node.dot(flow_.col(i));
        sum.column(words_[at(i)]) += (flow_.col(i) - along * node) / lengths_[at(i)];
    }
}

} // namespace nodespan::ensemble
