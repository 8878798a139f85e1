// Reads a table of measurements, moves every column to mean 0, and saves it for NumPy.
#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <fstream>
#include <vector>

int main(int argc, char** argv) {
    using namespace nodespan;
    return run(argc, argv, [](team& everyone) {
        if (everyone.rank() == 0) {
            std::ofstream table("table.csv");
            table << "time,height\n";
            for (int i = 0; i < 1000; ++i) table << i << ',' << i * 0.25 << '\n';
        }
        everyone.fence();

        auto table = open_csv<double, 2>(everyone, "table.csv"); // extents come from the file
        auto mine = table.local();
        std::vector<double> sums(static_cast<std::size_t>(table.extent(1)));
        for (index_t i = 0; i < mine.extent(0); ++i)
            for (index_t j = 0; j < mine.extent(1); ++j)
                sums[static_cast<std::size_t>(j)] += mine(i, j);

        array<double, 1> total{everyone, {table.extent(1)}};
        total.accumulate({{0}, total.extents()}, sums);
        total.fence();
        total.get({{0}, total.extents()}, sums);
        for (index_t i = 0; i < mine.extent(0); ++i)
            for (index_t j = 0; j < mine.extent(1); ++j)
                mine(i, j) -=
                    sums[static_cast<std::size_t>(j)] / static_cast<double>(table.extent(0));

        save_npy(table, "table.npy"); // numpy.load("table.npy")
        const npy_contents saved = npy_info("table.npy");
        if (everyone.rank() == 0)
            std::printf("table.npy: %s, %ld rows\n", dtype_name(saved.type), saved.extents[0]);
        return saved.extents[0] == 1000 ? 0 : 1;
    });
}
