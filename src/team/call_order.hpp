#pragma once

#include "mpi_wait.hpp"
#include "nodespan/placement.hpp"
#include "occasion.hpp"

#include <mpi.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace nodespan::detail {

/// Where the leaders of nodes find out that they wait for each other in calls that never meet, such
/// as a fence and an all_reduce. call_order.cpp explains how. Costs a count for each call, and
/// messages only in waits of a second or longer.
class call_order {
public:
    /// `comm` holds all ranks of the team, in team order; no other code uses this tag there.
    call_order(MPI_Comm comm, const placement& ranks, int node)
        : comm_(comm),
          ranks_(&ranks),
          node_(node) {}
    ~call_order();

    call_order(const call_order&) = delete;            // messages may be under way from it
    call_order& operator=(const call_order&) = delete; // messages may be under way from it

    /// Counts a call in which nodes wait for each other. All leaders count the same calls in the
    /// same order. What waits in between and is not counted takes no part in look().
    void begin(const operation_name& operation) noexcept {
        ++number_;
        kind_ = operation.kind;
    }

    /// Tells and listens, in a wait of `seconds` so far. Returns which calls are mixed once that is
    /// known; then the other nodes are told the same.
    std::optional<std::string> look(const occasion& why, double seconds);

private:
    struct message {
        std::uint64_t number = 0;
        std::uint32_t kind = 0;
        std::uint32_t is_verdict = 0; // not 0: `text` says which calls are mixed
        std::array<char, 488> text{};
    };
    struct neighbours {
        message sent;
        std::array<MPI_Request, 2> requests{MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    };

    std::optional<std::string> hear(const occasion& why);
    void tell_neighbours(const occasion& why);
    void tell_all(const std::string& verdict) const noexcept;
    message about(const std::string& text) const noexcept;

    MPI_Comm comm_;
    const placement* ranks_;
    int node_;
    std::uint64_t number_ = 0; // of calls so far
    std::uint32_t kind_ = 0;   // of the last one
    std::uint64_t told_ = 0;   // the last call of which the neighbours know
    lent_memory<neighbours> status_;
};

} // namespace nodespan::detail
