#include "app.hpp"

#include "standard_output.hpp"

#include <fmt/format.h>
#include <mpi.h>
#include <nodespan/environment.hpp>
#include <nodespan/error.hpp>
#include <nodespan/version.hpp>

#include <cstdio>
#include <exception>
#include <optional>
#include <sstream>

namespace nodespan::app {
namespace {

[[noreturn]] void abort_job(const std::string& program, int rank, const char* message) {
    std::fputs(fmt::format("{}: rank {}: {}\n", program, rank, message).c_str(), stderr);
    MPI_Abort(MPI_COMM_WORLD, failed);
    std::terminate(); // MPI_Abort does not return, but its declaration does not say so
}

// CLI11's help, version or complaint, from one rank; what main should return.
int answer(const CLI::App& options, const CLI::ParseError& reason, bool is_first) {
    std::ostringstream out, complaint;
    const int code = options.exit(reason, out, complaint);
    if (is_first) {
        print(out.str());
        std::fputs(complaint.str().c_str(), stderr);
    }
    return code == 0 ? good : bad_usage;
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
            std::fputs(fmt::format("{}: {}\n", options.get_name(), failure.what()).c_str(), stderr);
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
    options.set_version_flag("--version", options.get_name() + " " NODESPAN_VERSION);
    environment mpi(argc, argv);
    const int code = run(argc, argv, options, body);
    return is_output_written(options.get_name()) || code != good ? code : failed;
}

} // namespace nodespan::app
