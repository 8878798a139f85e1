#pragma once

#include "combine.hpp"
#include "leader_exchange.hpp"
#include "nodespan/collectives.hpp"
#include "rendezvous.hpp"
#include "slice_exchange.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

namespace nodespan::detail {

/// A team's collective calls: their scratch space in shared memory, and the different ways to make
/// a call.
///
/// Ranks show each other notes when they meet; small values travel beside the notes. Large values
/// in the team's windows are combined in place, where each rank combines one slice. Other values go
/// through scratch space in chunks: on one node by slice_exchange; over several nodes one chunk is
/// copied in between two meetings, the one before it combined, the one before that exchanged
/// between nodes, and so on.
class collectives_core {
public:
    /// The collective calls of a team; the first call makes them.
    /// Call:   collective.
    /// Errors: as arena::allocate.
    static collectives_core& of(team_core& team);

    explicit collectives_core(team_core& team);

    /// Runs a call; see the public header.
    /// Call:   collective.
    void run(const collective_call& mine);

private:
    void meet_and_check(const collective_call& mine, const call_note& note);
    bool shows(const collective_call& mine, const call_note& note) const noexcept;
    void settle_between_nodes(const collective_call& mine);
    void gather_values(const collective_call& mine, std::size_t bytes, rendezvous::outcome& to);
    bool goes_beside_notes(std::size_t bytes) const noexcept;
    const std::byte* shown_values(const collective_call& mine, int node_rank) const noexcept;
    bool stays_in_place(const call_note& note) const noexcept;
    bool finish_small(const collective_call& mine);
    void reduce_in_place(const collective_call& mine);
    void combine_slices(const collective_call& mine, std::size_t begin, std::size_t end);
    void reduce_by_steps(const collective_call& mine);
    void broadcast(const collective_call& mine);
    template <class From>
    void combine_run(std::byte* to, std::size_t bytes, const collective_call& mine, From&& from);

    void give_up() noexcept;
    std::byte* reserve(const char* description,
                       const std::function<std::size_t(int ranks)>& bytes_of);
    slice_exchange& slices();
    void reserve_scratch();
    std::byte* inbox(std::size_t chunk, int node_rank) const noexcept;
    std::byte* outbox(std::size_t chunk) const noexcept;
    std::byte* values_of(int node_rank) const noexcept;
    int root_on_node(const collective_call& mine) const noexcept;

    team_core& team_;
    arena& memory_;
    int largest_node_; // its ranks
    std::optional<rendezvous> board_;
    std::unique_ptr<leader_exchange> exchange_; // of leaders, if there are several nodes
    std::optional<slice_exchange> slices_;      // on one node, made when they are first needed
    std::byte* scratch_ = nullptr;              // over several nodes, as well
    run_kernel kernel_ = nullptr;               // of the call that runs
    occasion why_;                              // of the call that runs
};

} // namespace nodespan::detail
