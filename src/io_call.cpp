#include "io_call.hpp"

#include "mpi_check.hpp"

#include <boost/functional/hash.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cstring>

namespace nodespan::detail {

io_call::io_call(std::shared_ptr<team_core> team, std::string text)
    : team_(std::move(team)),
      text_(std::move(text)) {
    require_mpi(text_.c_str());
    const std::uint64_t mine = boost::hash<std::string>{}(text_);
    std::uint64_t most[2] = {mine, ~mine}; // the second is the complement of the least
    agree([&] {
        mpi_check(MPI_Allreduce(MPI_IN_PLACE, most, 2, MPI_UINT64_T, MPI_MAX, comm()),
                  "MPI_Allreduce");
    });
    if (most[0] != ~most[1]) throw_mismatch(comm(), mine, text_);
    team_->fence();
}

void io_call::agree_on(const std::optional<error>& mine) const {
    if (!mine) return agree_or_throw(comm(), mine);
    const std::string cause = std::string(mine->what()).substr(std::strlen("nodespan: "));
    agree_or_throw(comm(),
                   error(mine->code(), fmt::format("{}: {} [rank {} of {}, node {} of {}]", text_,
                                                   cause, team_->rank(), team_->comm().size(),
                                                   team_->node(), team_->ranks()->nodes())));
}

std::uint64_t io_call::from_first_rank(std::uint64_t value) const {
    agree([&] { mpi_check(MPI_Bcast(&value, 1, MPI_UINT64_T, 0, comm()), "MPI_Bcast"); });
    return value;
}

void refuse(const std::string& cause) {
    throw error(errc::io, cause);
}

void refuse_by_system(const std::string& what) {
    refuse(fmt::format("{}: {}", what, std::strerror(errno)));
}

std::string to_text(const index_list& values) {
    return fmt::format("{{{}}}", fmt::join(values, ", "));
}

std::string to_text(const box<dynamic>& b) {
    return fmt::format("{{{}, {}}}", to_text(b.lo), to_text(b.hi));
}

} // namespace nodespan::detail
