#pragma once

#include "team_core.hpp"

#include <mpi.h>

#include <cstddef>
#include <vector>

namespace nodespan::detail {

/// Messages between ranks of a team that are under way together. When this throws, MPI may still
/// use their memory, which must never be used again.
class open_messages {
public:
    open_messages(team_core& team, const occasion& why) : team_(team), why_(why) {}

    /// Whether a message of so many bytes goes in one piece; then it may be shorter than what the
    /// receiver has room for.
    static bool is_one_piece(const team_core& team, std::size_t bytes) noexcept {
        return team.is_on_one_host() || bytes <= piece_bytes;
    }

    /// Starts a message; at most 2^31 - 1 bytes, the same on both sides.
    /// Errors: MPI category.
    void receive(std::byte* to, std::size_t bytes, int rank, int tag);
    void send(const std::byte* from, std::size_t bytes, int rank, int tag);

    /// Waits until all have ended.
    /// Errors: errc::peer_lost, MPI category.
    void wait();

private:
    static constexpr std::size_t piece_bytes = 63 * 1024; // over TCP they are sent at once

    template <class Start>
    void start(std::size_t bytes, int rank, Start&& start_piece);

    team_core& team_;
    occasion why_;
    std::vector<MPI_Request> requests_;
    std::vector<int> peers_; // the rank at the other end of each request
};

} // namespace nodespan::detail
