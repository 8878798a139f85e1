#pragma once

#include "combine.hpp"
#include "nodespan/collectives.hpp"
#include "team_core.hpp"
#include "wait.hpp"
#include "watchdog.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nodespan::detail {

/// How the ranks of one node combine or copy values of their own memory: chunk by chunk, through a
/// ring of boxes of each rank in shared memory. Nobody meets anybody: each rank says in words of
/// its own how many chunks it has brought, combined and taken, and waits only for those that it
/// needs. slice_exchange.cpp explains the protocol.
class slice_exchange {
public:
    /// Bytes of shared memory that `ranks` ranks need, zeroed and aligned to 128.
    static std::size_t bytes(int ranks) noexcept;

    slice_exchange(team_core& team, std::byte* memory);

    /// Combines the values of all ranks in rank order, for all of them or for the root.
    /// Call:   all ranks of the team, which is one node of two ranks or more.
    /// Errors: errc::peer_lost, which ends the team.
    void reduce(const collective_call& mine, run_kernel kernel, const occasion& why);

    /// Copies the root's values to all ranks.
    /// Call and errors as reduce.
    void broadcast(const collective_call& mine, const occasion& why);

private:
    // A word that one rank writes and others wait for, and how many of them may sleep.
    struct alignas(128) counter {
        shared_word chunks; // of all calls so far, modulo 2^32
        shared_word sleepers;
    };
    struct counters {
        counter brought, combined, taken;
    };
    enum class step { brought, combined, taken };
    struct course; // of one call

    void run(course& mine);
    bool advance(course& mine);
    void wait_for_next(const course& mine);
    static std::uint32_t goal_of(step what, const course& mine, std::uint32_t chunk);
    int missing(step what, const course& mine, std::uint32_t chunk);
    bool needs(step what, const course& mine, std::uint32_t chunk, int peer) const noexcept;
    bool brings(const course& mine, std::uint32_t chunk) const noexcept;
    void forget_long_ago(std::uint32_t now);
    bool has_reached(step what, int node_rank, std::uint32_t goal);
    void wait_for(step what, int node_rank, std::uint32_t goal, const course& mine);
    void complain(const watchdog& watch, step what, std::uint32_t goal, const occasion& why) const;
    void say(step what, std::uint32_t chunks) noexcept;
    void bring(const course& mine, std::uint32_t chunk);
    void combine(const course& mine, std::uint32_t chunk);
    void combine_block(const course& mine, std::uint32_t chunk, std::size_t at, std::size_t bytes);
    void take(const course& mine, std::uint32_t chunk);
    counter& counter_of(step what, int node_rank) const noexcept;
    std::byte* box(int node_rank, std::uint32_t number) const noexcept;

    team_core& team_;
    int ranks_;
    int rank_;
    patience patience_;
    counters* counters_;
    std::byte* boxes_;
    std::uint32_t next_ = 0;             // the number of the next call's first chunk
    std::vector<std::uint32_t> seen_[3]; // by step and rank: what the words have reached at least
};

} // namespace nodespan::detail
