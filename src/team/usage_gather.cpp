#include "usage_gather.hpp"

#include "usage_text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace nodespan::detail {
namespace {

void print(const std::string& text) {
    std::fputs(text.c_str(), stderr); // one call, so that other ranks' lines do not come between
}

// Errors: errno, 0 if all is written. In one piece to the end of the file: ranks of other teams may
// write there as well.
int append(const std::string& file, const std::string& text) {
    std::FILE* const out = std::fopen(file.c_str(), "ae");
    if (out == nullptr) return errno;
    std::setvbuf(out, nullptr, _IOFBF, text.size() + 1);
    errno = 0;
    const bool is_written = std::fwrite(text.data(), 1, text.size(), out) == text.size();
    const int problem = errno;
    if (std::fclose(out) != 0) return errno;
    return is_written ? 0 : problem;
}

void write(const usage_summary& all, const std::string& file) {
    if (file.empty()) return print(to_text(all));
    const int problem = append(file, to_json(all));
    if (problem == 0) return;
    print(fmt::format("nodespan: NODESPAN_REPORT: {} can't be written: {}\n", file,
                      std::strerror(problem)) +
          to_text(all));
}

} // namespace

agreed_words usage_terms(std::uint64_t failure, const team_usage* counters) {
    if (counters == nullptr) return {failure, 1, 0, 0, 0};
    const std::uint64_t entries = counters->entries().size();
    return {failure, 0, 1, entries, ~entries};
}

bool is_report_wanted(const agreed_words& agreed, int rank) {
    const bool is_off_somewhere = agreed[1] != 0, is_on_somewhere = agreed[2] != 0;
    if (!is_on_somewhere) return false;
    if (is_off_somewhere && rank == 0)
        print("nodespan: NODESPAN_REPORT is set on some ranks only, so there is no report; "
              "mpirun -x NODESPAN_REPORT sets it on all\n");
    return !is_off_somewhere && agreed[3] == ~agreed[4]; // else one had no memory for its counters
}

void write_usage(const gathered_usage& all, int nodes, const team_usage& counters) {
    write(summarise(counters, nodes, all.by_rank, all.sums), counters.file());
}

} // namespace nodespan::detail
