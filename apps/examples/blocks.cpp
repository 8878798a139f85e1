// Fills an array in blocks, each by whichever rank is free.
#include <nodespan/nodespan.hpp>

#include <cstdio>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        constexpr index_t size = 2000, columns = 10, block = 100;
        array<double, 2> arr{everyone, {size, columns}};
        work_share(everyone, {{0}, {size}}, block, [&](const box<1>& rows) {
            for (index_t i = rows.lo[0]; i < rows.hi[0]; ++i)
                for (index_t j = 0; j < columns; ++j) arr(i, j) = static_cast<double>(rows.lo[0]);
        });

        const double last = arr(size - 1, columns - 1); // all is written when work_share returns
        if (everyone.rank() == 0) std::printf("from %g to %g\n", arr(0, 0), last);
        return last == size - block ? 0 : 1;
    });
}
