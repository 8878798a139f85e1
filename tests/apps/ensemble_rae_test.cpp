#include "rae.hpp"
#include "random.hpp"
#include "training.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

namespace {

using namespace nodespan::ensemble;

/// A row as a shared array holds it: on a cache line, here the `offset`-th of its memory.
class row {
public:
    explicit row(const shape& sizes, std::size_t offset = 0)
        : lines_(static_cast<std::size_t>(sizes.parameters()) / 8 + offset),
          offset_(offset) {}

    std::span<double> values() { return {lines_[offset_].values, 8 * (lines_.size() - offset_)}; }

private:
    struct alignas(64) line {
        double values[8] = {};
    };
    std::vector<line> lines_;
    std::size_t offset_;
};

/// Texts of random words whose category decides which words are likely.
corpus random_texts(const shape& sizes, int count, std::uint64_t seed) {
    random_stream random(seed);
    corpus texts;
    for (int i = 0; i < count; ++i) {
        document text{{}, i % sizes.categories};
        const std::size_t length = 2 + random.below(9);
        while (text.words.size() < length) {
            const int word = static_cast<int>(random.below(static_cast<std::size_t>(sizes.words)));
            const bool likely = word % sizes.categories == text.category;
            if (likely || random.uniform() < 0.3) text.words.push_back(word);
        }
        (i % 5 == 0 ? texts.held_out : texts.train).push_back(std::move(text));
    }
    return texts;
}

settings small_settings() {
    settings options;
    options.share = 1;
    options.batch = 1;
    options.learning_rate = 0.05;
    return options;
}

double objective(const shape& sizes, std::span<const double> parameters, const document& text,
                 std::span<const merge> merges, double alpha) {
    tree fixed(sizes);
    fixed.follow(parameters, text.words, merges);
    return fixed.score(parameters, text.category).objective(alpha);
}

/// The analytic gradient, spread over a whole row.
std::vector<double> whole_gradient(const shape& sizes, const gradient& sum) {
    std::vector<double> whole(static_cast<std::size_t>(sizes.parameters()), 0.0);
    std::copy(sum.dense().begin(), sum.dense().end(), whole.begin());
    for (std::size_t i = 0; i < sum.touched().size(); ++i) {
        const auto first = sizes.dense() + std::int64_t{sum.touched()[i]} * sizes.dim;
        const auto column = sum.word(i);
        std::copy(column.begin(), column.end(), whole.begin() + first);
    }
    return whole;
}

class EnsembleRaeGradient : public testing::TestWithParam<double> {};

TEST_P(EnsembleRaeGradient, AgreesWithCentralDifferences) {
    const double alpha = GetParam();
    for (const shape sizes : {shape{3, 7, 2}, shape{5, 4, 3}, shape{8, 20, 5}}) {
        row model(sizes);
        const auto parameters = model.values();
        initialise(sizes, 7, parameters);
        random_stream random(11);
        for (double& value : parameters) value += 0.2 * (random.uniform() - 0.5);
        // The word 1 comes twice: its gradients must add up.
        const document text{{1, 3, 0, 1, 2, 3}, 1};
        tree nodes(sizes);
        gradient sum(sizes);

        nodes.parse(parameters, text.words);
        nodes.score(parameters, text.category);
        nodes.backward(parameters, text.category, alpha, sum);

        const auto analytic = whole_gradient(sizes, sum);
        double difference = 0;
        double size = 0;
        for (std::size_t i = 0; i < parameters.size(); ++i) {
            const double kept = parameters[i];
            const double step = 1e-5;
            parameters[i] = kept + step;
            const double above = objective(sizes, parameters, text, nodes.merges(), alpha);
            parameters[i] = kept - step;
            const double below = objective(sizes, parameters, text, nodes.merges(), alpha);
            parameters[i] = kept;
            const double numeric = (above - below) / (2 * step);
            EXPECT_NEAR(analytic[i], numeric, 1e-7) << "parameter " << i;
            difference += (analytic[i] - numeric) * (analytic[i] - numeric);
            size += numeric * numeric;
        }
        EXPECT_LT(std::sqrt(difference / size), 1e-6);
    }
}

INSTANTIATE_TEST_SUITE_P(Alpha, EnsembleRaeGradient, testing::Values(0.0, 0.2, 1.0));

TEST(EnsembleRae, GradientsOfTextsAddUpAndClearForgetsThem) {
    const shape sizes{4, 6, 2};
    row model(sizes);
    initialise(sizes, 1, model.values());
    tree nodes(sizes);
    gradient sum(sizes);
    const auto add = [&] {
        nodes.parse(model.values(), std::vector<int>{2, 5, 2});
        nodes.score(model.values(), 1);
        nodes.backward(model.values(), 1, 0.5, sum);
    };

    add();
    const auto once = whole_gradient(sizes, sum);
    add();
    const auto twice = whole_gradient(sizes, sum);
    sum.clear();
    add();

    EXPECT_EQ(whole_gradient(sizes, sum), once);
    ASSERT_EQ(sum.touched().size(), 2U);
    for (std::size_t i = 0; i < once.size(); ++i) EXPECT_NEAR(twice[i], 2 * once[i], 1e-14);
}

TEST(EnsembleRae, ARowIsAWholeNumberOfCacheLines) {
    for (int dim = 1; dim < 9; ++dim) {
        const shape sizes{dim, 5, 3};

        EXPECT_EQ(sizes.parameters() % 8, 0);
        EXPECT_GE(sizes.parameters(), sizes.dense() + 5 * dim);
        EXPECT_LT(sizes.parameters(), sizes.dense() + 5 * dim + 8);
    }
}

TEST(EnsembleRae, PaddingIsZeroAndStaysZero) {
    const shape sizes{3, 6, 2};
    const auto used = static_cast<std::size_t>(sizes.dense() + 18);
    row model(sizes);
    const auto parameters = model.values();
    std::fill(parameters.begin(), parameters.end(), 9.0);
    const corpus texts = random_texts(sizes, 40, 3);

    initialise(sizes, 1, parameters);
    trainer(sizes, small_settings(), 0, parameters).train_epoch(texts, 0);

    ASSERT_LT(used, parameters.size());
    for (std::size_t i = used; i < parameters.size(); ++i) EXPECT_EQ(parameters[i], 0.0);
}

TEST(EnsembleRae, ARowOfAnotherLengthIsRefused) {
    const shape sizes{3, 6, 2};
    row model(sizes);
    const auto shorter = model.values().first(8);

    EXPECT_THROW(initialise(sizes, 1, shorter), std::invalid_argument);
    EXPECT_THROW(trainer(sizes, settings{}, 0, shorter), std::invalid_argument);
}

TEST(EnsembleRae, EveryNodeHasUnitLength) {
    const shape sizes{6, 9, 2};
    row model(sizes);
    initialise(sizes, 5, model.values());
    tree nodes(sizes);

    nodes.parse(model.values(), std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8});

