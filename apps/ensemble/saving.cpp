#include "saving.hpp"

#include <boost/functional/hash.hpp>
#include <fmt/format.h>
#include <nodespan/nodespan.hpp>

#include <algorithm>

namespace nodespan::ensemble {
namespace {

// Calls f with each number of an epoch and its name; figures may be const.
template <class Figures, class F>
void for_each_number(Figures& figures, F&& f) {
    f("error of single models, least", figures.singles.reconstruction.least);
    f("error of single models, mean", figures.singles.reconstruction.mean);
    f("error of single models, largest", figures.singles.reconstruction.largest);
    f("accuracy of single models, least", figures.singles.accuracy.least);
    f("accuracy of single models, mean", figures.singles.accuracy.mean);
    f("accuracy of single models, largest", figures.singles.accuracy.largest);
    f("error of the average", figures.average.reconstruction);
    f("accuracy of the average", figures.average.accuracy);
}

std::size_t hash_of(const corpus& texts) {
    std::size_t hash = 0;
    for (const auto* list : {&texts.train, &texts.held_out})
        for (const document& text : *list) {
            boost::hash_combine(hash, text.category);
            boost::hash_range(hash, text.words.begin(), text.words.end());
        }
    return hash;
}

} // namespace

std::string settings_of(const settings& s, const corpus& texts) {
    return fmt::format(
        "seed {}, {} models, dim {}, alpha {}, lambda {}, learning rate {}, batches of {}, "
        "samples of {}, averages every {} epochs, texts {:016x}",
        s.seed, s.models, s.dim, s.alpha, s.lambda, s.learning_rate, s.batch, s.share,
        s.average_every, hash_of(texts));
}

const std::vector<std::string>& names_of_numbers() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> result{"epoch", "averaged"};
        const epoch_figures any;
        for_each_number(any, [&](const char* name, double) { result.emplace_back(name); });
        return result;
    }();
    return names;
}

std::vector<double> to_numbers(const std::vector<epoch_figures>& epochs) {
    std::vector<double> result;
    for (const epoch_figures& one : epochs) {
        result.push_back(one.epoch);
        result.push_back(one.averaged ? 1 : 0);
        for_each_number(one, [&](const char*, double value) { result.push_back(value); });
    }
    return result;
}

std::vector<epoch_figures> from_numbers(const std::vector<double>& numbers) {
    std::vector<epoch_figures> result(numbers.size() / names_of_numbers().size());
    auto next = numbers.begin();
    for (epoch_figures& one : result) {
        one.epoch = static_cast<int>(*next++);
        one.averaged = *next++ != 0;
        for_each_number(one, [&](const char*, double& value) { value = *next++; });
    }
    return result;
}

#ifdef NODESPAN_HAS_HDF5

void add_saving_file_option(CLI::App& options, std::string& file) {
    options
        .add_option("--save", file,
                    "Write the parameters and the learning curves into this HDF5 file")
        ->type_name("FILE");
}

void save_ensemble(team& everyone, const array<double, 2>& parameters, const outcome& found,
                   const std::string& file) {
    const std::vector<double> numbers = to_numbers(found.epochs);
    const auto columns = static_cast<index_t>(names_of_numbers().size());
    array<double, 2> curves(everyone, {std::ssize(found.epochs), columns});
    const box<2> mine = curves.rank_box();
    for (index_t i = mine.lo[0]; i < mine.hi[0]; ++i)
        for (index_t j = 0; j < columns; ++j)
            curves(i, j) = numbers[static_cast<std::size_t>(i * columns + j)];

    save_options about_parameters, about_curves;
    about_parameters.attributes = {{"dim", index_t{found.options.dim}},
                                   {"words", static_cast<index_t>(found.words)},
                                   {"categories", static_cast<index_t>(found.categories)}};
    about_curves.attributes = {{"columns", names_of_numbers()}};
    hdf5_writer writer(everyone, file);
    writer.save(parameters, "parameters", about_parameters);
    writer.save(curves, "learning_curves", about_curves);
    writer.commit();
}

#else

void add_saving_file_option(CLI::App&, std::string&) {}
void save_ensemble(team&, const array<double, 2>&, const outcome&, const std::string&) {}

#endif

} // namespace nodespan::ensemble
