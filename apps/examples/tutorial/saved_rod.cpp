// The rod again, with checkpoints: killed at any moment, it goes on from the last one.
#include <nodespan/nodespan.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numbers>
#include <utility>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [&](team& everyone) {
        constexpr index_t points = 100, steps = 10000, every = 1000;
        const index_t until = argc > 1 ? std::atol(argv[1]) : steps; // this run's last step
        array<double, 1> rod{everyone, {points}, {.ghosts = {.width = {1}}}};
        array<double, 1> next{everyone, {points}, {.ghosts = {.width = {1}}}};

        const double wave = std::numbers::pi / (points + 1);
        checkpoint saved{everyone, "rod"}; // a folder; its files are whole, or not there
        saved.add("temperature", rod);
        const std::optional<index_t> found = saved.restore();
        if (!found)
            for_each(rod, [&](const indices<1>& at, double& t) {
                t = std::sin(wave * static_cast<double>(at[0] + 1));
            });

        const index_t first = found.value_or(0);
        if (first > until) {
            if (everyone.rank() == 0)
                std::printf("the checkpoint in rod is of step %ld already: "
                            "remove that folder to begin anew\n",
                            first);
            return 1;
        }

        const auto cool = [](array<double, 1>& from, array<double, 1>& to) {
            from.exchange_ghosts();
            const auto old = std::as_const(from).local_with_ghosts();
            auto mine = to.local();
            for (index_t i = 0; i < mine.extent(0); ++i)
                mine(i) = 0.25 * old(i) + 0.5 * old(i + 1) + 0.25 * old(i + 2);
        };
        for (index_t step = first; step < until; step += 2) {
            cool(rod, next);
            cool(next, rod);
            if ((step + 2) % every == 0) saved.write(step + 2);
        }

        const double hottest = max(rod);
        if (everyone.rank() == 0)
            std::printf("from step %ld to %ld: the middle is at %.6f\n", first, until, hottest);
        const double known =
            std::sin(wave * 50) * std::pow(std::cos(wave / 2), 2.0 * static_cast<double>(until));
        return std::abs(hottest - known) < 1e-12 ? 0 : 1;
    });
}
