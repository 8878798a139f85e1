// How often the values of an array fall into each of ten bins.
#include <nodespan/nodespan.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        constexpr index_t bins = 10;
        array<double, 1> values{everyone, {100'000}}; // from 0 to 1
        for_each(values, [](const indices<1>& at, double& x) {
            x = std::pow(std::sin(static_cast<double>(at[0])), 2);
        });

        std::vector<index_t> counts(bins); // of this rank's values
        for (const double x : values.local()) ++counts[static_cast<std::size_t>(x * bins)];

        array<index_t, 1> histogram{everyone, {bins}}; // zeros
        histogram.accumulate({{0}, {bins}}, counts);   // all ranks at once: each sum is atomic
        histogram.fence();

        if (everyone.rank() == 0)
            for (index_t bin = 0; const index_t count : to_vector(histogram))
                std::printf("from 0.%ld: %ld\n", static_cast<long>(bin++),
                            static_cast<long>(count));
    });
}
