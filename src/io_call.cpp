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
    refuse_zero_bytes(text_, true); // the same text on all ranks
}

void io_call::fence() const {
    const std::optional<error> mine = attempt([&] { team_->fence(); });
    if (mine && mine->code() == errc::peer_lost) throw error(*mine); // not all are here to agree
    agree([&] {
        if (mine) throw error(*mine);
    });
}

void io_call::agree_on(const std::optional<error>& mine) const {
    if (!mine || mine->is_collective()) return agree_or_throw(comm(), mine);
    const std::string cause = std::string(mine->what()).substr(std::strlen("nodespan: "));
    agree_or_throw(
        comm(),
        error(mine->code(), fmt::format("{}: {} [rank {} of {}, node {} of {}]", text_, cause,
                                        rank(), size(), team_->node(), team_->ranks()->nodes())));
}

std::uint64_t io_call::from_first_rank(std::uint64_t value) const {
    agree([&] { mpi_check(MPI_Bcast(&value, 1, MPI_UINT64_T, 0, comm()), "MPI_Bcast"); });
    return value;
}

io_call::sums io_call::add_up(std::uint64_t mine) const {
    sums result;
    std::uint64_t upto = mine;
    agree([&] { mpi_check(MPI_Scan(&mine, &upto, 1, MPI_UINT64_T, MPI_SUM, comm()), "MPI_Scan"); });
    agree([&] { // not with the one above: where that fails the other ranks would wait in this one
        mpi_check(MPI_Allreduce(&mine, &result.all, 1, MPI_UINT64_T, MPI_SUM, comm()),
                  "MPI_Allreduce");
    });
    result.before = upto - mine;
    return result;
}

posix_file io_call::open_everywhere(posix_file (*open)(const std::string&),
                                    const std::string& file) const {
    posix_file result;
    std::uint64_t first_size = 0;
    on_first_rank([&] {
        result = open(file);
        first_size = result.size();
    });
    first_size = from_first_rank(first_size);
    agree([&] {
        try {
            if (!is_first_rank()) result = open(file);
        } catch (const error& failure) { // which the first rank did not have
            refuse(std::string(failure.what()).substr(std::strlen("nodespan: ")) +
                   "; it must be in a folder that all nodes share");
        }
        if (result.size() != first_size)
            refuse(fmt::format("this node's {} has {} bytes, that of rank 0 {}: it must be in a "
                               "folder that all nodes share",
                               file, result.size(), first_size));
    });
    return result;
}

posix_file io_call::open_to_read(const std::string& file) const {
    return open_everywhere(posix_file::open_to_read, file);
}

posix_file io_call::open_to_write(const std::string& file) const {
    return open_everywhere(posix_file::open_to_write, file);
}

void refuse_zero_bytes(const std::string& call, bool is_collective) {
    std::string shown = call;
    for (std::size_t at = 0; (at = shown.find('\0', at)) != std::string::npos; at += 2)
        shown.replace(at, 1, "\\0");
    if (shown.size() != call.size())
        throw error(errc::invalid_argument,
                    fmt::format("{}: a zero byte in a name or text, which files would not keep; "
                                "leave it out",
                                shown),
                    is_collective);
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
