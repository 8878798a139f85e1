#pragma once

#include <nodespan/array.hpp>
#include <nodespan/replicated.hpp>

namespace nodespan::ensemble {

/// Averages the rows of a distributed array and puts the average into every row.
///
/// A mean over rows and a copy: on one node the same bits for any number of ranks.
class row_average {
public:
    /// Call: collective. Cost: one row of shared memory a node.
    explicit row_average(array<double, 2>& rows);

    /// A fence, the mean, a fence. Call: collective. Epoch: ends the one before.
    void operator()();

private:
    array<double, 2>& rows_;
    replicated<double, 1> mean_;
};

/// The same by messages, as with a pool of processes and pickling: every rank's rows are serialised
/// to rank 0, which adds them in order and sends the average back. For comparison only.
/// Call: collective.
void average_by_serialisation(array<double, 2>& rows);

} // namespace nodespan::ensemble
