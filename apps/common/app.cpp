#include "app.hpp"

#include "standard_output.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <mpi.h>
#include <nodespan/environment.hpp>
#include <nodespan/error.hpp>
#include <nodespan/version.hpp>

#include <cstdio>
#include <exception>
#include <optional>
#include <sstream>
#include <string_view>

namespace nodespan::app {
namespace {

// The program's name stands before it.
std::string_view without_prefix(std::string_view message) {
    constexpr std::string_view prefix = "nodespan: ";
    return message.starts_with(prefix) ? message.substr(prefix.size()) : message;
}

[[noreturn]] void abort_job(const std::string& program, int rank, const char* message) {
    std::fputs(fmt::format("{}: rank {}: {}\n", program, rank, without_prefix(message)).c_str(),
               stderr);
    MPI_Abort(MPI_COMM_WORLD, failed);
    std::terminate(); // MPI_Abort does not return, but its declaration does not say so
}

// Help, version or complaint, from one rank; what main should return.
int answer(const CLI::App& options, const CLI::ParseError& reason, bool is_first) {
    std::ostringstream out, unused;
    const bool is_asked_for = options.exit(reason, out, unused) == 0;
    if (is_first && is_asked_for) print(out.str());
    if (is_first && !is_asked_for)
        std::fputs((complaint_of(options, reason) + "\n").c_str(), stderr);
    return is_asked_for ? good : bad_usage;
}

int run(int argc, char** argv, CLI::App& options, const std::function<int(team&)>& body) {
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    std::optional<team> everyone; // outside of the try: its end is collective, after a failure too
    try {
        options.parse(argc, argv);
        everyone.emplace(MPI_COMM_WORLD);
        return body(*everyone);
    } catch (const CLI::ParseError& reason) {
        return answer(options, reason, rank == 0);
    } catch (const error& failure) {
        if (!failure.is_collective()) abort_job(options.get_name(), rank, failure.what());
        if (rank == 0)
            std::fputs(
                fmt::format("{}: {}\n", options.get_name(), without_prefix(failure.what())).c_str(),
                stderr);
        return failed;
    } catch (const std::exception& failure) {
        abort_job(options.get_name(), rank, failure.what());
    } catch (...) {
        abort_job(options.get_name(), rank, "an exception of unknown type");
    }
}

} // namespace

int run_app(int argc, char** argv, CLI::App& options, const std::function<int(team&)>& body) {
    fill_closed_streams();
    options.set_version_flag("--version", options.get_name() + " " NODESPAN_VERSION,
                             "Print the version");
    options.set_help_flag("-h,--help", "Print this help");
    format_help(options);
    environment mpi(argc, argv);
    const int code = run(argc, argv, options, body);
    return is_output_written(options.get_name()) || code != good ? code : failed;
}

} // namespace nodespan::app
