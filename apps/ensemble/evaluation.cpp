#include "evaluation.hpp"

#include "messages.hpp"

#include <nodespan/collectives.hpp>

#include <algorithm>
#include <numeric>

namespace nodespan::ensemble {
namespace {

spread spread_of(const std::vector<double>& values) {
    const auto [least, largest] = std::minmax_element(values.begin(), values.end());
    const double sum = std::accumulate(values.begin(), values.end(), 0.0);
    return {*least, sum / static_cast<double>(values.size()), *largest};
}

} // namespace

quality evaluate_together(const team& everyone, const shape& sizes, std::span<const double> row,
                          const std::vector<document>& held_out) {
    const auto cut = [&](int rank) {
        return held_out.size() * static_cast<std::size_t>(rank) /
               static_cast<std::size_t>(everyone.size());
    };
    const std::size_t begin = cut(everyone.rank());
    const std::span<const document> mine =
        std::span(held_out).subspan(begin, cut(everyone.rank() + 1) - begin);
    const quality part = evaluate(sizes, row, mine);
    double phrases = 0;
    for (const document& text : mine) phrases += static_cast<double>(text.words.size()) - 1;

    const auto texts = static_cast<double>(mine.size());
    double all[] = {part.reconstruction * phrases, phrases, part.accuracy * texts, texts};
    all_reduce(everyone, all);
    return {all[0] / std::max(all[1], 1.0), all[2] / std::max(all[3], 1.0)};
}

single_models gather_single_models(const team& everyone, const std::vector<quality>& mine) {
    std::vector<double> errors, accuracies;
    for (const quality& one : mine) {
        errors.push_back(one.reconstruction);
        accuracies.push_back(one.accuracy);
    }
    const auto gather_all = [&](const std::vector<double>& values) {
        std::vector<double> all;
        for (const auto& part : app::all_gather_messages(everyone.comm(), values))
            all.insert(all.end(), part.begin(), part.end());
        return all;
    };
    return {spread_of(gather_all(errors)), spread_of(gather_all(accuracies))};
}

} // namespace nodespan::ensemble
