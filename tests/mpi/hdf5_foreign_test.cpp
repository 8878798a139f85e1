// Loads foreign.h5, as h5py wrote it, and saves own.h5, for h5py to read; see hdf5_foreign.py.

#include "hdf5_cases.hpp"

namespace hdf5_foreign_test {
struct particle {
    double mass;
    std::int32_t id;
    std::array<float, 3> place;
};
} // namespace hdf5_foreign_test

using hdf5_foreign_test::particle;

template <>
inline constexpr auto
    nodespan::stored_members<particle> = std::tuple(nodespan::member{"mass", &particle::mass},
                                                    nodespan::member{"id", &particle::id},
                                                    nodespan::member{"place", &particle::place});

namespace {

using namespace nodespan;
using namespace nodespan::test;

fs::path given(const char* name) {
    return fs::path(std::getenv("NODESPAN_TEST_FOLDER")) / name;
}

// Whether elements are 5 i + j, as NumPy's arange has them.
index_t count_wrong(const array<double, 2>& a) {
    index_t wrong = 0;
    for_each_index(a.rank_box(), [&](const indices<2>& at) {
        wrong += a(at[0], at[1]) != static_cast<double>(5 * at[0] + at[1]);
    });
    return wrong;
}

TEST(Hdf5Foreign, EveryWayOfStoringNumbersIsRead) {
    team everyone(MPI_COMM_WORLD);

    for (const char* name : {"plain", "group/big_endian", "packed", "growing"})
        EXPECT_EQ(count_wrong(nodespan::open<double, 2>(everyone, given("foreign.h5"), name)), 0)
            << name;
    EXPECT_EQ(count_wrong(nodespan::open<double, 2>(everyone, given("latest.h5"), "plain")), 0);

    const auto empty = nodespan::open<double, 2>(everyone, given("foreign.h5"), "never_written");
    const auto numbers = nodespan::open<std::int32_t, 1>(everyone, given("foreign.h5"), "compact");
    for_each_index(empty.rank_box(),
                   [&](const indices<2>& at) { EXPECT_EQ(empty(at[0], at[1]), 2.5); });
    for_each_index(numbers.rank_box(),
                   [&](const indices<1>& at) { EXPECT_EQ(numbers(at[0]), at[0]); });
}

TEST(Hdf5Foreign, StructsAndComplexNumbersAreRead) {
    team everyone(MPI_COMM_WORLD);

    const auto read = nodespan::open<particle, 1>(everyone, given("foreign.h5"), "particles");
    const auto complex =
        nodespan::open<std::complex<double>, 1>(everyone, given("foreign.h5"), "complex");

    for_each_index(read.rank_box(), [&](const indices<1>& at) {
        EXPECT_EQ(read(at[0]).mass, static_cast<double>(at[0]) / 4);
        EXPECT_EQ(read(at[0]).place[2], static_cast<float>(at[0] + 2));
    });
    for_each_index(complex.rank_box(), [&](const indices<1>& at) {
        const auto x = static_cast<double>(at[0]);
        EXPECT_EQ(complex(at[0]), std::complex<double>(x, x + 5));
    });
}

TEST(Hdf5Foreign, AForeignFileIsDescribed) {
    team everyone(MPI_COMM_WORLD);

    const std::vector<dataset_info> all = list_datasets(everyone, given("foreign.h5"));
    const dataset_info text = describe_dataset(given("foreign.h5"), "text");

    EXPECT_EQ(all.size(), 9U);
    EXPECT_FALSE(text.is_loadable);
    EXPECT_EQ(describe_dataset(given("foreign.h5"), "plain").attributes,
              (attributes{{"units", "K"},
                          {"step", 7},
                          {"scale", std::vector<double>{1.5, 2.5}},
                          {"names", std::vector<std::string>{"a", "b"}},
                          {"fixed", "abc"},
                          {"yes", 1}}));
}

TEST(Hdf5Foreign, WhatIsSavedIsForH5py) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> field(everyone, {7, 5});
    array<std::complex<float>, 1> complex(everyone, {6});
    array<particle, 1> particles(everyone, {9});
    array<std::int16_t, 1> numbers(everyone, {6});
    for_each_index(field.rank_box(), [&](const indices<2>& at) {
        field(at[0], at[1]) = static_cast<double>(10 * at[0] + at[1]);
    });
    for_each_index(complex.rank_box(), [&](const indices<1>& at) {
        const auto x = static_cast<float>(at[0]);
        complex(at[0]) = {x, -x};
    });
    for_each_index(numbers.rank_box(), [&](const indices<1>& at) {
        numbers(at[0]) = static_cast<std::int16_t>(at[0]);
    });
    for_each_index(particles.rank_box(), [&](const indices<1>& at) {
        const auto x = static_cast<float>(at[0]);
        particles(at[0]) = {x / 4, static_cast<std::int32_t>(at[0]), {x, x + 1, x + 2}};
    });
    save_options described, packed;
    described.attributes = {{"units", "K"},
                            {"step", 7},
                            {"scale", std::vector<double>{1.5, 2.5}},
                            {"axes", std::vector<std::string>{"x", "y"}}};
    packed.chunk = {3, 2};
    packed.deflate = 5;
    packed.shuffle = packed.checksum = true;

    hdf5_writer writer(everyone, given("own.h5"));
    writer.save(field, "a/plain", described);
    writer.save(field, "packed", packed);
    writer.save(field, {{2, 1}, {5, 3}}, "box");
    writer.save(complex, "complex");
    writer.save(particles, "particles");
    writer.set_attribute("/", "program", "nodespan");
    writer.commit();
    save(numbers, given("own.h5"), "more", {save_mode::add});
}

} // namespace
