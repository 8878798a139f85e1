// Structs as elements, and chunks with filters.

#include "hdf5_cases.hpp"

namespace hdf5_elements_test {

struct spin {
    std::complex<float> up;
    std::int8_t sign;
};
struct particle {
    std::int32_t id;
    double mass;
    std::array<double, 3> place;
    float matrix[2][2];
    spin state;
    friend bool operator==(const particle& a, const particle& b) {
        return a.id == b.id && a.mass == b.mass && a.place == b.place &&
               a.matrix[1][0] == b.matrix[1][0] && a.state.up == b.state.up &&
               a.state.sign == b.state.sign;
    }
};
// The same in another order, as another program may have it.
struct other_particle {
    spin state;
    std::array<double, 3> place;
    float matrix[2][2];
    double mass;
    std::int32_t id;
};
struct heavier_particle {
    float mass;
};

} // namespace hdf5_elements_test

using namespace hdf5_elements_test;

template <>
inline constexpr auto
    nodespan::stored_members<spin> = std::tuple(nodespan::compound_member{"up", &spin::up},
                                                nodespan::compound_member{"sign", &spin::sign});
template <>
inline constexpr auto nodespan::stored_members<particle> =
    std::tuple(nodespan::compound_member{"id", &particle::id},
               nodespan::compound_member{"mass", &particle::mass},
               nodespan::compound_member{"place", &particle::place},
               nodespan::compound_member{"matrix", &particle::matrix},
               nodespan::compound_member{"state", &particle::state});
template <>
inline constexpr auto nodespan::stored_members<other_particle> =
    std::tuple(nodespan::compound_member{"state", &other_particle::state},
               nodespan::compound_member{"place", &other_particle::place},
               nodespan::compound_member{"matrix", &other_particle::matrix},
               nodespan::compound_member{"mass", &other_particle::mass},
               nodespan::compound_member{"id", &other_particle::id});
template <>
inline constexpr auto nodespan::stored_members<heavier_particle> =
    std::tuple(nodespan::compound_member{"mass", &heavier_particle::mass});

namespace {

using namespace nodespan;
using namespace nodespan::test;

static_assert(storable<particle> && storable<std::array<particle, 2>> && storable<spin>);

particle particle_at(index_t i) {
    const auto x = static_cast<float>(i);
    return {static_cast<std::int32_t>(i),
            x / 8,
            {x, x + 1, x + 2},
            {{1, 2}, {x, 4}},
            {{x, -x}, static_cast<std::int8_t>(i % 3)}};
}

void fill_particles(array<particle, 1>& a) {
    for (index_t i = a.rank_box().lo[0]; i < a.rank_box().hi[0]; ++i) a(i) = particle_at(i);
    a.fence();
}

TEST(Hdf5Elements, StructsComeBack) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<particle, 1> written(everyone, {31}), read(everyone, {31});
    fill_particles(written);

    save_hdf5(written, folder / "run.h5", "particles");
    load_hdf5(read, folder / "run.h5", "particles");

    for (index_t i = read.rank_box().lo[0]; i < read.rank_box().hi[0]; ++i)
        EXPECT_EQ(read(i), particle_at(i));
    EXPECT_EQ(describe_dataset(folder / "run.h5", "particles").type,
              "{id: int32, mass: float64, place: float64[3], matrix: float32[2, 2], "
              "state: {up: complex64, sign: int8}}");
}

TEST(Hdf5Elements, MembersAreFoundByName) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<particle, 1> written(everyone, {31});
    fill_particles(written);
    save_hdf5(written, folder / "run.h5", "particles");

    const auto read =
        nodespan::open_hdf5<other_particle, 1>(everyone, folder / "run.h5", "particles");

    for (index_t i = read.rank_box().lo[0]; i < read.rank_box().hi[0]; ++i) {
        EXPECT_EQ(read(i).id, i);
        EXPECT_EQ(read(i).place[2], static_cast<double>(i + 2));
        EXPECT_EQ(read(i).state.up, particle_at(i).state.up);
    }
    array<heavier_particle, 1> lighter(everyone, {31});
    expect_refused([&] { load_hdf5(lighter, folder / "run.h5", "particles"); }, errc::io,
                   {"holds {id: int32", "the array {mass: float32}"});
}