    for (int i = 0; i < 17; ++i) EXPECT_NEAR(nodes.node(i).norm(), 1, 1e-12);
}

TEST(EnsembleRae, TheTreeMergesTheBestReconstructedNeighbours) {
    // Arrange: with no encoder or decoder weights a pair is reconstructed by the decoder's bias,
    // here twice the vector of word 1, so that only the pair of two words 1 is exact.
    const shape sizes{2, 2, 2};
    row model(sizes);
    mutable_row_view view(sizes, model.values().data());
    view.encoder_bias << 1, 0;
    view.decoder_bias << 1, 0, 1, 0;
    double* vectors = model.values().data() + sizes.dense();
    vectors[1] = 3;
    vectors[2] = 5;
    tree nodes(sizes);

    nodes.parse(model.values(), std::vector<int>{0, 0, 1, 1});

    // The two ones merge into a vector like theirs, which then takes the word next to it.
    const std::vector<merge> expected{{2, 3}, {1, 4}, {0, 5}};
    EXPECT_TRUE(
        std::equal(expected.begin(), expected.end(), nodes.merges().begin(), nodes.merges().end()));
    EXPECT_NEAR(nodes.error(4), 0, 1e-12);
    EXPECT_EQ(nodes.size(5), 3);
    EXPECT_EQ(nodes.size(6), 4);
}

TEST(EnsembleRae, ErrorsAreWeightedByTheWordsBelow) {
    // Arrange: as above; word 0 is at squared distance 2 from its reconstruction, a phrase at 0.
    const shape sizes{2, 2, 2};
    row model(sizes);
    mutable_row_view view(sizes, model.values().data());
    view.encoder_bias << 1, 0;
    view.decoder_bias << 1, 0, 1, 0;
    double* vectors = model.values().data() + sizes.dense();
    vectors[1] = 1;
    vectors[2] = 1;
    tree nodes(sizes);

    nodes.parse(model.values(), std::vector<int>{0, 0, 1, 1});
    const losses found = nodes.score(model.values(), 0);

    EXPECT_NEAR(nodes.error(5), 2.0 / 3, 1e-12);
    EXPECT_NEAR(nodes.error(6), 2.0 / 4, 1e-12);
    EXPECT_NEAR(found.reconstruction, (2.0 / 3 + 2.0 / 4) / 3, 1e-12);
    EXPECT_NEAR(found.classification, std::log(2.0), 1e-12);
}

