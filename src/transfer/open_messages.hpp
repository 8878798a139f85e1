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

    /// Starts a message; at most 2^31 - 1 bytes, the same on both sides.
    /// Errors: MPI category.
    void receive(std::byte* to, std::size_t bytes, int rank, int tag);
    void send(const std::byte* from, std::size_t bytes, int rank, int tag);

    /// Waits until all have ended.
    /// Errors: errc::peer_lost, MPI category.
    void wait();

private:
    template <class Start>
    void start(std::size_t bytes, int rank, Start&& start_piece);

    team_core& team_;
    occasion why_;
    std::vector<MPI_Request> requests_;
    std::vector<int> peers_; // the rank at the other end of each request
};

} // namespace nodespan::detail
