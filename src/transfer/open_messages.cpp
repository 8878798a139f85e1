#include "open_messages.hpp"

#include "mpi_check.hpp"

#include <algorithm>

namespace nodespan::detail {

// Longer messages than a piece need steps over TCP that wait for each other.
template <class Start>
void open_messages::start(std::size_t bytes, int rank, Start&& start_piece) {
    const std::size_t most = team_.is_on_one_host() ? bytes : piece_bytes;
    for (std::size_t at = 0; at < bytes; at += most) {
        peers_.push_back(rank);
        start_piece(at, static_cast<int>(std::min(most, bytes - at)),
                    &requests_.emplace_back(MPI_REQUEST_NULL));
    }
}

void open_messages::receive(std::byte* to, std::size_t bytes, int rank, int tag) {
    start(bytes, rank, [&](std::size_t at, int count, MPI_Request* request) {
        mpi_check(MPI_Irecv(to + at, count, MPI_BYTE, rank, tag, team_.traffic(), request),
                  "MPI_Irecv");
    });
}

void open_messages::send(const std::byte* from, std::size_t bytes, int rank, int tag) {
    start(bytes, rank, [&](std::size_t at, int count, MPI_Request* request) {
        mpi_check(MPI_Isend(from + at, count, MPI_BYTE, rank, tag, team_.traffic(), request),
                  "MPI_Isend");
    });
}

void open_messages::wait() {
    if (requests_.empty()) return;
    team_.wait(requests_, why_, [this](std::size_t i) { return peers_[i]; });
    requests_.clear();
    peers_.clear();
}

} // namespace nodespan::detail
