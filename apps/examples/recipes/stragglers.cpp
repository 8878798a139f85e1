// Work whose pieces take very different times: whoever is free takes the next ones.
#include <nodespan/nodespan.hpp>

#include <cstdio>

using namespace nodespan;

// How many steps 3 n + 1 or n / 2 lead to 1.
int steps_to_one(index_t n) {
    int steps = 0;
    for (; n != 1; ++steps) n = n % 2 == 0 ? n / 2 : 3 * n + 1;
    return steps;
}

int main(int argc, char** argv) {
    return run(argc, argv, [](team& everyone) {
        constexpr index_t limit = 100'000, chunk = 1'000;
        struct best {
            int steps = 0;
            index_t start = 0;
        } mine; // of the numbers that this rank happened to get

        work_share(everyone, {{1}, {limit}}, chunk, [&](index_t n) {
            if (const int steps = steps_to_one(n); steps > mine.steps) mine = {steps, n};
        });

        const int most = all_reduce(everyone, mine.steps, accumulate_op::max);
        const index_t start =
            all_reduce(everyone, mine.steps == most ? mine.start : limit, accumulate_op::min);
        if (everyone.rank() == 0)
            std::printf("%ld takes %d steps\n", static_cast<long>(start), most);
    });
}
