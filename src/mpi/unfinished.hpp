#pragma once

#include <mpi.h>

#include <cstddef>
#include <memory>
#include <vector>

namespace nodespan::detail {

/// Persistent requests, and the memory of ours that their messages come from or go to. It can
/// outlive whoever started them, since MPI may still be reading and writing. Not in this memory,
/// but in an array's, messages may lie too: that is not used again before these are done.
class unfinished {
public:
    unfinished() = default;
    ~unfinished();
    unfinished(const unfinished&) = delete;            // MPI knows the addresses
    unfinished& operator=(const unfinished&) = delete; // MPI knows the addresses

    std::vector<MPI_Request> requests;
    std::vector<int> peers; // the team's ranks that they are for
    std::vector<std::unique_ptr<std::byte[]>> memory;
    bool is_started = false; // and has not ended
};

} // namespace nodespan::detail
