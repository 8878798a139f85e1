#pragma once

#include <mpi.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace nodespan::detail {

/// Persistent requests and the buffers of their messages. It can outlive the object that started
/// them, since MPI may still be reading and writing. Messages may also lie in an array's memory,
/// which is not used again before they are done.
class unfinished {
public:
    unfinished() = default;
    ~unfinished();
    unfinished(const unfinished&) = delete;            // MPI knows the addresses
    unfinished& operator=(const unfinished&) = delete; // MPI knows the addresses

    std::vector<MPI_Request> requests;
    std::vector<int> peers; // the team's rank at the other end of each
    std::vector<std::unique_ptr<std::byte[]>> memory;
    bool is_started = false; // and not ended yet
};

} // namespace nodespan::detail
