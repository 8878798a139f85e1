#include "usage_report.hpp"

#include "agreement.hpp"
#include "mpi_check.hpp"
#include "usage_text.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <vector>

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

// The numbers of all ranks, on rank 0.
struct gathered {
    std::vector<std::uint64_t> by_rank, sums;
};

gathered gather(MPI_Comm comm, int rank, const placement& ranks, const team_usage& books) {
    constexpr std::size_t each = team_usage::rank_numbers;
    const bool is_leader = ranks.first_rank(ranks.node_of(rank)) == rank;
    gathered all;
    std::array<std::uint64_t, each> mine{};
    std::vector<std::uint64_t> entries;
    agree_or_throw(comm, attempt([&] {
                       entries.resize(books.entries().size() * team_usage::entry_numbers);
                       if (rank == 0) {
                           all.by_rank.resize(each * static_cast<std::size_t>(ranks.size()));
                           all.sums.resize(entries.size());
                       }
                   }));
    books.copy_rank_numbers(mine, is_leader);
    books.copy_entry_numbers(entries, rank == 0, is_leader);
    agree_or_throw(comm, attempt([&] {
                       mpi_check(MPI_Gather(mine.data(), static_cast<int>(each), MPI_UINT64_T,
                                            all.by_rank.data(), static_cast<int>(each),
                                            MPI_UINT64_T, 0, comm),
                                 "MPI_Gather");
                   }));
    agree_or_throw(comm, attempt([&] {
                       mpi_check(MPI_Reduce(entries.data(), all.sums.data(),
                                            static_cast<int>(entries.size()), MPI_UINT64_T, MPI_SUM,
                                            0, comm),
                                 "MPI_Reduce");
                   }));
    return all;
}

} // namespace

agreed_words usage_terms(std::uint64_t failure, const team_usage* books) {
    if (books == nullptr) return {failure, 1, 0, 0, 0};
    const std::uint64_t entries = books->entries().size();
    return {failure, 0, 1, entries, ~entries};
}

void report_usage(const agreed_words& agreed, MPI_Comm comm, int rank, const placement& ranks,
                  const team_usage* books) noexcept try {
    const bool is_off_somewhere = agreed[1] != 0, is_on_somewhere = agreed[2] != 0;
    if (!is_on_somewhere) return;
    if (is_off_somewhere) {
        if (rank == 0)
            print("nodespan: NODESPAN_REPORT is set on some ranks only, so there is no report; "
                  "mpirun -x NODESPAN_REPORT sets it on all\n");
        return;
    }
    if (agreed[3] != ~agreed[4]) return; // a rank had no memory for its books
    const gathered all = gather(comm, rank, ranks, *books);
    if (rank == 0) write(summarise(*books, ranks.nodes(), all.by_rank, all.sums), books->file());
} catch (const std::exception&) {
    // The team ends in any case.
}

} // namespace nodespan::detail
