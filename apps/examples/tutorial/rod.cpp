// A rod that cools, its ends kept at 0: every point becomes the mean of itself and its neighbours.
#include <nodespan/nodespan.hpp>

#include <cmath>
#include <cstdio>
#include <numbers>
#include <utility>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        constexpr index_t points = 100, steps = 10000;
        array<double, 1> rod{everyone, {points}, {.ghosts = {.width = {1}}}};
        array<double, 1> next{everyone, {points}, {.ghosts = {.width = {1}}}};

        const double wave = std::numbers::pi / (points + 1);
        for_each(rod, [&](const indices<1>& at, double& t) {
            t = std::sin(wave * static_cast<double>(at[0] + 1));
        });

        // One step: from.exchange_ghosts() ends the epoch and brings neighbours' points from other
        // nodes.
        const auto cool = [](array<double, 1>& from, array<double, 1>& to) {
            from.exchange_ghosts();
            const auto old = std::as_const(from).local_with_ghosts(); // my point i is old(i + 1)
            auto mine = to.local();
            for (index_t i = 0; i < mine.extent(0); ++i)
                mine(i) = 0.25 * old(i) + 0.5 * old(i + 1) + 0.25 * old(i + 2);
        };
        for (index_t step = 0; step < steps; step += 2) {
            cool(rod, next);
            cool(next, rod);
        }

        const double hottest = max(rod);
        const double known = std::sin(wave * 50) * std::pow(std::cos(wave / 2), 2.0 * steps);
        if (everyone.rank() == 0)
            std::printf("after %ld steps the middle is at %.6f\n", steps, hottest);
        return std::abs(hottest - known) < 1e-12 ? 0 : 1;
    });
}
