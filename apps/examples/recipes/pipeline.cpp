// A pipeline on each node: the leader makes signals, whoever is free smooths the next one, and the
// leader takes their energies. The signals stay where they are; queues carry the numbers of rows.
#include <nodespan/nodespan.hpp>

#include <cmath>
#include <cstdio>

using namespace nodespan;

void make(index_t number, view<double, 1> signal) {
    for (index_t t = 0; t < signal.extent(0); ++t)
        signal(t) = std::sin(static_cast<double>(t * (number + 1)) * 0.01);
}

void smooth(view<double, 1> signal) { // the mean of each value and the smoothed one before
    for (index_t t = 1; t < signal.extent(0); ++t) signal(t) = (signal(t - 1) + signal(t)) / 2;
}

double energy(view<const double, 1> signal) {
    double total = 0;
    for (const double x : signal) total += x * x;
    return total;
}

int main(int argc, char** argv) {
    return run(argc, argv, [](team& everyone) {
        team here = everyone.split(everyone.node()); // a queue is for the ranks of a node
        array<double, 2> signals{everyone, {40, 2'000}};
        array<double, 1> energies{everyone, {40}};
        const auto ours = signals.node(); // the rows of this node
        const index_t count = ours.extent(0);
        queue<index_t> made{here, count + 1}, smoothed{here, count + 1};

        if (here.rank() == 0) {
            for (index_t row = 0; row < count; ++row) {
                make(signals.node_box().lo[0] + row, ours.row(row));
                made.put(row); // a queue is a fence for the two ranks: who gets it sees the row
            }
            made.close();
        }
        while (const auto row = made.get()) { // until it is closed and empty
            smooth(ours.row(*row));
            smoothed.put(*row);
        }
        for (index_t done = 0; here.rank() == 0 && done < count; ++done) {
            const index_t row = *smoothed.get();
            energies.put({signals.node_box().lo[0] + row}, energy(ours.row(row)));
        }
        energies.fence();

        const double all = sum(energies);
        if (everyone.rank() == 0)
            std::printf("energies %.6f to %.6f, together %.6f\n", energies.get({0}),
                        energies.get({39}), all);
    });
}
