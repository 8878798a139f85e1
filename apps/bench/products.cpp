#include "by_hand.hpp"

#include <nodespan/algorithm.hpp>
#include <nodespan/multiply.hpp>

#ifdef NODESPAN_HAS_SCALAPACK
#include "scalapack.hpp"
#endif

#include <fmt/format.h>

#include <memory>
#include <vector>

extern "C" {
[[gnu::weak]] void openblas_set_num_threads(int threads);
[[gnu::weak]] int openblas_get_num_threads();
}

namespace nodespan::bench {
namespace {

// While it lives, each rank multiplies by one thread.
class one_thread {
public:
    one_thread() { set(1); }
    ~one_thread() { set(before_); }
    one_thread(const one_thread&) = delete;
    one_thread& operator=(const one_thread&) = delete;

private:
    static void set(int threads) {
        if (openblas_set_num_threads != nullptr) openblas_set_num_threads(threads);
    }
    int before_ = openblas_get_num_threads != nullptr ? openblas_get_num_threads() : 1;
};

} // namespace

std::vector<measurement> measure_multiply(team& team, int batches) {
    lines result(team, batches);
    for (const index_t n : {1024, 4096}) {
        const std::string size = fmt::format("{0} x {0} doubles", n);
        array<double, 2> a(team, {n, n}), b(team, {n, n}), c(team, {n, n});
        fill(a, 1);
        fill(b, 2);
        const workload ours = [&](long count) {
            for (; count > 0; --count) multiply(a, b, c);
        };
        // The same in one process, by all cores: in a team of one rank.
        nodespan::team alone(MPI_COMM_SELF);
        const index_t k = team.rank() == 0 ? n : 1;
        array<double, 2> x(alone, {k, k}), y(alone, {k, k}), z(alone, {k, k});
        fill(x, 1);
        fill(y, 2);
        result.add("multiply", size, "one process, all cores", ours,
                   on_rank_0(team, [&] { multiply(x, y, z); }));
#ifdef NODESPAN_HAS_SCALAPACK
        int rows = 1;
        while ((rows + 1) * (rows + 1) <= team.size()) ++rows;
        while (team.size() % rows != 0) --rows;
        const scalapack_grid grid(team, rows, team.size() / rows);
        for (const index_t block : {64, 128, 256}) {
            scalapack_matrix p(grid, n, block), q(grid, n, block), r(grid, n, block);
            result.add("multiply", size, fmt::format("ScaLAPACK's pdgemm, blocks of {}", block),
                       ours, [&](long count) {
                           const one_thread each;
                           for (; count > 0; --count) r.be_product(p, q);
                       });
        }
#endif
    }
    return result.take();
}

} // namespace nodespan::bench
