#pragma once

#include <nodespan/array.hpp>

#include <vector>

namespace nodespan::ensemble {

/// Averages the rows of a distributed array and puts the average into every row, in place.
///
/// Each rank takes a share of the columns of all rows of its node, where they lie; between nodes
/// the leaders add one row each. Rows are added in order, so on one node the result is the same
/// bits for any number of ranks.
class row_average {
public:
    /// Call: collective. Cost: on several nodes, one row of shared memory a node.
    explicit row_average(array<double, 2>& rows);

    /// A fence, the mean, a fence. Call: collective. Epoch: ends the one before.
    void operator()();

private:
    void add_node(index_t begin, index_t end, double* sums) const;

    array<double, 2>& rows_;
    index_t begin_ = 0, end_ = 0;            // my columns
    std::vector<double> sums_;               // of my columns
    std::vector<array<double, 2>> node_sum_; // one row a node, where there are several nodes
};

/// The same by messages, as with a pool of processes and pickling: every rank's rows are serialised
/// to rank 0, which adds them in order and sends the average back. For comparison only.
/// Call: collective.
void average_by_serialisation(array<double, 2>& rows);

} // namespace nodespan::ensemble
