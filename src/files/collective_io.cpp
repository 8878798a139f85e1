#include "collective_io.hpp"

#include "cause_of.hpp"
#include "mpi_check.hpp"
#include "mpi_turn.hpp"
#include "mpi_wait.hpp"

#include <boost/functional/hash.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <cerrno>

namespace nodespan::detail {

collective_io::collective_io(std::shared_ptr<team_core> team, std::string text)
    : team_(std::move(team)),
      text_(std::move(text)) {
    require_mpi(text_.c_str());
    team_->require_same(boost::hash<std::string>{}(text_), text_, why());
    refuse_zero_bytes(text_, true); // the same text on all ranks
}

occasion collective_io::why() const {
    return {{text_.c_str(), "file"}}; // ranks compare their texts
}

void collective_io::fence() const {
    agree([&] { team_->fence(); });
}

// First waits for all that this rank has sent, also after a failure: a rank that waits outside of
// MPI with transfers under way keeps third ranks waiting.
void collective_io::agree_on(const std::optional<error>& own) const {
    if (own && own->code() == errc::peer_lost) throw error(*own); // not all ranks are here to agree
    const std::optional<error> flushed = team_->flush_attached();
    const std::optional<error>& mine = own ? own : flushed;
    if (!mine || mine->is_collective()) return team_->agree_or_throw(mine, why());
    const std::string cause = cause_of(*mine);
    team_->agree_or_throw(
        error(mine->code(),
              fmt::format("{}: {} [rank {} of {}, node {} of {}]", text_, cause, rank(), size(),
                          team_->node(), team_->placement()->nodes())),
        why());
}

std::uint64_t collective_io::from_first_rank(std::uint64_t value) const {
    return team_->from_rank(0, value, why());
}

collective_io::sums collective_io::add_up(std::uint64_t mine) const {
    struct on_the_way {
        std::uint64_t mine, upto, all;
    };
    lent_memory<on_the_way> memory(on_the_way{mine, mine, 0});
    const mpi_turn call;
    agree([&] {
        on_the_way& m = *memory;
        std::array<MPI_Request, 2> requests{MPI_REQUEST_NULL, MPI_REQUEST_NULL};
        memory.lend(); // both first: others wait for this rank in both
        const int scans =
            MPI_Iscan(&m.mine, &m.upto, 1, MPI_UINT64_T, MPI_SUM, team_->traffic(), &requests[0]);
        const int reduces = MPI_Iallreduce(&m.mine, &m.all, 1, MPI_UINT64_T, MPI_SUM,
                                           team_->traffic(), &requests[1]);
        team_->wait(requests, why(), [](std::size_t) { return -1; });
        memory.mine_again();
        mpi_check(scans, "MPI_Iscan");
        mpi_check(reduces, "MPI_Iallreduce");
    });
    return {memory->upto - mine, memory->all};
}

posix_file collective_io::open_everywhere(posix_file (*open)(const std::string&),
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
        } catch (const error& failure) { // the first rank does not have this error
            refuse(cause_of(failure) + "; it must be in a folder that all nodes share");
        }
        if (result.size() != first_size)
            refuse(fmt::format("this node's {} has {} bytes, that of rank 0 {}: it must be in a "
                               "folder that all nodes share",
                               file, result.size(), first_size));
    });
    return result;
}

posix_file collective_io::open_to_read(const std::string& file) const {
    return open_everywhere(posix_file::open_to_read, file);
}

posix_file collective_io::open_to_write(const std::string& file) const {
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

std::string to_text(const box<dynamic_rank>& b) {
    return fmt::format("{{{}, {}}}", to_text(b.lo), to_text(b.hi));
}

} // namespace nodespan::detail