TEST(Hdf5Elements, ArraysAreElements) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<std::array<float, 3>, 1> written(everyone, {10}), read(everyone, {10});
    for (index_t i = written.rank_box().lo[0]; i < written.rank_box().hi[0]; ++i)
        written(i) = {1, 2, static_cast<float>(i)};

    save_hdf5(written, folder / "run.h5", "vectors");
    load_hdf5(read, folder / "run.h5", "vectors");

    for (index_t i = read.rank_box().lo[0]; i < read.rank_box().hi[0]; ++i)
        EXPECT_EQ(read(i)[2], static_cast<float>(i));
}

template <class T, int N>
void expect_chunks_come_back(team& everyone, const indices<N>& extents,
                             const save_options& options) {
    const shared_folder folder;
    array<T, N> written(everyone, extents), read(everyone, extents);
    fill(written);

    save_hdf5(written, folder / "field.h5", "field", options);
    load_hdf5(read, folder / "field.h5", "field");

    expect_filled(read);
}

TEST(Hdf5Elements, ChunksComeBackWithAndWithoutFilters) {
    team everyone(MPI_COMM_WORLD);
    save_options options;
    options.chunk = {3, 4, 2};
    expect_chunks_come_back<double, 3>(everyone, {10, 9, 5}, options);
    options.deflate = 6;
    expect_chunks_come_back<double, 3>(everyone, {10, 9, 5}, options);
    options.shuffle = true;
    expect_chunks_come_back<std::complex<float>, 3>(everyone, {10, 9, 5}, options);
    options.checksum = true;
    expect_chunks_come_back<std::int16_t, 3>(everyone, {10, 9, 5}, options);
    options.chunk = {100, 100, 100}; // larger than the dataset
    expect_chunks_come_back<std::int16_t, 3>(everyone, {10, 9, 5}, options);
    expect_chunks_come_back<double, 3>(everyone, {0, 9, 5}, options);
}

TEST(Hdf5Elements, FiltersChooseTheirOwnChunks) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> written(everyone, {1000, 700});
    fill(written);
    save_options options;
    options.deflate = 1;
    options.shuffle = true;

    save_hdf5(written, folder / "field.h5", "field", options);

    const dataset_info about = describe_dataset(folder / "field.h5", "field");
    EXPECT_THAT(about.chunk, testing::ElementsAre(125, 700));
    EXPECT_LT(about.stored_bytes, 1000U * 700U * 8U / 2U);
    expect_filled(nodespan::open_hdf5<double, 2>(everyone, folder / "field.h5", "field"));
}

TEST(Hdf5Elements, ChunksThatCannotBeAreRefused) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {10, 7});
    const auto saving = [&](std::vector<index_t> chunk, int deflate) {
        return [&folder, &a, chunk, deflate] {
            save_options options;
            options.chunk = chunk;
            options.deflate = deflate;
            save_hdf5(a, folder / "field.h5", "field", options);
        };
    };

    expect_refused(saving({2}, 0), errc::invalid_argument, {"1 dimensions, the dataset 2"});
    expect_refused(saving({2, 0}, 0), errc::invalid_argument, {"chunk[1] is 0"});
    expect_refused(saving({2, 2}, 10), errc::invalid_argument, {"deflate is 10"});

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Hdf5Elements, ADamagedChunkIsFoundOnAllRanks) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> a(everyone, {4000});
    fill(a);
    save_options options;
    options.checksum = true;
    save_hdf5(a, folder / "field.h5", "field", options);
    if (world_rank() == 0) {
        std::string all = bytes_of(folder / "field.h5");
        all[all.size() - 9000] ^= 1;
        std::ofstream(folder / "field.h5", std::ios::binary) << all;
    }
    MPI_Barrier(MPI_COMM_WORLD);

    expect_refused([&] { load_hdf5(a, folder / "field.h5", "field"); }, errc::io, {"field.h5"});
}

} // namespace
