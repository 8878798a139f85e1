#pragma once

#include "nodespan/array.hpp"

#include <algorithm>
#include <limits>
#include <mutex>
#include <string>
#include <vector>

namespace nodespan {

/// A counter of tickets that all ranks of a team share: each rank that asks gets numbers, nobody
/// gets a number twice, none is left out. Programs use it to distribute work dynamically.
class counter {
public:
    /// Counts from `first`. Over several nodes take() fetches `portion` numbers at a time for a
    /// whole node. Both arguments are the same on all ranks.
    /// Shape:  first >= -2^62; a portion above most_at_once() counts as most_at_once().
    /// Call:   collective over the team.
    /// Errors: as an array's; errc::invalid_argument (portion below 1, first), on all ranks.
    explicit counter(team& team, index_t first = 0, index_t portion = 1);

    /// How many numbers one call may ask for: 2^62 divided by the number of ranks.
    index_t most_at_once() const noexcept { return most_; }

    /// Returns the first of `chunk` numbers that only the caller gets. They are larger than all
    /// numbers that next() has given before.
    /// Shape:  1 <= chunk <= most_at_once().
    /// Call:   any rank alone.
    /// Errors: errc::invalid_argument (chunk), errc::out_of_range (fewer numbers are left below
    ///         2^63), MPI category.
    /// Cost:   one node: an atomic instruction. Several: a round trip.
    index_t next(index_t chunk = 1) {
        require_count("next", chunk);
        if (chunk > most_) refuse("next", chunk, "more than most_at_once()");
        return draw("next", chunk);
    }

    /// Returns up to `most` numbers, at least one, that only the caller gets: [lo, hi). They ascend
    /// on each rank. But over several nodes, a node may get small numbers after another node has
    /// got larger ones. So all numbers below n have been given out only when every node has got a
    /// number that is n or more.
    /// Call:   any rank alone, also beside next().
    /// Errors: as next(), but `most` may be larger.
    /// Cost:   one node: an atomic instruction. Several: a lock of the node, and a round trip for
    ///         each portion.
    box<1> take(index_t most = 1);

    /// Starts again from `first`.
    /// Call:   collective over the team; a fence.
    /// Errors: as team::fence.
    void reset(index_t first = 0);

private:
    // Numbers past 2^63 - 1 wrap around to those below -2^62. There is room there for all that the
    // ranks may ask for at once before one of them gives back what was too much.
    static constexpr index_t room = index_t{1} << 62;

    [[noreturn]] static void refuse(const char* operation, index_t count, const char* why,
                                    errc code = errc::invalid_argument) {
        throw error(code, std::string("counter::") + operation + "(" + std::to_string(count) +
                              "): " + why);
    }
    static void require_count(const char* operation, index_t count) {
        if (count < 1) refuse(operation, count, "needs at least 1");
    }
    index_t draw(const char* operation, index_t count);

    // Two numbers on each node, in the leader's part: the portion that is being given out.
    static array_options two_a_node(const team& team);

    array<index_t, 1> ticket_;
    std::vector<array<index_t, 1>> portions_; // if there are several nodes
    index_t most_;
    index_t portion_;
};

inline counter::counter(team& team, index_t first, index_t portion)
    : ticket_(team, {1}, {.name = "counter"}),
      most_(room / team.size()),
      portion_(std::min(portion, most_)) {
    require_count("counter", portion); // the same on all ranks
    if (team.nodes() > 1)
        portions_.emplace_back(team, indices<1>{2 * team.nodes()}, two_a_node(team));
    reset(first);
}

inline array_options counter::two_a_node(const team& team) {
    std::vector<index_t> cuts;
    for (int rank = 0; rank < team.size(); ++rank) {
        const int node = team.node_of(rank);
        cuts.push_back(2 * (rank == team.placement().first_rank(node) ? node : node + 1));
    }
    cuts.push_back(2 * team.nodes());
    return {.distribution = {.cuts = {cuts}}, .name = "counter"};
}

inline index_t counter::draw(const char* operation, index_t count) {
    const index_t begin = ticket_.fetch_add({0}, count);
    if (begin >= -room && begin <= std::numeric_limits<index_t>::max() - count) return begin;
    ticket_.fetch_add({0}, -count);
    refuse(operation, count, "so many numbers are not left below 2^63", errc::out_of_range);
}

inline box<1> counter::take(index_t most) {
    require_count("take", most);
    most = std::min(most, most_);
    if (portions_.empty()) {
        const index_t begin = draw("take", most);
        return {{begin}, {begin + most}};
    }
    array<index_t, 1>& portions = portions_.front();
    const view<index_t, 1> here = portions.node();
    const std::scoped_lock one_at_a_time(portions.mutex(ticket_.get_team().node()));
    if (here(0) == here(1)) {
        here(0) = draw("take", portion_);
        here(1) = here(0) + portion_;
    }
    const index_t begin = here(0);
    here(0) += std::min(here(1) - begin, most);
    return {{begin}, {here(0)}};
}

inline void counter::reset(index_t first) {
    if (first < -room) refuse("reset", first, "counts from -2^62 on");
    ticket_.fence(); // all have counted
    team& everyone = ticket_.get_team();
    if (everyone.rank() == 0) ticket_.put({0}, first);
    if (!portions_.empty() && everyone.is_leader())
        portions_.front().node()(0) = portions_.front().node()(1) = 0;
    ticket_.fence();
}

} // namespace nodespan
