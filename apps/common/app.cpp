#include "app.hpp"

#include "standard_output.hpp"
#include "usage.hpp"

#include <nodespan/run.hpp>
#include <nodespan/version.hpp>

#include <cstdio>
#include <exception>
#include <sstream>

namespace nodespan::app {
namespace {

// Help, version or complaint, from one rank; what main should return.
int answer(const CLI::App& options, const CLI::ParseError& reason, bool is_first) {
    std::ostringstream out, unused;
    const bool is_asked_for = options.exit(reason, out, unused) == 0;
    if (is_first && is_asked_for) print(out.str());
    if (is_first && !is_asked_for)
        std::fputs((complaint_of(options, reason) + "\n").c_str(), stderr);
    return is_asked_for ? good : bad_usage;
}

} // namespace

int run_app(int argc, char** argv, CLI::App& options, const std::function<int(team&)>& body) {
    fill_closed_streams();
    options.set_version_flag("--version", options.get_name() + " " NODESPAN_VERSION,
                             "Print the version");
    options.set_help_flag("-h,--help", "Print this help");
    format_help(options);
    std::exception_ptr unread; // which rank is to say so is known when MPI has begun
    try {
        options.parse(argc, argv);
    } catch (const CLI::ParseError&) {
        unread = std::current_exception();
    }
    const auto whole = [&](team& everyone) {
        try {
            if (unread) std::rethrow_exception(unread);
        } catch (const CLI::ParseError& reason) {
            return answer(options, reason, everyone.rank() == 0);
        }
        return body(everyone);
    };
    // Most programs here call MPI themselves, which a thread under MPI_THREAD_SERIALIZED forbids.
    const int code = detail::run_program(argc, argv, thread_level::funneled, whole,
                                         options.get_name(), {.progress = progress_by::calls});
    return is_output_written(options.get_name()) || code != good ? code : failed;
}

} // namespace nodespan::app
