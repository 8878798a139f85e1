#pragma once

#include "nodespan/array.hpp"

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

namespace nodespan {

/// A ticket counter that all ranks of a team share: whoever asks gets numbers, nobody gets a number
/// twice, none is left out. What dynamic distribution of work is made of.
class counter {
public:
    /// Counts from `first`. Over several nodes take() fetches `portion` numbers at a time for a
    /// whole node. Both are the same on all ranks.
    /// Call:   collective over the team.
    /// Errors: as an array's; errc::invalid_argument (portion below 1), on all ranks.
    explicit counter(team& team, index_t first = 0, index_t portion = 1);

    /// The first of `chunk` numbers that are the caller's alone, later ones than any number that
    /// next() has given before.
    /// Call:   any rank alone. Errors: errc::invalid_argument (chunk below 1), MPI category.
    /// Cost:   one node: an atomic instruction. Several: a round trip.
    index_t next(index_t chunk = 1) {
        require_one("next", chunk);
        return ticket_.fetch_add({0}, chunk);
    }

    /// Up to `most` numbers, at least one, that are the caller's alone: [lo, hi). They ascend on
    /// each rank, but over several nodes a node may get to small numbers after another one has
    /// got to larger ones. So numbers below n are all given out when every node has got a number
    /// from n on.
    /// Call:   any rank alone, also beside next(). Errors: as next().
    /// Cost:   one node: an atomic instruction. Several: a lock of the node, and a round trip for
    ///         each portion.
    box<1> take(index_t most = 1);

    /// Counts from `first` again. Call: collective over the team; a fence. Errors: as team::fence.
    void reset(index_t first = 0);

private:
    static void require_one(const char* operation, index_t count) {
        if (count < 1)
            throw error(errc::invalid_argument, std::string("counter::") + operation + "(" +
                                                    std::to_string(count) + "): needs at least 1");
    }

    // Two numbers a node, at the leader's place: the portion that is being given out.
    static array_options two_a_node(const team& team);

    array<index_t, 1> ticket_;
    std::vector<array<index_t, 1>> portions_; // where there are several nodes
    index_t portion_;
};

inline counter::counter(team& team, index_t first, index_t portion)
    : ticket_(team, {1}, {.name = "counter"}),
      portion_(portion) {
    require_one("counter", portion); // the same on all ranks
    if (team.nodes() > 1)
        portions_.emplace_back(team, indices<1>{2 * team.nodes()}, two_a_node(team));
    reset(first);
}

inline array_options counter::two_a_node(const team& team) {
    std::vector<index_t> cuts;
    for (int rank = 0; rank < team.size(); ++rank) {
        const int node = team.node_of(rank);
        cuts.push_back(2 * (rank == team.ranks().first_rank(node) ? node : node + 1));
    }
    cuts.push_back(2 * team.nodes());
    return {.distribution = {.cuts = {cuts}}, .name = "counter"};
}

inline box<1> counter::take(index_t most) {
    require_one("take", most);
    if (portions_.empty()) {
        const index_t begin = ticket_.fetch_add({0}, most);
        return {{begin}, {begin + most}};
    }
    array<index_t, 1>& portions = portions_.front();
    const view<index_t, 1> here = portions.node();
    const std::scoped_lock one_at_a_time(portions.mutex(ticket_.get_team().node()));
    if (here(0) == here(1)) {
        here(0) = ticket_.fetch_add({0}, portion_);
        here(1) = here(0) + portion_;
    }
    const index_t begin = here(0);
    here(0) = std::min(here(1), begin + most);
    return {{begin}, {here(0)}};
}

inline void counter::reset(index_t first) {
    ticket_.fence(); // nobody is counting any more
    team& everyone = ticket_.get_team();
    if (everyone.rank() == 0) ticket_.put({0}, first);
    if (!portions_.empty() && everyone.is_leader())
        portions_.front().node()(0) = portions_.front().node()(1) = 0;
    ticket_.fence();
}

} // namespace nodespan
