// nodespan-ensemble: trains an ensemble of recursive autoencoders on text, every rank some of the
// models, in place in one array (models x parameters) that all ranks share; every few epochs the
// models are averaged and start again from the average. Nothing is pickled, nothing is sent.

#include "app.hpp"
#include "averaging.hpp"
#include "messages.hpp"
#include "outcome.hpp"
#include "results.hpp"
#include "saving.hpp"
#include "saving_options.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <optional>
#include <span>

namespace {

using namespace nodespan;
using namespace nodespan::ensemble;

struct arguments {
    settings model;
    std::string text = "/usr/share/games/fortunes";
    std::string plot;
    std::string save;
    app::run_control_options checkpoints;
    app::output_options output;
};

void add_options(CLI::App& options, arguments& chosen) {
    settings& s = chosen.model;
    app::add_number<int>(options, "--models", s.models,
                         "Models in the ensemble, at least one a rank", {1, 1'000'000, "models"});
    app::add_number<int>(options, "--epochs", s.epochs, "Passes over the training texts",
                         {1, 1'000'000, "epochs"});
    app::add_number<int>(options, "--average-every", s.average_every,
                         "From one averaging to the next", {1, 1'000'000, "epochs"});
    app::add_number<int>(options, "--dim", s.dim, "Length of the vector of a word or phrase",
                         {1, 4096, "numbers"});
    options.add_option("--seed", s.seed, "Start of all random numbers, a whole number")
        ->type_name("NUMBER")
        ->capture_default_str();
    app::add_number<int>(options, "--categories", s.categories,
                         "Categories: the largest files; 0 for all", {0, 1'000'000, "files"});
    options.add_option("--text", chosen.text, "Plain text files, each a category")
        ->type_name("FOLDER")
        ->capture_default_str();
    options.add_option("--plot", chosen.plot, "Draw the learning curves into this PNG file")
        ->type_name("FILE");
    add_saving_file_option(options, chosen.save);
    app::add_saving_options(options, chosen.checkpoints, "epochs", 2);
    app::add_output_options(options, chosen.output);
    options.footer(
        "Examples:\n"
        "  mpirun -n 4 nodespan-ensemble --plot curves.png\n"
        "  mpirun -n 2 nodespan-ensemble --models 8 --epochs 4 --json > figures.json\n"
        "  nodespan-ensemble --text ~/articles --dim 32 --average-every 3\n"
        "  mpirun -n 4 nodespan-ensemble --epochs 100 --checkpoint run7 --resume --save all.h5\n\n"
        "Checkpoints are written when models are averaged, at the first such epoch that --every\n"
        "asks for.\n"
        "Without --text it reads the English texts of Debian's package 'fortunes'.\n"
        "The result does not depend on the number of ranks of a node.\n"
        "Exit codes: 0 good, 1 failed, 2 bad usage, 85 stopped by SIGUSR1 after a checkpoint, at\n"
        "the next averaging.");
}

app::run_control_options control_of(const arguments& chosen, const corpus& texts) {
    app::run_control_options options = chosen.checkpoints;
    options.settings = settings_of(chosen.model, texts);
    if (chosen.output.quiet) options.tell = [](const std::string&) {};
    return options;
}

// Reads the texts on every rank; where any rank can't, all throw the first one's error.
corpus read_together(const team& everyone, const arguments& chosen) {
    corpus texts;
    std::string problem;
    try {
        texts = read_corpus(chosen.text, chosen.model);
    } catch (const std::exception& failure) {
        problem = failure.what();
    }
    for (const std::string& one : app::all_gather_messages(everyone.comm(), problem))
        if (!one.empty())
            throw error(errc::io,
                        one + " (the default texts come with Debian's package 'fortunes'; "
                              "--text FOLDER takes others)",
                        true);
    return texts;
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + static_cast<long>(values.size() / 2),
                     values.end());
    return values[values.size() / 2];
}

// Seconds `work` takes when all ranks begin together and wait for the last.
template <class Work>
double time_together(team& everyone, Work&& work) {
    everyone.fence();
    const double start = MPI_Wtime();
    work();
    everyone.fence();
    return MPI_Wtime() - start;
}

