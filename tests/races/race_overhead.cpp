// What the race checker costs: the same loops, built with it and without. One line a loop: its name
// and the nanoseconds of a step, the least of several rounds. race_overhead CHECKED|PLAIN is only a
// label.

#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

namespace {

using nodespan::array;
using nodespan::index_t;
using nodespan::team;

template <class Body>
void measure(team& everyone, const char* name, double steps, int rounds, Body&& body) {
    double best = 1e300;
    for (int round = 0; round < rounds; ++round) {
        everyone.fence();
        const auto start = std::chrono::steady_clock::now();
        body();
        everyone.fence();
        const std::chrono::duration<double, std::nano> time =
            std::chrono::steady_clock::now() - start;
        best = std::min(best, time.count());
    }
    if (everyone.rank() == 0) std::printf("%s %.3f\n", name, best / steps);
}

// a = b + 3 c, from memory.
void stream(team& everyone) {
    const index_t n = index_t{4} << 20;
    array<double, 1> a(everyone, {n * everyone.size()}), b(everyone, {n * everyone.size()}),
        c(everyone, {n * everyone.size()});
    nodespan::fill(b, 1.0);
    nodespan::fill(c, 2.0);
    auto x = a.local(), y = b.local(), z = c.local();
    measure(everyone, "stream", static_cast<double>(n), 7, [&] {
        for (index_t i = 0; i < n; ++i) x(i) = y(i) + 3 * z(i);
    });
}

void sum(team& everyone) {
    const index_t n = index_t{8} << 20;
    array<double, 1> a(everyone, {n * everyone.size()});
    nodespan::fill(a, 1.0);
    auto x = a.local();
    double total = 0;
    measure(everyone, "sum", static_cast<double>(n), 7, [&] {
        for (index_t i = 0; i < n; ++i) total += x(i);
    });
    if (total < 0) std::puts("");
}

// Five points, of a plane that fits into the second cache.
void stencil(team& everyone) {
    const index_t n = 128;
    array<double, 2> a(everyone, {n * everyone.size(), n}), b(everyone, {n * everyone.size(), n});
    auto from = a.local(), to = b.local();
    const int times = 20;
    measure(everyone, "stencil", static_cast<double>(times * (n - 2) * (n - 2)), 15, [&] {
        for (int t = 0; t < times; ++t) {
            for (index_t i = 1; i + 1 < n; ++i)
                for (index_t j = 1; j + 1 < n; ++j)
                    to(i, j) = 0.5 * from(i, j) + 0.125 * (from(i - 1, j) + from(i + 1, j) +
                                                           from(i, j - 1) + from(i, j + 1));
            everyone.fence();
            std::swap(from, to);
        }
    });
}

// Elements are read, something is made of each, and stored.
void compute(team& everyone) {
    const index_t n = 20000;
    array<double, 1> a(everyone, {n * everyone.size()});
    auto x = a.local();
    for (index_t i = 0; i < n; ++i) x(i) = 1.0 / static_cast<double>(i + 1);
    measure(everyone, "compute", static_cast<double>(n), 7, [&] {
        for (index_t i = 0; i < n; ++i) {
            double value = x(i);
            for (int k = 0; k < 8; ++k) value = std::sin(value) + std::exp(-value);
            x(i) = value;
        }
    });
}

} // namespace

int main(int argc, char** argv) {
    nodespan::environment mpi{argc, argv};
    team everyone{MPI_COMM_WORLD};
    stream(everyone);
    sum(everyone);
    stencil(everyone);
    compute(everyone);
}
