#include "agreement.hpp"

#include "host_name.hpp"
#include "mpi_check.hpp"
#include "watchdog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>

namespace nodespan::detail {
namespace {

const std::error_category* const categories[] = {&own_category(), &mpi_category(),
                                                 &std::generic_category()};

// The text of an error without the words that its constructor adds.
std::string plain_text(const error& failure) {
    return std::string(failure.what()).substr(std::string("nodespan: ").size());
}

// It is not yet known which rank is on which node, so the message gives ranks of the communicator.
void complain(MPI_Comm comm, const watchdog& watch) {
    int rank = 0;
    MPI_Comm_rank(comm, &rank); // 0 if it fails
    watchdog::tell(fmt::format("team: rank {} of its communicator has waited {:.1f} s on host {} "
                               "for other ranks of it",
                               rank, watch.seconds(), host_name()));
}

// Ends a call that was started, and returns the first code that is not MPI_SUCCESS. It waits for
// the request even if MPI returned an error with it, because other ranks take part in the call.
int finish(MPI_Comm comm, int started, MPI_Request& request) {
    watchdog watch;
    const int ended = request == MPI_REQUEST_NULL
                          ? MPI_SUCCESS
                          : wait_for({&request, 1}, pause::before_team(), [&] {
                                if (watch.is_overdue()) complain(comm, watch);
                            });
    return started != MPI_SUCCESS ? started : ended;
}

// Runs a collective call, which `start` starts on lent memory, until it has ended well.
template <class Memory, class Start>
int run(MPI_Comm comm, lent_memory<Memory>& memory, Start&& start) {
    MPI_Request request = MPI_REQUEST_NULL;
    memory.lend();
    const int code = finish(comm, start(*memory, &request), request);
    if (code == MPI_SUCCESS) memory.mine_again();
    return code;
}

struct two_numbers {
    int mine = 0, all = 0;
};

// The lowest rank with a failure, or INT_MAX. A reduction that fails counts as a failure of this
// rank.
int lowest_failure(MPI_Comm comm, int mine, bool& reduced) {
    lent_memory<two_numbers> numbers({mine, mine});
    reduced = run(comm, numbers, [&](two_numbers& n, MPI_Request* request) {
                  return MPI_Iallreduce(&n.mine, &n.all, 1, MPI_INT, MPI_MIN, comm, request);
              }) == MPI_SUCCESS;
    return numbers->all;
}

// An error of fixed size. One call carries it, and all ranks make this call whatever fails.
struct parcel {
    std::uint64_t code = 0, category = 0, length = 0;
    char text[1000] = {};
};

error receive(MPI_Comm comm, int from, const std::optional<error>& mine) {
    lent_memory<parcel> told;
    if (mine) {
        const auto [code, category, text] = error_on_the_way::of(*mine);
        *told = {code, category, std::min(text.size(), sizeof told->text), {}};
        std::memcpy(told->text, text.data(), told->length);
    }
    mpi_check(run(comm, told,
                  [&](parcel& p, MPI_Request* request) {
                      return MPI_Ibcast(&p, sizeof p, MPI_BYTE, from, comm, request);
                  }),
              "MPI_Ibcast");
    return error_on_the_way{told->code, told->category, {told->text, told->length}}.arrived();
}

} // namespace

error_on_the_way error_on_the_way::of(const error& failure) {
    const auto* const known =
        std::find(std::begin(categories), std::end(categories), &failure.code().category());
    const auto at = known == std::end(categories)
                        ? 2U
                        : static_cast<std::size_t>(known - std::begin(categories));
    return {static_cast<std::uint32_t>(failure.code().value()), at, plain_text(failure)};
}

error error_on_the_way::arrived() const {
    return {std::error_code(static_cast<int>(code),
                            *categories[std::min(category, std::size(categories) - 1)]),
            text, true};
}

error cannot_agree() {
    return {std::error_code(MPI_ERR_OTHER, mpi_category()),
            "an MPI call failed while ranks agreed on an error", true};
}

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
    // The second round tells which ranks could not take part in the first one. If only this round
    // fails, on any rank, the first has told all ranks.
    const bool took_part = knows_rank && reduced;
    const int blind = lowest_failure(comm, took_part ? nobody : 0, reduced_again);
    if (!took_part || (reduced_again && blind != nobody)) throw cannot_agree();
    if (first != nobody) throw receive(comm, first, first == rank ? mine : std::nullopt);
}

void gather(MPI_Comm comm, lent_memory<std::vector<std::byte>>& all, int bytes) {
    mpi_check(run(comm, all,
                  [&](auto& memory, MPI_Request* request) {
                      return MPI_Iallgather(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, memory.data(),
                                            bytes, MPI_BYTE, comm, request);
                  }),
              "MPI_Iallgather");
}

void unite(MPI_Comm comm, lent_memory<std::vector<unsigned long>>& bits) {
    mpi_check(run(comm, bits,
                  [&](auto& memory, MPI_Request* request) {
                      return MPI_Iallreduce(MPI_IN_PLACE, memory.data(),
                                            static_cast<int>(memory.size()), MPI_UNSIGNED_LONG,
                                            MPI_BOR, comm, request);
                  }),
              "MPI_Iallreduce");
}

} // namespace nodespan::detail
