// Loads foreign.h5, as h5py wrote it, and saves own.h5, for h5py to read; see hdf5_foreign.py.

#include "hdf5_cases.hpp"

#include <nodespan/creation.hpp>

namespace hdf5_foreign_test {
struct particle {
    double mass;
    std::int32_t id;
    std::array<float, 3> place;
};
struct triples {
    float a[2][3];
};
} // namespace hdf5_foreign_test

using hdf5_foreign_test::particle;
using hdf5_foreign_test::triples;

template <>
inline constexpr auto nodespan::stored_members<particle> =
    std::tuple(nodespan::compound_member{"mass", &particle::mass},
               nodespan::compound_member{"id", &particle::id},
               nodespan::compound_member{"place", &particle::place});
template <>
inline constexpr auto
    nodespan::stored_members<triples> = std::tuple(nodespan::compound_member{"a", &triples::a});

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
        EXPECT_EQ(count_wrong(nodespan::open_hdf5<double, 2>(everyone, given("foreign.h5"), name)),
                  0)
            << name;
    EXPECT_EQ(count_wrong(nodespan::open_hdf5<double, 2>(everyone, given("latest.h5"), "plain")),
              0);

    const auto empty =
        nodespan::open_hdf5<double, 2>(everyone, given("foreign.h5"), "never_written");
    const auto numbers =
        nodespan::open_hdf5<std::int32_t, 1>(everyone, given("foreign.h5"), "compact");
    for_each_index(empty.rank_box(),
                   [&](const indices<2>& at) { EXPECT_EQ(empty(at[0], at[1]), 2.5); });
    for_each_index(numbers.rank_box(),
                   [&](const indices<1>& at) { EXPECT_EQ(numbers(at[0]), at[0]); });
}

