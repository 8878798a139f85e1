// The game of life on a torus, with checkpoints: stopped at any moment, it goes on from the last.
#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <cstdlib>
#include <utility>

using namespace nodespan;
using cells = array<unsigned char, 2>; // 1: alive

// The next generation of this rank's cells. Views with ghosts begin one row and column earlier.
void step(const cells& now, cells& next) {
    const auto old = now.local_with_ghosts();
    const auto mine = next.local();
    for (index_t i = 0; i < mine.extent(0); ++i)
        for (index_t j = 0; j < mine.extent(1); ++j) {
            int neighbours = -old(i + 1, j + 1);
            for (index_t down = 0; down < 3; ++down)
                for (index_t right = 0; right < 3; ++right) neighbours += old(i + down, j + right);
            mine(i, j) = neighbours == 3 || (neighbours == 2 && old(i + 1, j + 1) == 1);
        }
}

int main(int argc, char** argv) {
    return run(argc, argv, [&](team& everyone) {
        const index_t generations = argc > 1 ? std::atol(argv[1]) : 1000;
        const array_options torus{.ghosts = {.width = {1, 1}, .periodic = {true, true}}};
        cells now{everyone, {200, 300}, torus}, next{everyone, {200, 300}, torus};
        for_each(now, [](const indices<2>& at, unsigned char& cell) {
            cell = (at[0] * at[0] + 3 * at[1] + at[0] * at[1]) % 7 < 3;
        });

        checkpoint saved{everyone, "life"};
        saved.add("cells", now);
        const index_t first = saved.restore().value_or(0);
        for (index_t generation = first; generation < generations; ++generation) {
            now.exchange_ghosts(); // also the fence between two generations
            step(now, next);
            std::swap(now, next);    // the name goes with the elements,
            saved.add("cells", now); // so the checkpoint is told
            if ((generation + 1) % 100 == 0) saved.write(generation + 1);
        }
        const index_t alive = nodespan::reduce(now, std::plus<>(), index_t{0});
        if (everyone.rank() == 0)
            std::printf("from generation %ld to %ld: %ld alive\n", static_cast<long>(first),
                        static_cast<long>(generations), static_cast<long>(alive));
    });
}
