#include "training.hpp"

#include "random.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

namespace nodespan::ensemble {

void adagrad(double rate, const Eigen::Ref<const Eigen::ArrayXd>& slopes,
             Eigen::Ref<Eigen::ArrayXd> squares, Eigen::Ref<Eigen::ArrayXd> parameters) {
    squares += slopes.square();
    parameters -= rate * slopes / (squares.sqrt() + 1e-12);
}

trainer::trainer(const shape& sizes, const settings& options, int model,
                 std::span<double> parameters)
    : sizes_(sizes),
      options_(options),
      model_(model),
      parameters_(parameters),
      squares_(Eigen::ArrayXd::Zero(sizes.parameters())),
      slopes_(std::max<std::int64_t>(sizes.dense(), sizes.dim)),
      sum_(sizes),
      tree_(sizes) {
    if (std::ssize(parameters) != sizes.parameters()) {
        throw std::invalid_argument("trainer(" + std::to_string(parameters.size()) +
                                    " values): the shape needs " +
                                    std::to_string(sizes.parameters()));
    }
}

losses trainer::step(std::span<const document* const> texts) {
    const double count = static_cast<double>(texts.size());
    losses mean;
    sum_.clear();
    for (const document* text : texts) {
        tree_.parse(parameters_, text->words);
        const losses one = tree_.score(parameters_, text->category);
        tree_.backward(parameters_, text->category, options_.alpha, sum_);
        mean.reconstruction += one.reconstruction / count;
        mean.classification += one.classification / count;
    }
    const auto update = [&](std::int64_t first, const auto& slopes) {
        Eigen::Map<Eigen::ArrayXd> values(parameters_.data() + first, slopes.size());
        auto total = slopes_.head(slopes.size());
        total = slopes.array() / count + options_.lambda * values;
        adagrad(options_.learning_rate, total, squares_.segment(first, slopes.size()), values);
    };
    update(0, sum_.dense());
    for (std::size_t i = 0; i < sum_.touched().size(); ++i) {
        const std::int64_t word = sum_.touched()[i];
        update(sizes_.dense() + word * sizes_.dim, sum_.word(i));
    }
    return mean;
}

losses trainer::train_epoch(const corpus& texts, int epoch) {
    const double wanted = std::round(options_.share * static_cast<double>(texts.train.size()));
    const auto samples = static_cast<std::size_t>(std::max(wanted, 1.0));
    const auto batch = static_cast<std::size_t>(std::max(options_.batch, 1));
    random_stream random(options_.seed, static_cast<std::uint64_t>(model_) + 1,
                         static_cast<std::uint64_t>(epoch));
    std::vector<const document*> drawn;
    losses sum;
    for (std::size_t done = 0; done < samples; done += drawn.size()) {
        drawn.clear();
        while (drawn.size() < std::min(batch, samples - done)) {
            drawn.push_back(&texts.train[random.below(texts.train.size())]);
        }
        const losses mean = step(drawn);
        sum.reconstruction += mean.reconstruction * static_cast<double>(drawn.size());
        sum.classification += mean.classification * static_cast<double>(drawn.size());
    }
    return {sum.reconstruction / static_cast<double>(samples),
            sum.classification / static_cast<double>(samples)};
}

quality evaluate(const shape& sizes, std::span<const double> parameters,
                 std::span<const document> texts) {
    tree nodes(sizes);
    double errors = 0;
    std::int64_t phrases = 0;
    std::int64_t right = 0;
    for (const document& text : texts) {
        nodes.parse(parameters, text.words);
        const losses one = nodes.score(parameters, text.category);
        errors += one.reconstruction * (nodes.leaves() - 1);
        phrases += nodes.leaves() - 1;
        right += nodes.predicted() == text.category ? 1 : 0;
    }
    if (texts.empty()) return {};
    return {errors / static_cast<double>(phrases),
            static_cast<double>(right) / static_cast<double>(texts.size())};
}

} // namespace nodespan::ensemble