// The run itself: the shared parameters, this rank's trainers, and what has been found so far.
class run {
public:
    run(team& everyone, const arguments& chosen, const corpus& texts)
        : team_(everyone),
          texts_(texts),
          options_(chosen.model),
          sizes_{options_.dim, texts.words.size(), static_cast<int>(texts.categories.size())},
          parameters_(everyone, {options_.models, sizes_.parameters()}),
          average_(parameters_),
          control_(everyone, control_of(chosen, texts)) {
        const view<double, 2> mine = parameters_.local();
        for (index_t i = 0; i < mine.extent(0); ++i) {
            initialise(sizes_, options_.seed, mine.row(i).span()); // all models begin alike
            trainers_.emplace_back(sizes_, options_,
                                   static_cast<int>(parameters_.rank_box().lo[0] + i),
                                   mine.row(i).span());
        }
        describe(chosen);
    }

    // Nothing where it was stopped by SIGUSR1.
    std::optional<outcome> train();
    int stop() const { return control_.exit_code(); }
    void compare_averaging(outcome& result);
    void save(const std::string& file) const { save_ensemble(team_, parameters_, found_, file); }

private:
    void describe(const arguments& chosen);
    quality evaluate_row() const {
        return evaluate_together(team_, sizes_, trainers_.front().parameters(), texts_.held_out);
    }
    single_models evaluate_single_models() const;
    epoch_figures run_epoch(int epoch, progress& shown, const std::string& note);
    int resume();
    void prepare_checkpoint();

    team& team_;
    const corpus& texts_;
    settings options_;
    shape sizes_;
    array<double, 2> parameters_; // models x parameters
    row_average average_;
    std::vector<trainer> trainers_;
    outcome found_;
    bool is_quiet_ = false;
    app::run_control control_;
    std::vector<double> curves_; // found_.epochs, as checkpoints hold them
};

void run::describe(const arguments& chosen) {
    found_.options = options_;
    found_.text = chosen.text;
    found_.ranks = team_.size();
    found_.nodes = team_.nodes();
    found_.categories = texts_.categories.size();
    found_.words = static_cast<std::size_t>(texts_.words.size());
    found_.training_texts = texts_.train.size();
    found_.held_out_texts = texts_.held_out.size();
    found_.parameters = sizes_.parameters();
    found_.majority = majority(texts_.held_out);
    is_quiet_ = chosen.output.quiet;
    if (team_.rank() != 0 || is_quiet_) return;
    fmt::print(stderr,
               "{} of {} parameters ({} words, dim {}) on {}; {} training and {} held-out texts "
               "in {} categories\n",
               app::count_of(options_.models, "model"), found_.parameters, found_.words,
               options_.dim, app::size_text(found_.ranks, found_.nodes), found_.training_texts,
               found_.held_out_texts, found_.categories);
}

// On all held-out texts, the models in turn: each row is read where it lies.
single_models run::evaluate_single_models() const {
    std::vector<quality> mine;
    for (const trainer& one : trainers_)
        mine.push_back(evaluate(sizes_, one.parameters(), texts_.held_out));
    return gather_single_models(team_, mine);
}

epoch_figures run::run_epoch(int epoch, progress& shown, const std::string& note) {
    epoch_figures figures;
    figures.epoch = epoch + 1;
    const auto count = static_cast<std::int64_t>(trainers_.size());
    for (std::int64_t i = 0; i < count; ++i) {
        trainers_[static_cast<std::size_t>(i)].train_epoch(texts_, epoch);
        if (i + 1 < count) shown.update(epoch * count + i + 1, note); // the last with figures
    }
    const bool is_last = epoch + 1 == options_.epochs;
    figures.averaged = is_last || (epoch + 1) % options_.average_every == 0;
    figures.singles = evaluate_single_models();
    if (figures.averaged) {
        const double start = MPI_Wtime();
        average_();
        found_.averaging_seconds += MPI_Wtime() - start;
        for (trainer& one : trainers_) one.restart();
        figures.average = evaluate_row();
    }
    return figures;
}

// What was averaged depends on nothing else from before, see trainer::restart.
int run::resume() {
    control_.add("parameters", parameters_);
    control_.add("first error", found_.first.reconstruction);
    control_.add("first accuracy", found_.first.accuracy);
    control_.add("curves", curves_);
    control_.add("training seconds", found_.training_seconds);
    control_.add("averaging seconds", found_.averaging_seconds);
    const auto done = static_cast<int>(control_.start(options_.epochs));
    if (done > 0) found_.epochs = from_numbers(curves_);
    return done;
}

void run::prepare_checkpoint() {
    curves_ = to_numbers(found_.epochs);
    broadcast(team_, std::span(&found_.training_seconds, 1)); // each rank has its own clock
    broadcast(team_, std::span(&found_.averaging_seconds, 1));
}

