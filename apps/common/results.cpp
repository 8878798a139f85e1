#include "results.hpp"

#include "messages.hpp"
#include "standard_output.hpp"

#include <fmt/format.h>
#include <nodespan/error.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace nodespan::app {
namespace {

namespace fs = std::filesystem;

std::string cause() {
    return std::strerror(errno);
}

// Whether a file can be made in a folder is found out by making one.
std::string problem_of_folder(const fs::path& folder, bool is_tried) {
    struct stat facts {};
    if (::stat(folder.c_str(), &facts) != 0)
        return fmt::format("the folder {}: {}", folder.string(), cause());
    if (!S_ISDIR(facts.st_mode)) return fmt::format("{} is no folder", folder.string());
    if (!is_tried) return {};
    std::string trial = (folder / ".nodespan-trial-XXXXXX").string();
    const int made = ::mkstemp(trial.data());
    if (made < 0) return fmt::format("no file can be made in {}: {}", folder.string(), cause());
    ::close(made);
    ::unlink(trial.c_str());
    return {};
}

std::string problem_of(const planned_file& planned, bool is_first) {
    std::error_code ignored;
    fs::path file = planned.file;
    if (fs::is_symlink(file, ignored)) file = fs::weakly_canonical(file, ignored);
    struct stat facts {};
    const bool exists = ::stat(file.c_str(), &facts) == 0;
    if (exists && S_ISDIR(facts.st_mode)) return "it is a folder";
    if (exists && ::access(file.c_str(), W_OK) != 0) return cause();
    if (exists && !planned.is_replaced) return {};
    const fs::path folder = file.parent_path();
    return problem_of_folder(folder.empty() ? "." : folder, is_first);
}

std::string first_problem(const team& everyone, const std::vector<planned_file>& files) {
    const bool is_first = everyone.rank() == 0;
    for (const planned_file& one : files) {
        if (one.file.empty() || !(is_first || (one.is_of_all_nodes && everyone.is_leader())))
            continue;
        if (const std::string problem = problem_of(one, is_first); !problem.empty())
            return fmt::format("{}{}{}: it cannot be written: {}", one.option,
                               one.option.empty() ? "" : " ", one.file, problem);
    }
    return {};
}

} // namespace

void add_output_options(CLI::App& options, output_options& chosen) {
    const auto take = [&chosen](const std::string& file) {
        chosen.json = true;
        chosen.json_file = file == "true" ? "" : file; // what the parser has for no value
    };
    options
        .add_option_function<std::string>(
            "--json", take,
            "Print the results as JSON; into this file, and the text as ever, if there is one")
        ->expected(0, 1)
        ->type_name("FILE");
    options.add_flag("--quiet", chosen.quiet, "Results alone: no progress, no notes");
}

void require_writable(const team& everyone, const std::vector<planned_file>& files) {
    for (const std::string& one :
         all_gather_messages(everyone.comm(), first_problem(everyone, files)))
        if (!one.empty()) throw error(errc::io, one, true);
}

exit_code print_results(const team& everyone, const std::string& program,
                        const output_options& chosen, const std::function<std::string()>& text,
                        const std::function<std::string()>& json) {
    if (everyone.rank() != 0) return good;
    const bool is_in_file = chosen.json && !chosen.json_file.empty();
    print(chosen.json && !is_in_file ? json() : text());
    if (is_in_file) try {
            write_file(chosen.json_file, json());
        } catch (const std::exception& failure) {
            fmt::print(stderr, "{}: {}\n", program, failure.what());
            return failed;
        }
    return good;
}

void draw_picture(const team& everyone, const std::string& program, const output_options& chosen,
                  const std::string& file, const std::function<void()>& draw) {
    if (everyone.rank() != 0 || file.empty()) return;
    try {
        draw();
        if (!chosen.quiet) fmt::print(stderr, "{}: {} is drawn\n", program, file);
    } catch (const std::exception& failure) {
        fmt::print(stderr, "{}: warning: no picture: {}\n", program, failure.what());
    }
}

} // namespace nodespan::app
