#include "file_call.hpp"

#include "malformed.hpp"
#include "mpi_check.hpp"
#include "team_core.hpp"

#include <boost/functional/hash.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace nodespan::detail {

std::string quote(const index_list& extents) {
    return fmt::format("{{{}}}", fmt::join(extents, ", "));
}

std::string quote(number_type type, const index_list& extents) {
    return to_string(type) + quote(extents);
}

file_call::file_call(const char* operation, const std::string& what, std::string file,
                     const team& ranks)
    : file_(std::move(file)),
      ranks_(ranks) {
    require_mpi(operation);
    quoted_ = fmt::format("{}({}, \"{}\")", operation, what, file_);
    const std::uint64_t mine = boost::hash<std::string>{}(quoted_);
    std::uint64_t most[2] = {mine, ~mine}; // the second is the complement of the least
    agree([&] {
        mpi_check(MPI_Allreduce(MPI_IN_PLACE, most, 2, MPI_UINT64_T, MPI_MAX, comm()),
                  "MPI_Allreduce");
    });
    if (most[0] != ~most[1]) throw_mismatch(comm(), mine, quoted_);
}

void file_call::agree(const std::function<void()>& body) const {
    std::optional<error> mine = attempt([&] {
        try {
            body();
        } catch (const malformed& wrong) {
            throw error(errc::io, wrong.what());
        }
    });
    if (mine && !mine->is_collective()) {
        const std::string cause = std::string(mine->what()).substr(std::strlen("nodespan: "));
        mine =
            error(mine->code(), fmt::format("{}: {} [rank {} of {}, node {} of {}]", quoted_, cause,
                                            rank(), size(), ranks_.node(), ranks_.nodes()));
    }
    agree_or_throw(comm(), mine);
}

posix_file file_call::open_to_read() const {
    posix_file result;
    std::uint64_t first_size = 0;
    agree([&] {
        result = posix_file::open_to_read(file_);
        first_size = result.size();
    });
    broadcast(&first_size, sizeof first_size);
    agree([&] {
        if (result.size() != first_size)
            throw error(errc::io, fmt::format("this node's {} has {} bytes, that of rank 0 {}: it "
                                              "must be in a folder that all nodes share",
                                              file_, result.size(), first_size));
    });
    return result;
}

void file_call::replace(const std::function<void(posix_file&)>& prepare,
                        const std::function<void(posix_file&)>& write) const {
    bool is_made = false;
    try {
        posix_file mine;
        agree([&] {
            if (!is_first()) return;
            mine = posix_file::create(part());
            is_made = true;
            prepare(mine);
        });
        agree([&] {
            if (!is_first()) mine = posix_file::open_to_write(part());
        });
        agree([&] { write(mine); });
        // On the disk before the file gets its name, or a crash could leave a name without
        // contents.
        agree([&] { mine.finish(); });
        agree([&] {
            if (is_first() && std::rename(part().c_str(), file_.c_str()) != 0)
                throw error(errc::io, fmt::format("cannot rename the finished file to {}: {}",
                                                  file_, std::strerror(errno)));
        });
    } catch (...) {
        if (is_made) std::remove(part().c_str());
        throw;
    }
}

file_call::sums file_call::add_up(std::uint64_t mine) const {
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

void file_call::broadcast(void* data, std::size_t bytes) const {
    agree([&] {
        mpi_check(MPI_Bcast(data, static_cast<int>(bytes), MPI_BYTE, 0, comm()), "MPI_Bcast");
    });
}

void file_call::fence() const {
    const std::optional<error> mine = attempt([&] { ranks_.core()->fence(); });
    if (mine && mine->code() == errc::peer_lost) throw error(*mine); // not all are here to agree
    agree([&] {
        if (mine) throw error(*mine);
    });
}

} // namespace nodespan::detail