TEST(EnsembleRae, OfEqualPairsTheLeftmostMergesFirst) {
    const shape sizes{2, 1, 2};
    row model(sizes);
    mutable_row_view(sizes, model.values().data()).encoder_bias << 1, 0;
    model.values()[static_cast<std::size_t>(sizes.dense())] = 1;
    tree nodes(sizes);

    nodes.parse(model.values(), std::vector<int>{0, 0, 0, 0});

    EXPECT_EQ(nodes.merges()[0], (merge{0, 1}));
    EXPECT_EQ(nodes.merges()[1], (merge{4, 2}));
}

TEST(EnsembleRae, FollowingTheGreedyTreeGivesItsLosses) {
    const shape sizes{5, 9, 3};
    row model(sizes);
    initialise(sizes, 4, model.values());
    const std::vector<int> words{3, 1, 4, 1, 5, 8, 2, 6};
    tree greedy(sizes);
    tree same(sizes);

    greedy.parse(model.values(), words);
    same.follow(model.values(), words, greedy.merges());

    const losses a = greedy.score(model.values(), 2);
    const losses b = same.score(model.values(), 2);
    EXPECT_NEAR(a.reconstruction, b.reconstruction, 1e-12);
    EXPECT_NEAR(a.classification, b.classification, 1e-12);
}

TEST(EnsembleRae, ATextOfOneWordHasNoTree) {
    const shape sizes{2, 2, 2};
    row model(sizes);
    tree nodes(sizes);

    EXPECT_THROW(nodes.parse(model.values(), std::vector<int>{0}), std::invalid_argument);
}

TEST(EnsembleRae, AParameterWithoutValuesStaysFinite) {
    const shape sizes{3, 4, 2};
    row model(sizes);
    const corpus texts = random_texts(sizes, 30, 1);

    trainer(sizes, small_settings(), 0, model.values()).train_epoch(texts, 0);

    for (const double value : model.values()) EXPECT_TRUE(std::isfinite(value));
}

TEST(EnsembleTraining, AdagradDividesByTheRootOfTheSquaresSoFar) {
    Eigen::ArrayXd squares = Eigen::ArrayXd::Zero(3);
    Eigen::ArrayXd values = Eigen::ArrayXd::Ones(3);
    const Eigen::ArrayXd first{{3, -0.5, 0}};
    const Eigen::ArrayXd second{{4, 0, 0}};

    adagrad(0.1, first, squares, values);
    adagrad(0.1, second, squares, values);

    EXPECT_NEAR(values[0], 1 - 0.1 - 0.1 * 4 / 5, 1e-9);
    EXPECT_NEAR(values[1], 1 + 0.1, 1e-9);
    EXPECT_EQ(values[2], 1);
    EXPECT_EQ(squares[0], 25);
}

TEST(EnsembleTraining, AStepChangesOnlyTheWordsOfTheText) {
    const shape sizes{4, 6, 2};
    row model(sizes);
    initialise(sizes, 1, model.values());
    const std::vector<double> before(model.values().begin(), model.values().end());
    trainer one(sizes, small_settings(), 0, model.values());
    const document text{{2, 4, 2}, 1};
    const document* const texts[] = {&text};

    one.step(texts);

    for (int word = 0; word < 6; ++word) {
        const auto first = static_cast<std::size_t>(sizes.dense() + 4 * word);
        const bool same = std::equal(before.begin() + static_cast<std::ptrdiff_t>(first),
                                     before.begin() + static_cast<std::ptrdiff_t>(first + 4),
                                     model.values().begin() + static_cast<std::ptrdiff_t>(first));
        EXPECT_EQ(same, word != 2 && word != 4) << "word " << word;
    }
}

TEST(EnsembleTraining, LambdaPullsATouchedParameterToZero) {
    const shape sizes{2, 3, 2};
    row model(sizes);
    initialise(sizes, 1, model.values());
    settings options = small_settings();
    options.lambda = 1e9;
    options.learning_rate = 0.001;
    trainer one(sizes, options, 0, model.values());
    const double before = model.values()[0];
    const document text{{0, 1}, 1};
    const document* const texts[] = {&text};

    one.step(texts);

    EXPECT_NEAR(std::abs(model.values()[0]), std::abs(before) - 0.001, 1e-9);
}