TEST(Hdf5Foreign, StructsAndComplexNumbersAreRead) {
    team everyone(MPI_COMM_WORLD);

    const auto read = nodespan::open_hdf5<particle, 1>(everyone, given("foreign.h5"), "particles");
    const auto complex =
        nodespan::open_hdf5<std::complex<double>, 1>(everyone, given("foreign.h5"), "complex");

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

// Whether some type of elements makes an array of it.
template <int N, class... T>
bool some_opens(team& everyone, const fs::path& file, const std::string& name) {
    const auto opens = [&]<class One>(std::type_identity<One>) {
        try {
            static_cast<void>(nodespan::open_hdf5<One, N>(everyone, file, name));
            return true;
        } catch (const error& failure) {
            EXPECT_TRUE(failure.is_collective());
            return false;
        }
    };
    return (opens(std::type_identity<T>{}) || ...);
}

template <int N>
bool opens(team& everyone, const fs::path& file, const std::string& name) {
    return some_opens<N, std::int8_t, std::int16_t, std::int32_t, std::int64_t, std::uint8_t,
                      std::uint16_t, std::uint32_t, std::uint64_t, float, double,
                      std::complex<float>, std::complex<double>, triples>(everyone, file, name);
}

bool opens(team& everyone, const fs::path& file, const dataset_info& what) {
    switch (what.extents.size()) {
    case 2:
        return opens<2>(everyone, file, what.path);
    case 6:
        return opens<6>(everyone, file, what.path);
    default: // of no, or seven, dimensions too
        return opens<1>(everyone, file, what.path);
    }
}

void expect_loadable_is_what_opens(team& everyone, const fs::path& file) {
    for (const dataset_info& what : list_datasets(everyone, file)) {
        const bool expected = what.path.starts_with("/yes/");
        EXPECT_EQ(what.is_loadable, expected) << what.path << " " << what.type;
        EXPECT_EQ(opens(everyone, file, what), expected) << what.path << " " << what.type;
    }
}

TEST(Hdf5Foreign, WhatIsCalledLoadableOpensAndNothingElseDoes) {
    team everyone(MPI_COMM_WORLD);

    expect_loadable_is_what_opens(everyone, given("kinds.h5"));
    expect_loadable_is_what_opens(everyone, given("scattered.h5"));
}

template <class T>
std::string refusal_of(team& everyone, const char* file, const char* dataset) {
    try {
        static_cast<void>(nodespan::open_hdf5<T, 1>(everyone, given(file), dataset));
    } catch (const error& failure) {
        return failure.what();
    }
    return "none";
}

TEST(Hdf5Foreign, WhatCannotBeLoadedIsNamed) {
    using testing::HasSubstr;
    team everyone(MPI_COMM_WORLD);
    const auto refusal = [&](const char* file, const char* dataset) {
        return refusal_of<double>(everyone, file, dataset);
    };

    EXPECT_THAT(refusal("kinds.h5", "no/lzf"),
                HasSubstr("filter lzf (32000) is not installed: HDF5_PLUGIN_PATH"));
    EXPECT_THAT(refusal("kinds.h5", "no/float16"),
                HasSubstr("the dataset holds float16, the array float64"));
    EXPECT_THAT(refusal("kinds.h5", "no/float128"), HasSubstr("the dataset holds float128"));
    EXPECT_THAT(refusal("kinds.h5", "no/bfloat16"),
                HasSubstr("float16 with 8 bits of exponent and 7 of mantissa"));
    EXPECT_THAT(refusal("kinds.h5", "yes/bool"), HasSubstr("the dataset holds int8"));
    EXPECT_THAT(refusal("kinds.h5", "no/texts"), HasSubstr("the dataset holds texts"));
    EXPECT_THAT(refusal("scattered.h5", "no/lost_file"),
                HasSubstr("the source \"x\" of the virtual dataset, in lost.h5, cannot be read: "
                          "there is no such file"));
    EXPECT_THAT(refusal("scattered.h5", "no/again"), HasSubstr("there is no such file"));
    EXPECT_THAT(refusal("scattered.h5", "no/short_source"),
                HasSubstr("it has 10 elements, 11 are taken"));
    EXPECT_THAT(refusal("scattered.h5", "no/short_part"),
                HasSubstr("it has 10 elements along dimension 0, 11 are taken"));
    EXPECT_THAT(refusal("scattered.h5", "no/integers"),
                HasSubstr("it holds int64, the virtual dataset float64"));
    EXPECT_THAT(refusal("scattered.h5", "no/short_file"),
                HasSubstr("elements.raw, which has 80 bytes; 80 are needed from 8 on"));
    EXPECT_THAT(refusal("scattered.h5", "no/no_file"), HasSubstr("No such file"));
}

TEST(Hdf5Foreign, EnumsSparseAndScatteredElementsAreRead) {
    team everyone(MPI_COMM_WORLD);

    const auto yes = nodespan::open_hdf5<std::int8_t, 1>(everyone, given("kinds.h5"), "yes/bool");
    const auto much =
        nodespan::open_hdf5<std::uint16_t, 1>(everyone, given("kinds.h5"), "yes/enum");
    const auto partly =
        nodespan::open_hdf5<std::int32_t, 1>(everyone, given("kinds.h5"), "yes/partly_written");
    const auto scaled =
        nodespan::open_hdf5<std::int64_t, 1>(everyone, given("kinds.h5"), "yes/scale_offset");
    const auto never =
        nodespan::open_hdf5<std::int32_t, 2>(everyone, given("kinds.h5"), "yes/never_written");
    const auto mapped =
        nodespan::open_hdf5<double, 1>(everyone, given("scattered.h5"), "yes/again");
    const auto apart =
        nodespan::open_hdf5<double, 1>(everyone, given("scattered.h5"), "yes/external");

    EXPECT_EQ(to_vector(yes), (std::vector<std::int8_t>{1, 0, 1}));
    EXPECT_EQ(to_vector(much), (std::vector<std::uint16_t>{1, 0, 100}));
    EXPECT_EQ(to_vector(partly), (std::vector<std::int32_t>{7, 7, 7, 5, 7, 7, 7, 7, 7}));
    EXPECT_EQ(to_vector(scaled), (std::vector<std::int64_t>{1, 0, 100}));
    EXPECT_EQ(to_vector(never), std::vector<std::int32_t>(12, 0));
    const std::vector<double> ten{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    EXPECT_EQ(to_vector(mapped), ten);
    EXPECT_EQ(to_vector(apart), ten);
}

TEST(Hdf5Foreign, ElementsBehindLinksAreThoseOfTheFileTheyLieIn) {
    team everyone(MPI_COMM_WORLD);

    for (const char* name : {"far", "soft"})
        EXPECT_EQ(count_wrong(nodespan::open_hdf5<double, 2>(everyone, given("head.h5"), name)), 0)
            << name;
    EXPECT_THROW((nodespan::open_hdf5<double, 2>(everyone, given("head.h5"), "lost")), error);
}

// They are legal: all of them has the fill value, but no memory has room for it.
TEST(Hdf5Foreign, ExtentsBeyondAllMemoryAreRefusedBeforeAnyIsMade) {
    team everyone(MPI_COMM_WORLD);
    const auto code_of = [&](const char* name) {
        try {
            static_cast<void>(nodespan::open_hdf5<double, 2>(everyone, given("head.h5"), name));
        } catch (const error& refusal) {
            EXPECT_TRUE(refusal.is_collective()) << name;
            return refusal.code();
        }
        return std::error_code();
    };

    EXPECT_EQ(code_of("never_written"), errc::no_capacity);
    EXPECT_EQ(code_of("sparse"), errc::no_capacity);
    EXPECT_EQ(code_of("beyond"), errc::io);
    EXPECT_TRUE(describe_dataset(given("head.h5"), "sparse").is_loadable);
    EXPECT_FALSE(describe_dataset(given("head.h5"), "beyond").is_loadable);
}

TEST(Hdf5Foreign, AttributesAreWholeWhateverTheirType) {
    team everyone(MPI_COMM_WORLD);
    const attributes expected{{"large", std::vector<std::uint64_t>{18446744073709551614U}},
                              {"small", 7},
                              {"some", std::vector<std::uint64_t>{1, std::uint64_t{1} << 63}},
                              {"wide", std::vector<long double>{1e400L}},
                              {"plain", 1.5},
                              {"zero_within", std::string("ab\0cd", 5)},
                              {"half", 0.5}};

    const attributes found = read_attributes(everyone, given("attributes.h5"));

    EXPECT_EQ(found, expected);
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
    save_hdf5(numbers, given("own.h5"), "more", {save_mode::add});
}

} // namespace
