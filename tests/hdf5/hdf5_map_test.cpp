// Maps in files: whatever team wrote them, and what no map can be made of.

#include <nodespan/hdf5_map.hpp>

#include "hdf5_cases.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::errc;
using nodespan::index_t;
using nodespan::team;

struct measured {
    double mean;
    std::int32_t count;
    std::int32_t spare;
};

} // namespace

template <>
inline constexpr auto nodespan::stored_members<measured> =
    std::tuple(nodespan::compound_member{"mean", &measured::mean},
               nodespan::compound_member{"count", &measured::count},
               nodespan::compound_member{"spare", &measured::spare});

namespace {

constexpr index_t entry_count = 1009;

measured value_of(std::int64_t key) {
    return {static_cast<double>(key) / 4, static_cast<std::int32_t>(key % 1000), 7};
}

// Keys are spread over the ranks, but for the last rank, which has none where there are others.
template <class Map>
void fill_map(Map& to) {
    const team& everyone = to.get_team();
    std::vector<std::int64_t> keys;
    std::vector<measured> values;
    const int givers = std::max(1, everyone.size() - 1);
    for (index_t i = everyone.rank(); i < entry_count && everyone.rank() < givers; i += givers) {
        keys.push_back(i * 7919 - 500);
        values.push_back(value_of(keys.back()));
    }
    ASSERT_EQ(to.insert(keys, values), entry_count);
}

template <class Map>
void expect_filled_map(const Map& found) {
    EXPECT_EQ(found.size(), entry_count);
    index_t wrong = 0;
    found.for_each([&](std::int64_t key, const measured& value) {
        const measured right = value_of(key);
        wrong += value.mean != right.mean || value.count != right.count || value.spare != 7;
        wrong += (key + 500) % 7919 != 0 || key < -500 || key >= entry_count * 7919 - 500;
    });
    EXPECT_EQ(all_reduce(found.get_team(), wrong), 0);
}

TEST(Hdf5Map, IsLoadedByTeamsOfAnyNumberOfRanks) {
    team everyone(MPI_COMM_WORLD);
    shared_folder folder;
    const fs::path file = folder / "map.h5";
    nodespan::map<std::int64_t, measured> table(everyone, 2 * entry_count);
    fill_map(table);

    save_hdf5(table, file);

    nodespan::map<std::int64_t, measured> again(everyone, entry_count);
    EXPECT_EQ(again.insert(std::vector<std::int64_t>{1}, std::vector<measured>{{}}), 1);
    load_hdf5(again, file); // what was in it before goes
    expect_filled_map(again);
    team part = everyone.split(everyone.rank() == 0 ? 0 : 1);
    nodespan::map<std::int64_t, measured> in_part(part, entry_count);
    load_hdf5(in_part, file);
    expect_filled_map(in_part);
}

TEST(Hdf5Map, StandsBesideOthersInOneFileAndMayBeEmpty) {
    team everyone(MPI_COMM_WORLD);
    shared_folder folder;
    const fs::path file = folder / "maps.h5";
    nodespan::map<std::int64_t, measured> table(everyone, entry_count);
    nodespan::map<std::uint16_t, float> small(everyone, 5);
    save_hdf5(small, file, "run/empty");
    fill_map(table);
    save_hdf5(table, file, "run/full", {.mode = nodespan::save_mode::add, .deflate = 1});

    load_hdf5(table, file, "run/full");
    expect_filled_map(table);
    load_hdf5(small, file, "run/empty");
    EXPECT_EQ(small.size(), 0);
}

TEST(Hdf5Map, RefusesWhatIsNoMapOrAnotherOneAndStaysAsItWas) {
    team everyone(MPI_COMM_WORLD);
    shared_folder folder;
    const fs::path file = folder / "map.h5", foreign = folder / "foreign.h5";
    nodespan::map<std::int64_t, measured> table(everyone, entry_count), small(everyone, 10);
    fill_map(table);
    save_hdf5(table, file);
    nodespan::array<std::int64_t, 1> keys(everyone, {6}), more(everyone, {7});
    save_hdf5(keys, foreign, "alone/keys");
    save_hdf5(keys, foreign, "odd/keys", {.mode = nodespan::save_mode::add});
    save_hdf5(more, foreign, "odd/values", {.mode = nodespan::save_mode::add});
    nodespan::map<std::int64_t, std::int64_t> numbers(everyone, 100);
    nodespan::map<std::int32_t, measured> narrow(everyone, 5000);
    const auto refuse = [](const auto& call, errc code) {
        const caught_error end = caught(call);
        EXPECT_EQ(end.code, code) << end.text;
        EXPECT_TRUE(end.collective);
    };

    refuse([&] { load_hdf5(table, folder / "none.h5"); }, errc::io);
    refuse([&] { load_hdf5(table, foreign); }, errc::io);
    refuse([&] { load_hdf5(table, foreign, "alone"); }, errc::io);
    refuse([&] { load_hdf5(numbers, file); }, errc::io);
    refuse([&] { load_hdf5(narrow, file); }, errc::io);
    refuse([&] { load_hdf5(numbers, foreign, "odd"); }, errc::size_mismatch);
    refuse([&] { load_hdf5(small, file); }, errc::no_capacity);
    expect_filled_map(table);
    EXPECT_EQ(numbers.size() + narrow.size() + small.size(), 0);
}

TEST(Hdf5Map, RefusesKeysThatAreThereTwice) {
    team everyone(MPI_COMM_WORLD);
    shared_folder folder;
    const fs::path file = folder / "twice.h5";
    nodespan::array<std::int64_t, 1> keys(everyone, {6}); // all are 0
    save_hdf5(keys, file, "map/keys");
    save_hdf5(keys, file, "map/values", {.mode = nodespan::save_mode::add});
    nodespan::map<std::int64_t, std::int64_t> table(everyone, 10);

    const caught_error end = caught([&] { load_hdf5(table, file); });

    EXPECT_EQ(end.code, errc::invalid_argument);
    EXPECT_THAT(end.text, testing::HasSubstr("5 keys are there twice"));
    EXPECT_TRUE(end.collective);
    EXPECT_EQ(table.size(), 0);
}

} // namespace
