#include "agreement.hpp"

#include "mpi_check.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>
#include <vector>

namespace nodespan::detail {
namespace {

// Errors travel as a code, the place of its category in this list, and a text.
const std::error_category* const categories[] = {&own_category(), &mpi_category(),
                                                 &std::generic_category()};

struct wire {
    int code = 0;
    int category = 0;
    int length = 0;
};

// The lowest rank with a failure, or INT_MAX. A failing reduction counts as a failure of mine.
int lowest_failure(MPI_Comm comm, int mine, bool& reduced) {
    int lowest = mine;
    reduced = MPI_Allreduce(&mine, &lowest, 1, MPI_INT, MPI_MIN, comm) == MPI_SUCCESS;
    return lowest;
}

// An error's line without what its constructor puts in front.
std::string plain_text(const error& failure) {
    return std::string(failure.what()).substr(std::string("nodespan: ").size());
}

error receive(MPI_Comm comm, int from, const std::optional<error>& mine, bool i_am_first) {
    wire head;
    std::string text;
    if (i_am_first) {
        text = plain_text(*mine);
        head = {mine->code().value(), 2, static_cast<int>(text.size())};
        for (int i = 0; i < 3; ++i)
            if (*categories[i] == mine->code().category()) head.category = i;
    }
    mpi_check(MPI_Bcast(&head, 3, MPI_INT, from, comm), "MPI_Bcast");
    text.resize(static_cast<std::size_t>(head.length));
    mpi_check(MPI_Bcast(text.data(), head.length, MPI_CHAR, from, comm), "MPI_Bcast");
    return {std::error_code(head.code, *categories[head.category]), text, true};
}

} // namespace

error named(const std::string& operation, const error& failure) {
    return {failure.code(), fmt::format("{}: {}", operation, plain_text(failure)),
            failure.is_collective()};
}

void agree_or_throw(MPI_Comm comm, const std::optional<error>& mine) {
    constexpr int nobody = std::numeric_limits<int>::max();
    int rank = 0;
    const bool knows_rank = MPI_Comm_rank(comm, &rank) == MPI_SUCCESS;

    bool reduced = false, reduced_again = false;
    const int first = lowest_failure(comm, mine && knows_rank ? rank : nobody, reduced);
    // Second round: who could not take part in the first one? If only this round fails, here or
    // elsewhere, the first has told everybody.
    const bool took_part = knows_rank && reduced;
    const int blind = lowest_failure(comm, took_part ? nobody : 0, reduced_again);
    if (!took_part || (reduced_again && blind != nobody))
        throw error(std::error_code(MPI_ERR_OTHER, mpi_category()),
                    "an MPI call failed while ranks agreed on an error", true);
    if (first != nobody) throw receive(comm, first, mine, first == rank);
}

void throw_mismatch(MPI_Comm comm, std::uint64_t fingerprint, const std::string& description,
                    const std::function<std::string(const mismatch&)>& say) {
    int rank = 0, size = 0;
    mpi_check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
    mpi_check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
    std::vector<std::uint64_t> all(static_cast<std::size_t>(size));
    mpi_check(MPI_Allgather(&fingerprint, 1, MPI_UINT64_T, all.data(), 1, MPI_UINT64_T, comm),
              "MPI_Allgather");
    int other = 0;
    while (other < size - 1 && all[static_cast<std::size_t>(other)] == all[0]) ++other;

    const auto told_by = [&](int who) {
        std::string text = description;
        int length = static_cast<int>(text.size());
        mpi_check(MPI_Bcast(&length, 1, MPI_INT, who, comm), "MPI_Bcast");
        text.resize(static_cast<std::size_t>(length));
        mpi_check(MPI_Bcast(text.data(), length, MPI_CHAR, who, comm), "MPI_Bcast");
        return text;
    };
    mismatch found;
    found.first = told_by(0);
    found.other = other;
    found.second = told_by(other);
    throw error(errc::mismatched_arguments, say(found), true);
}

void throw_mismatch(MPI_Comm comm, std::uint64_t fingerprint, const std::string& description) {
    throw_mismatch(comm, fingerprint, description, [](const mismatch& found) {
        return found.first == found.second
                   ? fmt::format("{}: ranks 0 and {} ask for it with different options",
                                 found.first, found.other)
                   : fmt::format(
                         "arguments differ between ranks: rank 0 asks for {}, rank {} for {}",
                         found.first, found.other, found.second);
    });
}

} // namespace nodespan::detail
