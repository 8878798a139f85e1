// nodespan-convert: arrays from one file format to another, in parallel: NumPy's .npy, CSV, raw
// numbers, HDF5 datasets. The whole dataset lies in the memory of the team in between.

#include "app.hpp"
#include "convert.hpp"
#include "results.hpp"
#include "standard_output.hpp"
#include "usage.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <map>

namespace {

using namespace nodespan;
using namespace nodespan::convert;

struct arguments {
    std::string from, to;
    std::string type, separator;
    job asked;
    std::string listed; // what info is to list
};

void add_options(CLI::App& options, arguments& chosen) {
    const std::map<std::string, csv_header> headers = {
        {"detect", csv_header::detect}, {"yes", csv_header::present}, {"no", csv_header::absent}};
    options
        .add_option("FROM", chosen.from,
                    "What to read: file.npy, .csv, .tsv, .txt, .raw, .bin, "
                    ".h5 or file.h5:/dataset")
        ->type_name("FILE");
    options.add_option("TO", chosen.to, "What to write, named in the same way")->type_name("FILE");
    options
        .add_option("--type", chosen.type,
                    "Element type of a raw or CSV file read, such as float32 or int64")
        ->type_name("TYPE");
    app::add_number<index_t>(options, "--shape", chosen.asked.shape,
                             "Extents of a raw file read (300x200)",
                             {0, index_t{1} << 60, "elements each"})
        ->expected(1, max_dimensions)
        ->delimiter('x')
        ->default_str("");
    app::add_number<index_t>(options, "--offset", chosen.asked.offset,
                             "Where the numbers of a raw file begin",
                             {0, index_t{1} << 60, "bytes"});
    options.add_flag("--big-endian", chosen.asked.is_big_endian,
                     "The raw file read is so; else the file written is to be");
    options.add_flag("--column-major", chosen.asked.is_column_major,
                     "The raw file read is so (Fortran order); else the file written is to be");
    options
        .add_option("--separator", chosen.separator,
                    "Of the CSV file read, else of the one written: comma, semicolon, tab, "
                    "blank, bar, colon")
        ->type_name("WORD");
    options
        .add_option("--header", chosen.asked.header,
                    "Whether the first line of a CSV file read names its columns")
        ->type_name(app::choice_text({"detect", "yes", "no"}))
        ->transform(CLI::CheckedTransformer(headers).description(""));
    options
        .add_option("--names", chosen.asked.names,
                    "Names of the columns of a CSV file written (a,b,c)")
        ->type_name("NAMES")
        ->delimiter(',');
    options.add_flag("--force", chosen.asked.is_forced, "Replace a file that exists");
    app::add_output_options(options, chosen.asked.output);

    CLI::App* info = options.add_subcommand("info", "List what is in a file");
    info->add_option("FILE", chosen.listed, "The file")->required()->type_name("FILE");
    info->fallthrough();
    options.footer("Examples:\n"
                   "  nodespan-convert info results.h5\n"
                   "  mpirun -n 4 nodespan-convert results.h5:/run/7/temperature t.npy\n"
                   "  mpirun -n 4 nodespan-convert table.csv table.npy --type float32\n"
                   "  nodespan-convert scan.raw scan.h5:/scan --type uint16 --shape 512x512x300\n\n"
                   "--json stands behind the names, or it takes one for its own file; --quiet "
                   "prints nothing.\n"
                   "Exit codes: 0 good, 1 failed, 2 bad usage.");
}

int list(team& everyone, const arguments& chosen) {
    const job& asked = chosen.asked;
    app::require_writable(everyone, {app::planned_json(asked.output)});
    app::exit_code printed = app::good;
    on_first(everyone, [&] {
        const place where = parse_place(chosen.listed);
        const auto found = list_contents(where, asked.separator, asked.header);
        printed = app::print_results(
            everyone, "nodespan-convert", asked.output, [&] { return to_text(where, found); },
            [&] { return to_json(where, found) + "\n"; });
    });
    return printed;
}

int body(team& everyone, arguments& chosen) {
    job& asked = chosen.asked;
    if (!chosen.separator.empty()) asked.separator = parse_separator(chosen.separator);
    if (!chosen.listed.empty()) return list(everyone, chosen);
    if (chosen.from.empty() || chosen.to.empty())
        throw usage_error("name what to read and what to write, --json behind them; --help shows "
                          "how");
    asked.from = parse_place(chosen.from);
    asked.to = parse_place(chosen.to);
    if (!chosen.type.empty()) {
        asked.type = find_dtype(chosen.type);
        if (!asked.type)
            throw usage_error(fmt::format("--type {}: known are bool, int8 to int64, uint8 to "
                                          "uint64, float32, float64, complex64, complex128",
                                          chosen.type));
    }
    const outcome result = convert::run(everyone, asked);
    return app::print_results(
        everyone, "nodespan-convert", asked.output,
        [&] { return asked.output.quiet ? std::string() : to_text(result); },
        [&] { return to_json(result); });
}

} // namespace

int main(int argc, char** argv) {
    arguments chosen;
    CLI::App options("Converts arrays between NumPy, CSV, raw and HDF5 files, over the ranks of a "
                     "team, in whose\nmemory the whole dataset must fit.",
                     "nodespan-convert");
    add_options(options, chosen);
    return app::run_app(argc, argv, options, [&](team& everyone) {
        try {
            return body(everyone, chosen);
        } catch (const usage_error& wrong) { // the same on all ranks
            if (everyone.rank() == 0) fmt::print(stderr, "nodespan-convert: {}\n", wrong.what());
            return static_cast<int>(app::bad_usage);
        }
    });
}
