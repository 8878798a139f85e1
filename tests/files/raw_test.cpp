#include <nodespan/raw.hpp>
#include <nodespan/team.hpp>

#include "file_cases.hpp"

#include <complex>
#include <cstdint>

namespace {

using namespace nodespan;
using namespace nodespan::test;
namespace fs = std::filesystem;

TEST(Raw, BringsBackElementsInEveryOrderAndFromAnyPlace) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<std::complex<double>, 3> written(everyone, {9, 4, 5}), read(everyone, {9, 4, 5});
    fill_elements(written);
    for (const index_t offset : {0, 1, 4097})
        for (const byte_order bytes : {byte_order::little, byte_order::big})
            for (const index_order order : {index_order::row_major, index_order::column_major}) {
                const raw_options options{offset, bytes, order, {}};

                save_raw(written, folder / "a.bin", options);
                load_raw(read, folder / "a.bin", options);

                expect_elements(read);
                EXPECT_EQ(fs::file_size(folder / "a.bin"), 9 * 4 * 5 * 16 + offset);
                everyone.fence();
            }
}

TEST(Raw, WritesTheElementsAndNothingElse) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<std::uint16_t, 2> a(everyone, {2, 3});
    for_each_index(a.rank_box(), [&](const indices<2>& at) {
        a(at[0], at[1]) = static_cast<std::uint16_t>(at[0] * 256 + at[1]);
    });
    a.fence();

    save_raw(a, folder / "c.bin");
    save_raw(a, folder / "f.bin", {1, byte_order::big, index_order::column_major, {}});

    EXPECT_EQ(read_text(folder / "c.bin"), std::string("\0\0\1\0\2\0\0\1\1\1\2\1", 12));
    EXPECT_EQ(read_text(folder / "f.bin"), std::string("\0\0\0\1\0\0\1\1\1\0\2\1\2", 13));
}

TEST(Raw, RefusesFilesThatAreTooShort) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> a(everyone, {100});
    fill_elements(a);
    save_raw(a, folder / "a.bin");

    expect_same_refusal(
        [&] {
            load_raw(a, folder / "a.bin", {1, {}, {}, {}});
        },
        errc::io, {"a.bin", "has 800 bytes, the array needs 801"});
    expect_same_refusal(
        [&] {
            load_raw(a, folder / "a.bin", {-1, {}, {}, {}});
        },
        errc::invalid_argument, {"offset -1"});
    expect_same_refusal([&] { load_raw(a, folder / "none.bin"); }, errc::io, {"No such file"});

    expect_elements(a);
}

TEST(Raw, SavesWhereALinkLeads) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {6, 3});
    fill_elements(a);

    expect_saving_follows_links(folder.path(), [&](const fs::path& file) { save_raw(a, file); });
}

} // namespace
