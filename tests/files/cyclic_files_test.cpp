// Block-cyclic arrays and files: what one distribution writes, another one reads.

#include <nodespan/algorithm.hpp>
#include <nodespan/csv.hpp>
#include <nodespan/mtx.hpp>
#include <nodespan/npy.hpp>
#include <nodespan/raw.hpp>

#include "file_cases.hpp"

namespace {

using namespace nodespan;
using namespace nodespan::test;

double number(const indices<2>& at) {
    return static_cast<double>(at[0] * 100 + at[1]);
}

void set(array<double, 2>& field) {
    for_each(field, [](const indices<2>& at, double& x) { x = number(at); });
    field.fence();
}

// Whether this rank's elements are right; then forgets them.
void expect_read(array<double, 2>& field, const char* what) {
    index_t wrong = 0;
    for_each(field, [&](const indices<2>& at, double& x) {
        wrong += x == number(at) ? 0 : 1;
        x = -1;
    });
    EXPECT_EQ(wrong, 0) << what;
    field.fence();
}

TEST(CyclicFiles, BringBackElementsOfAllFormats) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    const indices<2> extents{23, 17};
    const std::vector<std::vector<index_t>> blocks{{}, {1, 1}, {3, 0}, {4, 5}, {100, 100}};
    for (const std::vector<index_t>& from : blocks)
        for (const std::vector<index_t>& into : blocks) {
            if (from.empty() && into.empty()) continue;
            array<double, 2> written(everyone, extents, {.distribution = {.block = from}});
            array<double, 2> read(everyone, extents,
                                  {.distribution = {.node_grid = {1, 0}, .block = into}});
            set(written);

            save_npy(written, folder / "a.npy");
            load_npy(read, folder / "a.npy");
            expect_read(read, "npy");
            save_npy(written, folder / "a.npy", {byte_order::big, index_order::column_major, {}});
            load_npy(read, folder / "a.npy");
            expect_read(read, "npy in Fortran's order");
            save_raw(written, folder / "a.raw");
            load_raw(read, folder / "a.raw");
            expect_read(read, "raw");
            save_csv(written, folder / "a.csv");
            load_csv(read, folder / "a.csv");
            expect_read(read, "csv");
            save_mtx(written, folder / "a.mtx");
            load_mtx(read, folder / "a.mtx");
            expect_read(read, "mtx");
        }
}

} // namespace
