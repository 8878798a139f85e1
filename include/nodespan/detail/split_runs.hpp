#pragma once

#include "nodespan/collectives.hpp"
#include "nodespan/team.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <functional>
#include <span>
#include <vector>

namespace nodespan::detail {

// Exact splitters. If all runs were merged, equal elements in the order of the runs, of how many
// elements of each run would the first `target` elements consist? For each run there is a range in
// which the answer lies. In a round, the middle element of the longest range is counted in all
// runs; then it, and what is before it or behind it, is decided.

/// How many elements of [lo, hi) of run `run` are before the pivot, which is of run `owner`.
/// Outside of the range it is decided already, and on the same side.
template <class R, class Less>
index_t count_before(std::span<const R> run, index_t lo, index_t hi, const R& pivot,
                     bool is_of_later_run, Less& less) {
    const auto begin = run.begin() + lo, end = run.begin() + hi;
    const auto place = is_of_later_run ? std::upper_bound(begin, end, pivot, std::ref(less))
                                       : std::lower_bound(begin, end, pivot, std::ref(less));
    return place - run.begin();
}

/// The answer for runs that this rank can read.
template <class R, class Less>
std::vector<index_t> split_here(std::span<const std::span<const R>> runs, index_t target,
                                Less& less) {
    std::vector<index_t> lo(runs.size(), 0), hi, before(runs.size());
    for (const auto& run : runs) hi.push_back(static_cast<index_t>(run.size()));
    for (;;) {
        std::size_t owner = 0;
        for (std::size_t q = 1; q < runs.size(); ++q)
            if (hi[q] - lo[q] > hi[owner] - lo[owner]) owner = q;
        if (hi[owner] == lo[owner]) return lo;
        const index_t middle = lo[owner] + (hi[owner] - lo[owner]) / 2;
        const R& pivot = runs[owner][static_cast<std::size_t>(middle)];
        index_t all = 0;
        for (std::size_t q = 0; q < runs.size(); ++q)
            all += before[q] =
                q == owner ? middle : count_before(runs[q], lo[q], hi[q], pivot, owner > q, less);
        (all < target ? lo : hi) = before;
        if (all < target) ++lo[owner]; // the pivot is among the first, too
    }
}

/// The same for runs that lie on several nodes, each of which its rank alone reads, and for several
/// targets: for each, how much of this rank's run.
/// Call:   collective; where `less` throws, on any rank, it ends on all and `failure` is set there.
template <class R, class Less>
class run_splitter {
public:
    run_splitter(const team& team, std::span<const R> run, std::span<const index_t> targets,
                 Less& less)
        : team_(team),
          run_(run),
          targets_(targets),
          less_(less),
          lo_(targets.size(), 0),
          hi_(targets.size(), static_cast<index_t>(run.size())) {}

    std::vector<index_t> find(std::exception_ptr& failure) {
        const auto ranks = static_cast<index_t>(team_.size());
        std::vector<index_t> longest(targets_.size()), before(targets_.size() + 1);
        std::vector<unsigned char> pivots(targets_.size() * pivot_bytes);
        for (;;) {
            for (std::size_t b = 0; b < longest.size(); ++b)
                longest[b] = (hi_[b] - lo_[b]) * ranks + team_.rank();
            all_reduce(team_, longest, accumulate_op::max);
            if (std::ranges::all_of(longest, [=](index_t one) { return one < ranks; })) return lo_;
            share_pivots(longest, pivots);
            before.assign(before.size(), 0);
            try {
                for (std::size_t b = 0; b < longest.size(); ++b)
                    if (longest[b] >= ranks)
                        before[b] = count(b, longest[b] % ranks, &pivots[b * pivot_bytes]);
            } catch (...) {
                failure = std::current_exception();
                before.back() = 1;
            }
            const std::vector<index_t> mine = before;
            all_reduce(team_, before);
            if (before.back() > 0) return lo_;
            for (std::size_t b = 0; b < longest.size(); ++b)
                if (longest[b] >= ranks)
                    decide(b, longest[b] % ranks == team_.rank(), mine[b], before[b]);
        }
    }

private:
    static constexpr std::size_t pivot_bytes = sizeof(R);

    // The rank with the longest range has the pivot; all others add zeros.
    void share_pivots(const std::vector<index_t>& longest, std::vector<unsigned char>& pivots) {
        const auto ranks = static_cast<index_t>(team_.size());
        std::ranges::fill(pivots, static_cast<unsigned char>(0));
        for (std::size_t b = 0; b < longest.size(); ++b)
            if (longest[b] >= ranks && longest[b] % ranks == team_.rank())
                std::memcpy(&pivots[b * pivot_bytes], &run_[static_cast<std::size_t>(middle(b))],
                            pivot_bytes);
        all_reduce(team_, pivots);
    }

    index_t middle(std::size_t b) const { return lo_[b] + (hi_[b] - lo_[b]) / 2; }

    index_t count(std::size_t b, index_t owner, const unsigned char* bytes) {
        if (owner == team_.rank()) return middle(b);
        R pivot;
        std::memcpy(static_cast<void*>(&pivot), bytes, sizeof(R));
        return count_before(run_, lo_[b], hi_[b], pivot, owner > team_.rank(), less_);
    }

    void decide(std::size_t b, bool is_owner, index_t mine, index_t all) {
        if (all < targets_[b])
            lo_[b] = mine + (is_owner ? 1 : 0); // the pivot is among the first, too
        else
            hi_[b] = mine;
    }

    const team& team_;
    std::span<const R> run_;
    std::span<const index_t> targets_;
    Less& less_;
    std::vector<index_t> lo_, hi_;
};

} // namespace nodespan::detail