std::optional<outcome> run::train() {
    const int done = resume();
    if (done == 0) found_.first = evaluate_row();
    const double start = MPI_Wtime() - found_.training_seconds;
    const auto count = static_cast<std::int64_t>(trainers_.size()); // rank 0 has the most
    progress shown(team_, "training", count * options_.epochs,
                   {.unit = "passes", .begin = count * done, .quiet = is_quiet_});
    std::string note = fmt::format("epoch {}/{}", done + 1, options_.epochs);
    for (int epoch = done; epoch < options_.epochs; ++epoch) {
        const epoch_figures figures = run_epoch(epoch, shown, note);
        found_.epochs.push_back(figures);
        const quality best = figures.averaged ? figures.average
                                              : quality{figures.singles.reconstruction.mean,
                                                        figures.singles.accuracy.mean};
        found_.training_seconds = MPI_Wtime() - start;
        if (figures.averaged && control_.stops_after(epoch + 1, [this] { prepare_checkpoint(); }))
            return std::nullopt;
        note = fmt::format("epoch {}/{}, {}: error {:.4f}, accuracy {:.1f} % (majority {:.1f} %), "
                           "averaging {:.2f} s",
                           epoch + 1, options_.epochs,
                           figures.averaged ? "averaged" : "single models", best.reconstruction,
                           100 * best.accuracy, 100 * found_.majority, found_.averaging_seconds);
        shown.update((epoch + 1) * count, note);
    }
    found_.training_seconds = MPI_Wtime() - start;
    found_.singles = found_.epochs.back().singles;
    found_.average = found_.epochs.back().average;
    found_.parameters_hash = ensemble::hash(trainers_.front().parameters());
    return found_;
}

// One averaging through shared windows and one by serialisation, in turn; the rows differ each
// time, so that both have real work, and both must come to the same result.
void run::compare_averaging(outcome& result) {
    constexpr int rounds = 9;
    std::vector<double> shared, serialised;
    result.averages_agree = true;
    const auto disturb = [&](int round) {
        for (const trainer& one : trainers_)
            for (double& value : one.parameters())
                value += 1e-3 * (round + 1) * static_cast<double>(parameters_.rank_box().lo[0] + 1);
    };
    const std::vector<double> before(trainers_.front().parameters().begin(),
                                     trainers_.front().parameters().end());
    const auto reset = [&](int round) {
        for (const trainer& one : trainers_)
            std::copy(before.begin(), before.end(), one.parameters().begin());
        disturb(round);
    };
    for (int round = 0; round < rounds; ++round) {
        reset(round);
        shared.push_back(time_together(team_, [&] { average_(); }));
        const std::uint64_t ours = ensemble::hash(trainers_.front().parameters());
        team_.fence();
        reset(round);
        serialised.push_back(time_together(team_, [&] { average_by_serialisation(parameters_); }));
        const bool same = ours == ensemble::hash(trainers_.front().parameters());
        result.averages_agree &= all_reduce(team_, same ? 1 : 0, accumulate_op::min) != 0;
    }
    result.shared_seconds = median(shared);
    result.serialised_seconds = median(serialised);
}

int body(team& everyone, const arguments& chosen) {
    if (chosen.model.models < everyone.size()) {
        if (everyone.rank() == 0)
            fmt::print(stderr, "nodespan-ensemble: {} for {}: every rank needs one\n",
                       app::count_of(chosen.model.models, "model"),
                       app::count_of(everyone.size(), "rank"));
        return app::bad_usage;
    }
    app::require_writable(everyone, {{"--save", chosen.save, true},
                                     {"--plot", chosen.plot, false, false},
                                     app::planned_json(chosen.output)});
    const corpus texts = read_together(everyone, chosen);
    run ensemble(everyone, chosen, texts);
    std::optional<outcome> result = ensemble.train();
    if (!result) return ensemble.stop();
    if (!chosen.save.empty()) ensemble.save(chosen.save);
    ensemble.compare_averaging(*result);
    const app::exit_code printed = app::print_results(
        everyone, "nodespan-ensemble", chosen.output, [&] { return to_text(*result); },
        [&] { return to_json(*result) + "\n"; });
    app::draw_picture(everyone, "nodespan-ensemble", chosen.output, chosen.plot,
                      [&] { plot(*result, chosen.plot); });
    return printed;
}

} // namespace

int main(int argc, char** argv) {
    arguments chosen;
    CLI::App options("Trains an ensemble of recursive autoencoders on text, averaging their "
                     "parameters\nin shared memory every few epochs.",
                     "nodespan-ensemble");
    add_options(options, chosen);
    return app::run_app(argc, argv, options,
                        [&](team& everyone) { return body(everyone, chosen); });
}
