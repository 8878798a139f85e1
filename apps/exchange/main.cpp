// nodespan-exchange: one rank fills an array, the others use it. Through files on a RAM disk, as
// programs do that share nothing else, and in shared memory: the same numbers, in the same run.

#include "app.hpp"
#include "results.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace {

using namespace nodespan;
namespace fs = std::filesystem;

constexpr index_t columns = 64;

struct arguments {
    index_t mib = 16;
    std::string folder = "/dev/shm";
    int repeat = 5;
    app::output_options output;
};

struct outcome {
    std::string way;
    double seconds = 0;  // median, from the first number written to the last one used
    bool is_good = true; // whether all ranks came to the right sum
};

void fill(const view<double, 2>& to) {
    for (index_t i = 0; i < to.extent(0); ++i)
        for (index_t j = 0; j < columns; ++j)
            to(i, j) = static_cast<double>((i * columns + j) % 1000);
}

double sum_of(const view<const double, 2>& from) {
    double sum = 0;
    for (index_t i = 0; i < from.extent(0); ++i)
        for (index_t j = 0; j < columns; ++j) sum += from(i, j);
    return sum;
}

double expected_sum(index_t rows) {
    double sum = 0;
    for (index_t k = 0; k < rows * columns; ++k) sum += static_cast<double>(k % 1000);
    return sum; // exact: whole numbers below 2^53
}

// Rank 0 gives, then the others take; alone it does both.
class exchange {
public:
    exchange(team& everyone, const arguments& chosen)
        : everyone_(everyone),
          alone_(MPI_COMM_SELF),
          chosen_(chosen),
          rows_(std::max<index_t>(1, chosen.mib * (index_t{1} << 20) / (8 * columns))),
          shared_(everyone, {rows_, columns}),
          own_(alone_, {rows_, columns}) {}

    std::vector<outcome> run() {
        std::vector<outcome> results;
        results.push_back(measure(
            "shared array", [this] { fill(shared_.node()); },
            [this] { return sum_of(std::as_const(shared_).node()); }));
        results.push_back(through_file(
            ".npy", [this](const fs::path& file) { save_npy(own_, file); },
            [this](const fs::path& file) { load_npy(own_, file); }));
#ifdef NODESPAN_HAS_HDF5
        results.push_back(through_file(
            ".h5", [this](const fs::path& file) { save_hdf5(own_, file, "data"); },
            [this](const fs::path& file) { load_hdf5(own_, file, "data"); }));
#endif
        results.push_back(through_file(
            ".csv", [this](const fs::path& file) { save_csv(own_, file); },
            [this](const fs::path& file) { load_csv(own_, file); }));
        return results;
    }

private:
    outcome through_file(const char* ending, const std::function<void(const fs::path&)>& save,
                         const std::function<void(const fs::path&)>& load) {
        const fs::path file =
            fs::path(chosen_.folder) / (std::string("nodespan-exchange") + ending);
        outcome result = measure(
            fmt::format("{} in {}", ending, chosen_.folder),
            [&] {
                fill(own_.local());
                save(file);
            },
            [&] {
                load(file);
                return sum_of(std::as_const(own_).local());
            });
        if (everyone_.rank() == 0) fs::remove(file);
        return result;
    }

    outcome measure(std::string way, const std::function<void()>& give,
                    const std::function<double()>& take) {
        const bool takes = everyone_.rank() > 0 || everyone_.size() == 1;
        const double expected = expected_sum(rows_);
        std::vector<double> seconds;
        int wrong = 0;
        for (int k = 0; k < chosen_.repeat; ++k) {
            everyone_.fence();
            const double start = MPI_Wtime();
            if (everyone_.rank() == 0) give();
            everyone_.fence();
            if (takes) wrong += take() != expected;
            everyone_.fence();
            seconds.push_back(MPI_Wtime() - start);
        }
        std::sort(seconds.begin(), seconds.end());
        wrong = all_reduce(everyone_, wrong);
        return {std::move(way), seconds[seconds.size() / 2], wrong == 0};
    }

    team& everyone_;
    team alone_; // files are written and read by ranks that know nothing of each other
    const arguments& chosen_;
    index_t rows_;
    array<double, 2> shared_, own_;
};

std::string to_text(const team& everyone, const arguments& chosen,
                    const std::vector<outcome>& results) {
    std::string text =
        fmt::format("{} MiB from one rank to {}, median of {}\n\n{:<28}{:>12}{:>18}\n", chosen.mib,
                    std::max(1, everyone.size() - 1), chosen.repeat, "", "ms", "of shared memory");
    for (const outcome& one : results)
        text += fmt::format("{:<28}{:>12.3f}{:>18.1f}{}\n", one.way, 1e3 * one.seconds,
                            one.seconds / results.front().seconds, one.is_good ? "" : "   WRONG");
    return text;
}

std::string to_json(const team& everyone, const arguments& chosen,
                    const std::vector<outcome>& results) {
    nlohmann::ordered_json list = nlohmann::ordered_json::array();
    for (const outcome& one : results)
        list.push_back({{"way", one.way},
                        {"seconds", one.seconds},
                        {"ratio", one.seconds / results.front().seconds},
                        {"good", one.is_good}});
    return nlohmann::ordered_json{{"program", "nodespan-exchange"},
                                  {"ranks", everyone.size()},
                                  {"mib", chosen.mib},
                                  {"repeat", chosen.repeat},
                                  {"results", list}}
               .dump(2) +
           "\n";
}

int body(team& everyone, const arguments& chosen) {
    if (everyone.nodes() > 1) {
        if (everyone.rank() == 0)
            fmt::print(stderr, "nodespan-exchange: {} nodes: a RAM disk is of one node\n",
                       everyone.nodes());
        return app::bad_usage;
    }
    app::require_writable(everyone, {{"--folder", (fs::path(chosen.folder) / "a.npy").string()},
                                     app::planned_json(chosen.output)});
    const std::vector<outcome> results = exchange(everyone, chosen).run();
    const app::exit_code printed = app::print_results(
        everyone, "nodespan-exchange", chosen.output,
        [&] { return to_text(everyone, chosen, results); },
        [&] { return to_json(everyone, chosen, results); });
    const auto is_good = [](const outcome& one) { return one.is_good; };
    return std::all_of(results.begin(), results.end(), is_good) ? printed : app::failed;
}

} // namespace

int main(int argc, char** argv) {
    arguments chosen;
    CLI::App options(
        "Hands an array from one rank to the others, through files on a RAM disk and in "
        "shared\nmemory, and compares the times.",
        "nodespan-exchange");
    app::add_number<index_t>(options, "--mib", chosen.mib, "Size of the array",
                             {1, index_t{1} << 20, "MiB"});
    options.add_option("--folder", chosen.folder, "Where files go; a disk is worth a try, too")
        ->type_name("FOLDER")
        ->check(CLI::ExistingDirectory.description(""))
        ->capture_default_str();
    app::add_number<int>(options, "--repeat", chosen.repeat, "How often, each way",
                         {1, 1'000'000, "exchanges"});
    app::add_output_options(options, chosen.output);
    options.footer("Examples:\n"
                   "  mpirun -n 2 nodespan-exchange\n"
                   "  mpirun -n 4 nodespan-exchange --mib 256 --folder /tmp --repeat 3\n\n"
                   "Exit codes: 0 good, 1 failed or a wrong sum, 2 bad usage.");
    return app::run_app(argc, argv, options,
                        [&](team& everyone) { return body(everyone, chosen); });
}
