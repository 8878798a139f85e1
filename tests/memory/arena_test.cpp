// Where arrays lie: space is used again, freed memory goes back, and no array's values suffer.

#include <nodespan/array.hpp>
#include <nodespan/team.hpp>

#include "forked.hpp"
#include "mpi_cases.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <list>
#include <optional>
#include <set>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::array;
using nodespan::index_t;
using nodespan::team;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

// How many bytes of a range of memory that begins on a page the system has pages for.
std::size_t resident_bytes(const void* begin, std::size_t bytes) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    std::vector<unsigned char> pages(bytes / page);
    if (mincore(const_cast<void*>(begin), pages.size() * page, pages.data()) != 0) return bytes;
    return page * static_cast<std::size_t>(
                      std::count_if(pages.begin(), pages.end(), [](auto p) { return p & 1; }));
}

// All address space of this process.
std::size_t mapped_bytes() {
    std::ifstream file("/proc/self/statm");
    std::size_t pages = 0;
    file >> pages;
    return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// An array, and the values it must hold.
struct tracked {
    array<std::uint32_t, 1> data;
    std::uint32_t key;

    tracked(team& everyone, index_t size, std::uint32_t number)
        : data(everyone, {size}),
          key(number * 2654435761U) {
        index_t dirty = 0;
        for (const std::uint32_t value : data.node()) dirty += value != 0 ? 1 : 0;
        EXPECT_EQ(dirty, 0) << "a new array of " << size << " is not zero";
        data.node_fence(); // peers have looked
        std::uint32_t next = key + static_cast<std::uint32_t>(everyone.rank());
        for (std::uint32_t& value : data.local()) value = next++;
    }

    // Looks at this rank's share, which nobody else writes.
    bool is_intact() const {
        std::uint32_t next = key + static_cast<std::uint32_t>(data.get_team().rank());
        for (const std::uint32_t value : data.local())
            if (value != next++) return false;
        return true;
    }
};

index_t mixed_size(random_numbers& random) {
    const auto dice = random.below(100);
    if (dice < 70) return random.below(200);
    if (dice < 97) return random.below(5'000);
    return random.below(60'000);
}

TEST(Arena, TenThousandLiveArraysKeepTheirValues) {
    team everyone(MPI_COMM_WORLD);
    random_numbers random(2);
    std::vector<array<std::uint32_t, 1>> all;
    // Over simulated nodes a creation waits for many MPI messages between ranks that share cores.
    const std::uint32_t count = everyone.nodes() == 1 ? 10'000 : 2'000;
    all.reserve(count);

    for (std::uint32_t i = 0; i < count; ++i) {
        all.emplace_back(everyone, nodespan::indices<1>{i % 50 == 0 ? mixed_size(random) : i % 61});
        std::uint32_t next = i;
        for (std::uint32_t& value : all.back().local()) value = next++;
    }
    everyone.fence();

    for (std::uint32_t i = 0; i < all.size(); ++i) {
        std::uint32_t next = i;
        for (const std::uint32_t value : all[i].local()) ASSERT_EQ(value, next++) << "array " << i;
    }
}

TEST(Arena, RandomMakingAndEndingKeepsEveryValue) {
    for (const std::uint64_t seed : {1U, 2U, 3U}) {
        SCOPED_TRACE(seed);
        team everyone(MPI_COMM_WORLD);
        random_numbers random(seed); // the same on all ranks
        std::list<tracked> live;
        for (std::uint32_t step = 0; step < 400; ++step) {
            const auto count = static_cast<index_t>(live.size());
            if (count == 0 || random.below(100) < (count < 60 ? 65 : 35)) {
                live.emplace_back(everyone, mixed_size(random), step);
                continue;
            }
            const auto one = std::next(live.begin(), random.below(count));
            ASSERT_TRUE(one->is_intact()) << "step " << step;
            live.erase(one);
        }

        for (const tracked& one : live) ASSERT_TRUE(one.is_intact());
    }
}

TEST(Arena, ArraysOfLargeAndSmallBlocksDoNotOverlap) {
    team everyone(MPI_COMM_WORLD);
    std::list<tracked> live;
    for (std::uint32_t i = 0; i < 40; ++i)
        live.emplace_back(everyone, i % 4 == 0 ? 300'000 + i : 10 + i, i);

    everyone.fence();

    for (const tracked& one : live) EXPECT_TRUE(one.is_intact());
}

TEST(Arena, FreedMemoryGoesBackToTheSystem) {
    team everyone(MPI_COMM_WORLD);
    const array<char, 1> stays(everyone, {1000});
    std::optional<array<char, 1>> large(std::in_place, everyone,
                                        nodespan::indices<1>{index_t{256 * mebibyte}});
    const auto bytes = static_cast<std::size_t>(large->node().size());
    const void* const place = large->node().data_handle();
    const std::size_t before = resident_bytes(place, bytes), mapped_before = mapped_bytes();
    // That much of the largest node is kept for the next array.
    const bool is_kept = large->node_box_of(0).size() <= static_cast<index_t>(64 * mebibyte);

    large.reset();
    everyone.fence(); // the last rank to let go gives it back

    EXPECT_GE(before + 4096, bytes);
    if (is_kept) return;
    if (everyone.nodes() == 1) {
        EXPECT_LE(resident_bytes(place, bytes), bytes / 20);
    } else { // a network card may know the pages: the whole window ends when an array is made
        EXPECT_GE(resident_bytes(place, bytes) + 4096, bytes);
        const array<char, 1> next(everyone, {1000});
        EXPECT_LE(mapped_bytes() + bytes / 20 * 19, mapped_before);
    }
}

TEST(Arena, MemoryThatWentBackIsZeroAndUsableAgain) {
    team everyone(MPI_COMM_WORLD);
    for (int round = 0; round < 2; ++round) {
        array<char, 1> large(everyone, {index_t{160 * mebibyte}});
        const auto mine = large.local();
        for (index_t i = 0; i < mine.size(); i += 4096) {
            ASSERT_EQ(mine(i), 0) << "element " << i << ", round " << round;
            mine(i) = 1;
        }
    }
}

TEST(Arena, TheSameSpaceIsUsedAgain) {
    team everyone(MPI_COMM_WORLD);
    nodespan::array_options options;
    options.zeroed = false;
    std::set<const void*> places;
    const std::size_t before = mapped_bytes();

    for (int i = 0; i < 1000; ++i) {
        array<char, 1> a(everyone, {index_t{32 * mebibyte}}, options);
        places.insert(a.node().data_handle());
    }

    EXPECT_EQ(places.size(), 1U);
    EXPECT_LE(mapped_bytes(), before + 160 * mebibyte); // one window
}

TEST(Arena, LargeArraysTakeWhatIsKeptInAnyWindow) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.nodes() > 1) GTEST_SKIP() << "each node keeps what it likes";
    const nodespan::indices<1> extents{index_t{40 * mebibyte}};
    auto first = std::make_optional<array<char, 1>>(everyone, extents);
    auto second = std::make_optional<array<char, 1>>(everyone, extents); // in another window
    const char* const kept = second->node().data_handle();

    second.reset(); // kept
    first.reset();  // more than is kept, so given back
    array<char, 1> third(everyone, extents);

    EXPECT_EQ(third.node().data_handle(), kept);
}

TEST(Arena, ManyTeamsOneAfterTheOtherLeaveNothingMapped) {
    {
        team warm_up(MPI_COMM_WORLD);
        array<char, 1> a(warm_up, {1000});
    }
    const std::size_t before = mapped_bytes();

    for (int i = 0; i < 10; ++i) {
        team everyone(MPI_COMM_WORLD);
        array<char, 1> a(everyone, {1000});
    }

    EXPECT_LE(mapped_bytes(), before + 128 * mebibyte); // ten windows would be 640 MiB
}

} // namespace
