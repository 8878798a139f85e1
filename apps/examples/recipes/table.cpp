// A table that everyone reads: one copy on each node, not one in each rank.
#include <nodespan/nodespan.hpp>

#include <cmath>
#include <cstdio>
#include <vector>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        constexpr index_t n = 10'000; // logarithms of 0!, 1!, ..., n!
        replicated<double, 1> logarithms{everyone, {n + 1}};
        std::vector<double> computed;
        if (everyone.rank() == 0)
            for (index_t k = 0; k <= n; ++k)
                computed.push_back(k == 0 ? 0 : computed.back() + std::log(double(k)));
        logarithms.load(computed); // of rank 0; a fence as well

        // How likely each number of heads in n throws of a coin is.
        const auto log_of = logarithms.node(); // plain memory
        array<double, 1> chance{everyone, {n + 1}};
        for_each(chance, [&](const indices<1>& at, double& p) {
            p = std::exp(log_of(n) - log_of(at[0]) - log_of(n - at[0]) - double(n) * std::log(2));
        });
        chance.fence();

        const double all = sum(chance);
        if (everyone.rank() == 0)
            std::printf("%.6f for half of them, %.6f for all numbers\n", chance.get({n / 2}), all);
    });
}