TEST(EnsembleTraining, LossFallsAndAccuracyBeatsTheMajority) {
    const shape sizes{8, 30, 3};
    const corpus texts = random_texts(sizes, 300, 5);
    row model(sizes);
    initialise(sizes, 1, model.values());
    const quality before = evaluate(sizes, model.values(), texts.held_out);
    trainer one(sizes, small_settings(), 0, model.values());

    const losses first = one.train_epoch(texts, 0);
    losses last;
    for (int epoch = 1; epoch < 5; ++epoch) last = one.train_epoch(texts, epoch);
    const quality after = evaluate(sizes, model.values(), texts.held_out);

    EXPECT_LT(last.objective(0.2), first.objective(0.2));
    EXPECT_LT(after.reconstruction, before.reconstruction);
    EXPECT_GT(after.accuracy, 1.5 * majority(texts.held_out));
}

TEST(EnsembleTraining, ResultsDoNotDependOnTheAddressOfTheRow) {
    const shape sizes{7, 30, 3};
    const corpus texts = random_texts(sizes, 100, 5);
    std::vector<std::uint64_t> hashes;

    for (std::size_t offset = 0; offset < 4; ++offset) {
        row model(sizes, offset);
        initialise(sizes, 1, model.values());
        trainer one(sizes, small_settings(), 3, model.values());
        for (int epoch = 0; epoch < 3; ++epoch) one.train_epoch(texts, epoch);
        hashes.push_back(hash(model.values()));
    }

    for (const auto found : hashes) EXPECT_EQ(found, hashes[0]);
}

TEST(EnsembleTraining, ModelsAndEpochsHaveSamplesOfTheirOwn) {
    const shape sizes{4, 30, 3};
    const corpus texts = random_texts(sizes, 100, 5);
    const auto trained = [&](int number, int epoch) {
        row model(sizes);
        initialise(sizes, 1, model.values());
        trainer(sizes, small_settings(), number, model.values()).train_epoch(texts, epoch);
        return hash(model.values());
    };

    EXPECT_EQ(trained(0, 0), trained(0, 0));
    EXPECT_NE(trained(0, 0), trained(1, 0));
    EXPECT_NE(trained(0, 0), trained(0, 1));
    EXPECT_NE(trained(1, 0), trained(0, 1));
}

TEST(EnsembleTraining, ARestartDependsOnTheRowOnly) {
    const shape sizes{4, 30, 3};
    const corpus texts = random_texts(sizes, 100, 5);
    row first(sizes);
    row second(sizes);
    initialise(sizes, 1, first.values());
    trainer one(sizes, small_settings(), 0, first.values());
    one.train_epoch(texts, 0);
    std::copy(first.values().begin(), first.values().end(), second.values().begin());

    one.restart();
    one.train_epoch(texts, 1);
    trainer(sizes, small_settings(), 0, second.values()).train_epoch(texts, 1);

    EXPECT_EQ(hash(first.values()), hash(second.values()));
}

TEST(EnsembleTraining, BatchesCoverTheWholeShare) {
    const shape sizes{4, 30, 3};
    const corpus texts = random_texts(sizes, 50, 5);
    row model(sizes);
    initialise(sizes, 1, model.values());
    settings options = small_settings();
    options.batch = 7;

    const losses mean = trainer(sizes, options, 0, model.values()).train_epoch(texts, 0);

    EXPECT_GT(mean.classification, 0.5);
    EXPECT_LT(mean.classification, 2);
}

TEST(EnsembleTraining, NoTextsAreEvaluatedAsZero) {
    const shape sizes{4, 30, 3};
    row model(sizes);

    const quality none = evaluate(sizes, model.values(), {});

    EXPECT_EQ(none.accuracy, 0);
    EXPECT_EQ(none.reconstruction, 0);
}

TEST(EnsembleHash, IsFnv1aOfTheBytes) {
    // The 64-bit FNV-1a offset basis, and its value after eight zero bytes.
    EXPECT_EQ(hash({}), 0xcbf29ce484222325U);
    std::uint64_t expected = 0xcbf29ce484222325U;
    for (int i = 0; i < 8; ++i) expected *= 0x100000001b3U;
    const std::vector<double> zero{0.0};
    const std::vector<double> negative{-0.0};
    EXPECT_EQ(hash(zero), expected);
    EXPECT_NE(hash(negative), expected);
}

TEST(EnsembleRandom, TheStreamIsTheSameEverywhere) {
    random_stream random(0);
    EXPECT_EQ(random_stream(5, 1, 2).next(), random_stream(5, 1, 2).next());
    EXPECT_NE(random_stream(5, 1, 2).next(), random_stream(5, 2, 1).next());
    for (int i = 0; i < 1000; ++i) EXPECT_LT(random.below(3), 3U);
}

} // namespace
