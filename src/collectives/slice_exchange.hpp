#pragma once

#include "combine.hpp"
#include "nodespan/collectives.hpp"
#include "team_core.hpp"
#include "wait.hpp"
#include "watchdog.hpp"

#include <cstddef>
#include <cstdint>

namespace nodespan::detail {

/// How the ranks of one node combine or copy values of their own memory: chunk by chunk, through a
/// ring of boxes of each rank in shared memory. Ranks do not meet: they count who has brought,
/// combined and taken a chunk, and each waits only for what it needs. slice_exchange.cpp explains
/// the protocol.
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
    enum class step { brought, combined, taken };
    static constexpr std::uint32_t boxes = 4; // of each rank: so many chunks are under way at most

    // How many ranks have done a step with the boxes of one number, and how many may sleep here.
    struct alignas(128) count {
        shared_word ranks; // of all calls so far, modulo 2^32
        shared_word sleepers;
    };
    struct counts {
        count of[boxes][3]; // by step
    };
    // How far a rank has come: chunks by step. For messages only.
    struct alignas(128) place {
        shared_word done[3];
    };
    struct course; // of one call

    void run(course& mine);
    bool advance(course& mine);
    void wait_for_next(const course& mine);
    bool may_go_on(step what, const course& mine, std::size_t chunk) const noexcept;
    bool is_done(step what, std::size_t number) const noexcept;
    static bool is_reached(std::uint32_t count, std::uint32_t goal) noexcept;
    void wait_for(step what, std::size_t number, const course& mine);
    void complain(const watchdog& watch, step what, std::size_t number, const course& mine) const;
    void say(step what, std::size_t number, std::uint32_t ranks) noexcept;
    void bring(const course& mine, std::size_t chunk);
    void combine(const course& mine, std::size_t chunk);
    void combine_block(const course& mine, std::size_t chunk, std::size_t at, std::size_t bytes);
    void take(const course& mine, std::size_t chunk);
    count& count_of(step what, std::size_t number) const noexcept;
    std::uint32_t full(std::size_t number) const noexcept;
    std::byte* box(int node_rank, std::size_t number) const noexcept;

    team_core& team_;
    int ranks_;
    int rank_;
    patience patience_;
    counts* counts_;
    place* places_;
    std::byte* boxes_;
    std::size_t next_ = 0; // the number of the next call's first chunk
};

} // namespace nodespan::detail
