#pragma once

#include "app.hpp"

#include <CLI/CLI.hpp>
#include <nodespan/team.hpp>

#include <functional>
#include <string>
#include <vector>

/// What programs hand out: results as text or JSON, files, pictures.

namespace nodespan::app {

/// --json and --quiet, which every program has.
struct output_options {
    bool json = false;
    std::string json_file; ///< Empty: JSON goes to standard output, in place of the text.
    bool quiet = false;    ///< Neither progress nor notes.
};

void add_output_options(CLI::App& options, output_options& chosen);

/// A file that will be written when all is computed.
struct planned_file {
    std::string option;           ///< by which it was asked for; empty: it is an argument
    std::string file;             ///< empty: it was not asked for
    bool is_of_all_nodes = false; ///< Else rank 0 alone writes it.
    bool is_replaced = true;      ///< It is written beside its place first.
};

/// Finds out whether files can be written, as far as that can be told before: their folders exist
/// and let files be made, on all nodes that will write.
/// Call: collective, before the work. Errors: errc::io, on all ranks.
void require_writable(const team& everyone, const std::vector<planned_file>& files);

/// The file of --json, for require_writable.
inline planned_file planned_json(const output_options& chosen) {
    return {"--json", chosen.json_file, false, false};
}

/// Prints results, on rank 0: the text, or with --json JSON; with a file behind it, the text, and
/// JSON there. Where that fails at this late hour, the text has been printed, and the program ends
/// with `failed`.
/// Call: the ranks that the results are of, or rank 0 alone.
exit_code print_results(const team& everyone, const std::string& program,
                        const output_options& chosen, const std::function<std::string()>& text,
                        const std::function<std::string()>& json);

/// Draws a picture, by rank 0; nothing where `file` is empty. What goes wrong is a warning: the
/// results are there.
void draw_picture(const team& everyone, const std::string& program, const output_options& chosen,
                  const std::string& file, const std::function<void()>& draw);

} // namespace nodespan::app
