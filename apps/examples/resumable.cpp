// Sums 1 / k^2 in many steps; stopped at any moment, it goes on where the last checkpoint was.
#include <nodespan/nodespan.hpp>

#include <cmath>
#include <cstdio>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        array<double, 1> sums{everyone, {1000}}; // each of a part of the terms
        double largest_term = 0;

        checkpoint saved{everyone, "resumable"};
        saved.add("sums", sums);
        saved.add("largest term", largest_term);
        const index_t first = saved.restore().value_or(0);
        for (const std::string& broken : saved.refused())
            std::fprintf(stderr, "%s\n", broken.c_str());

        const index_t steps = 2000;
        for (index_t step = first; step < steps; ++step) {
            for_each(sums, [&](const indices<1>& at, double& sum) {
                const auto k = static_cast<double>(step * 1000 + at[0] + 1);
                sum += 1 / (k * k);
            });
            largest_term = 1 / std::pow(static_cast<double>(step) * 1000 + 1, 2);
            if ((step + 1) % 500 == 0) saved.write(step + 1);
        }

        const double pi = std::sqrt(6 * sum(sums));
        if (everyone.rank() == 0)
            std::printf("from step %ld on: pi is about %.6f\n", static_cast<long>(first), pi);
        return std::abs(pi - std::acos(-1.0)) < 1e-6 ? 0 : 1;
    });
}
