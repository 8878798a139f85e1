// The same sum, in a run that shows how far it is, and that can be stopped by SIGUSR1.
#include <nodespan/nodespan.hpp>

#include <cmath>
#include <cstdio>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        array<double, 1> sums{everyone, {1000}};
        const index_t steps = 2000;

        run_control control{everyone, {.folder = "stoppable", .every = 500, .resume = true}};
        control.add("sums", sums);
        const index_t first = control.start(steps);
        progress shown{everyone, "sum", steps, {.unit = "steps", .begin = first}};
        for (index_t step = first; step < steps;) {
            for_each(sums, [&](const indices<1>& at, double& sum) {
                const auto k = static_cast<double>(step * 1000 + at[0] + 1);
                sum += 1 / (k * k);
            });
            shown.update(++step);
            if (control.stops_after(step)) return control.exit_code();
        }

        const double pi = std::sqrt(6 * sum(sums));
        if (everyone.rank() == 0) std::printf("pi is about %.6f\n", pi);
        return std::abs(pi - std::acos(-1.0)) < 1e-6 ? 0 : 1;
    });
}
