#pragma once

#include <Eigen/Core>

#include <cstdint>
#include <span>
#include <vector>

namespace nodespan::ensemble {

/// The sizes of one model: a recursive autoencoder with a softmax at every phrase.
///
/// A model is one row of doubles: encoder (2 dim x dim: the half for the left child above that for
/// the right one), decoder (2 dim x dim), classifier (categories x dim), their biases (dim, 2 dim,
/// categories), then one column of dim per word, then zeros; matrices are column-major.
struct shape {
    int dim = 0;
    int words = 0;
    int categories = 0;

    /// Doubles before the first word's vector: the ones every text touches.
    std::int64_t dense() const;

    /// Doubles of a row, a multiple of 8: in an array of rows, each begins on a cache line if the
    /// first does. Reductions are vectorised by alignment, so results depend on nothing else then.
    std::int64_t parameters() const;
};

/// Fills a row with the first values of training; the padding is zero.
/// Errors: std::invalid_argument if the row's length is not sizes.parameters().
void initialise(const shape& sizes, std::uint64_t seed, std::span<double> parameters);

/// FNV-1a, 64 bits, over the bytes: equal for equal rows, and cheap to compare between processes.
std::uint64_t hash(std::span<const double> values);

/// A row read as matrices. Matrix and Vector are Eigen types, const for reading.
template <class Matrix, class Vector, class Scalar>
struct row_view {
    row_view(const shape& sizes, Scalar* row);

    Eigen::Map<Matrix> encoder, decoder, classifier;
    Eigen::Map<Vector> encoder_bias, decoder_bias, classifier_bias;
};
using const_row_view = row_view<const Eigen::MatrixXd, const Eigen::VectorXd, const double>;
using mutable_row_view = row_view<Eigen::MatrixXd, Eigen::VectorXd, double>;

/// What a model loses on a text, both per phrase: the squared distance between the children and
/// their reconstruction, and the cross-entropy of the category.
struct losses {
    double reconstruction = 0;
    double classification = 0;

    double objective(double alpha) const {
        return alpha * reconstruction + (1 - alpha) * classification;
    }
};

/// The sum of texts' gradients, dense but for the words, of which only those met have a column.
class gradient {
public:
    explicit gradient(const shape& sizes);

    void clear();

    Eigen::VectorXd& dense() { return dense_; }
    const Eigen::VectorXd& dense() const { return dense_; }

    /// Words met since clear(), in the order they were met; column i of words() is touched()[i]'s.
    std::span<const int> touched() const { return touched_; }
    auto word(std::size_t i) const { return words_.col(static_cast<Eigen::Index>(i)); }

    /// The column of `word`, zero when first met. Allocates only when more words are met between
    /// two clear() than ever before.
    Eigen::MatrixXd::ColXpr column(int word);

private:
    Eigen::VectorXd dense_;
    Eigen::MatrixXd words_;
    std::vector<int> touched_;
    std::vector<int> slots_; ///< Per word of the vocabulary: its column, or -1.
};

/// The children of a phrase, as nodes: words are 0 to n-1, phrases n to 2n-2 in order of merging.
struct merge {
    int left = 0;
    int right = 0;

    friend bool operator==(const merge&, const merge&) = default;
};

/// One text's tree and the values at its nodes: a workspace, reused from text to text so that the
/// inner loop of training does not allocate.
///
/// Every node has unit length, words included, or a model could lower its reconstruction error by
/// shrinking the words. Reconstructions are linear and not normalised, so that an error of 1 per
/// phrase is what predicting nothing gives.
class tree {
public:
    explicit tree(const shape& sizes) : sizes_(sizes) {}

    /// Builds the greedy tree: merges the neighbours that are best reconstructed, again and again;
    /// of equal ones the leftmost. Two words or more.
    void parse(std::span<const double> parameters, std::span<const int> words);

    /// Computes the nodes of a given tree: what parse() does, without choosing.
    void follow(std::span<const double> parameters, std::span<const int> words,
                std::span<const merge> merges);

    /// The losses of the tree built last, and its softmaxes, for a text of `category`.
    losses score(std::span<const double> parameters, int category);

    /// Adds the gradient of losses::objective(alpha) to `sum`, the tree being held fixed. Comes
    /// after score() with the same arguments.
    void backward(std::span<const double> parameters, int category, double alpha, gradient& sum);

    /// The category with the largest probability, averaged over the phrases. Comes after score().
    int predicted() const;

    int leaves() const { return leaves_; }
    std::span<const merge> merges() const { return merges_; }
    auto node(int index) const { return nodes_.col(index); }
    int size(int index) const { return sizes_of_[static_cast<std::size_t>(index)]; }
    /// Weighted reconstruction error of a phrase.
    double error(int phrase) const { return errors_[static_cast<std::size_t>(phrase - leaves_)]; }

private:
    /// The parent of two neighbours, kept in the column of the left one until they are merged.
    struct candidates {
        Eigen::MatrixXd parents, reconstructions;
        std::vector<double> lengths, errors;
    };

    void reserve(int leaves);
    void load_words(const const_row_view& model, std::span<const double> parameters,
                    std::span<const int> words);
    void encode(const const_row_view& model, int left, int right);
    void measure(int left, int right);
    void consider(const const_row_view& model, int left, int right);
    int adopt(const const_row_view& model, int left, int right);
    void backward_losses(const const_row_view& model, mutable_row_view& sums, int category,
                         double alpha);
    void backward_structure(const const_row_view& model, mutable_row_view& sums);
    void backward_words(gradient& sum);

    shape sizes_;
    int capacity_ = 0;
    int leaves_ = 0;
    std::vector<int> words_;
    std::vector<merge> merges_;
    std::vector<int> sizes_of_, previous_, next_;
    std::vector<double> lengths_, errors_;
    Eigen::MatrixXd nodes_;        ///< dim x nodes, unit columns.
    Eigen::MatrixXd halves_;       ///< 2 dim x nodes: encoder * node, as left and as right child.
    Eigen::MatrixXd residuals_;    ///< 2 dim x phrases: weighted children less reconstruction.
    Eigen::MatrixXd softmax_;      ///< categories x phrases.
    Eigen::MatrixXd flow_;         ///< dim x nodes: gradient with respect to nodes.
    Eigen::MatrixXd deltas_;       ///< dim x phrases: gradient before tanh.
    Eigen::MatrixXd left_, right_; ///< dim x phrases: the children's vectors.
    candidates pairs_;
};

} // namespace nodespan::ensemble
