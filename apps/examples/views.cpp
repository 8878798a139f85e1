// A buffer that one rank has becomes an array of all ranks, and comes back.
#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <numeric>
#include <vector>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        std::vector<double> a(12); // what rank 0 has, 3 rows of 4
        if (everyone.rank() == 0) std::iota(a.begin(), a.end(), 0.0);

        auto sa = array_from_root(everyone, view<double, 2>(a.data(), {3, 4})); // ndarray_to_shm
        for (index_t i = 0; i < sa.local().extent(0); ++i)
            for (double& x : sa.local().row(i)) x *= 2; // shm_as_ndarray: my rows, in place
        sa.fence();

        auto other = empty_like<float>(sa); // emptylike_shared_array
        transform(sa, other, [](double x) { return static_cast<float>(x) / 2; });

        a = to_vector(sa); // on any rank
        const float all = sum(other);
        if (everyone.rank() == 0)
            std::printf("from %g to %g, halves %g\n", a.front(), a.back(), all);
        everyone.fence(); // nobody ends the array while others take it back
        return a.back() == 22 && all == 66 ? 0 : 1;
    });
}
