// What a network card that has registered memory sees. It keeps the pages that lay under a window
// when MPI_Win_create was called; here they are kept by pipes (vmsplice), which needs no card.
// Whatever happens to arrays afterwards, the ranks' memory must still be those pages.

#include <nodespan/nodespan.hpp>

#include "mpi_cases.hpp"
#include "osc_settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <random>
#include <string>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::test;

constexpr index_t mebibyte = index_t{1} << 20;
constexpr std::size_t page = 4096;
constexpr std::size_t pages_a_window = 12;

// A page as it was when its window was exposed.
struct pinned_page {
    MPI_Win window = MPI_WIN_NULL;
    std::byte* at = nullptr; // where ranks see it
    int from = -1, to = -1;  // the pipe that keeps it
};

std::vector<pinned_page> pinned_pages;
bool every_page_was_there = true;
std::vector<std::size_t> exposed_bytes;

void pin(MPI_Win window, std::byte* at) {
    int ends[2];
    unsigned char is_resident = 0;
    if (mincore(at, page, &is_resident) != 0 || (is_resident & 1) == 0)
        every_page_was_there = false;
    if (pipe(ends) != 0) return;
    // A card asks for pages that can be written.
    __atomic_fetch_or(reinterpret_cast<unsigned char*>(at), 0, __ATOMIC_RELAXED);
    iovec piece{at, page};
    if (vmsplice(ends[1], &piece, 1, 0) != static_cast<ssize_t>(page))
        ADD_FAILURE() << "vmsplice failed";
    pinned_pages.push_back({window, at, ends[0], ends[1]});
}

// Writes through the ranks' view and reads what the pipe has kept.
void expect_same_page(const pinned_page& one, const std::string& moment) {
    std::array<std::byte, page> before{}, kept{};
    std::memcpy(before.data(), one.at, page);
    static unsigned char mark = 0;
    ++mark;
    std::memset(one.at, mark, page);
    ASSERT_EQ(read(one.from, kept.data(), page), static_cast<ssize_t>(page));
    const bool is_same =
        std::all_of(kept.begin(), kept.end(), [](std::byte b) { return b == std::byte{mark}; });
    std::memcpy(one.at, before.data(), page);
    iovec piece{one.at, page}; // is kept again; a page that was lost is reported once
    ASSERT_EQ(vmsplice(one.to, &piece, 1, 0), static_cast<ssize_t>(page));
    EXPECT_TRUE(is_same) << moment << ": a card would see another page than the ranks";
}

// Looks at all pages of all windows; ranks do not use their arrays meanwhile.
void expect_same_pages(team& everyone, const std::string& moment) {
    everyone.fence();
    for (const pinned_page& one : pinned_pages) expect_same_page(one, moment);
    everyone.fence();
}

void forget_pins() {
    for (const pinned_page& one : pinned_pages) {
        close(one.from);
        close(one.to);
    }
    pinned_pages.clear();
    exposed_bytes.clear();
}

void fill_with(array<char, 1>& a, char value) {
    const auto mine = a.local().span();
    std::fill(mine.begin(), mine.end(), value);
}

class Pinned : public testing::Test {
protected:
    ~Pinned() override { forget_pins(); }
};

TEST_F(Pinned, ANewWindowIsExposedWithThePagesItKeeps) {
    team everyone(MPI_COMM_WORLD);
    array<char, 1> first(everyone, {index_t{1} << 20});

    fill_with(first, 1);

    expect_same_pages(everyone, "after the first touch");
    EXPECT_EQ(pinned_pages.empty(), everyone.nodes() == 1 || !everyone.is_leader());
}

TEST_F(Pinned, RemotePutsAndGetsMeetTheRanksValues) {
    team everyone(MPI_COMM_WORLD);
    array<int, 1> a(everyone, {everyone.size() * 1000});
    const int next = (everyone.rank() + 1) % everyone.size();
    const index_t theirs = a.rank_box_of(next).lo[0];

    a.put({theirs}, everyone.rank());
    a.fence();

    EXPECT_EQ(a.local()(0), (everyone.rank() + everyone.size() - 1) % everyone.size());
    EXPECT_EQ(a.get({theirs}), everyone.rank());
    a.fence();
    expect_same_pages(everyone, "after puts");
}

TEST_F(Pinned, ArraysThatEndLeaveTheirPages) {
    team everyone(MPI_COMM_WORLD);
    array<char, 1> stays(everyone, {1000});
    for (const index_t size : {200 * mebibyte, 1000L, 70 * mebibyte, 3 * mebibyte}) {
        auto ends = std::make_optional<array<char, 1>>(everyone, indices<1>{size});
        fill_with(*ends, 1);
        expect_same_pages(everyone, "while an array lives");
        ends.reset();
        expect_same_pages(everyone, "after an array has ended");
        fill_with(stays, 2);
    }
}

TEST_F(Pinned, MemoryThatIsUsedAgainIsClearedInPlace) {
    team everyone(MPI_COMM_WORLD);
    array<char, 1> stays(everyone, {1000});
    for (int round = 0; round < 4; ++round) {
        array<char, 1> again(everyone, {120 * mebibyte});
        for (index_t i = 0; i < again.local().size(); i += 997) ASSERT_EQ(again.local()(i), 0);
        fill_with(again, 1);
        expect_same_pages(everyone, "in round " + std::to_string(round));
    }
}

TEST_F(Pinned, WhatIsKeptShrinksByWholeWindows) {
    team everyone(MPI_COMM_WORLD);
    array<char, 1> stays(everyone, {1000});
    std::vector<array<char, 1>> large;
    for (int i = 0; i < 4; ++i) {
        large.emplace_back(everyone, indices<1>{40 * mebibyte * everyone.nodes()});
        fill_with(large.back(), 1);
    }
    const std::size_t most = pinned_pages.size();
    while (!large.empty()) {
        large.pop_back();
        expect_same_pages(everyone, "while arrays end");
    }

    const array<char, 1> small(everyone, {1000}); // ends what lies idle beyond 64 MiB

    expect_same_pages(everyone, "after windows have ended");
    if (everyone.nodes() > 1 && everyone.is_leader()) {
        EXPECT_LT(pinned_pages.size(), most);
    }
}

TEST_F(Pinned, ManyArraysOfAllSizesKeepTheirPages) {
    team everyone(MPI_COMM_WORLD);
    std::minstd_rand generator(7); // the same on all ranks
    const auto below = [&](index_t limit) { return static_cast<index_t>(generator()) % limit; };
    std::vector<std::optional<array<char, 1>>> live(20);
    for (int step = 0; step < 120; ++step) {
        auto& one = live[static_cast<std::size_t>(below(20))];
        const index_t size = below(8) == 0 ? below(24 * mebibyte) + 1 : below(200'000) + 1;
        if (one) {
            one.reset();
        } else {
            one.emplace(everyone, indices<1>{size});
            for (const char value : one->local().span()) ASSERT_EQ(value, 0);
            one->fence();
            fill_with(*one, 1);
        }
        if (step % 10 == 0) expect_same_pages(everyone, "at step " + std::to_string(step));
    }
    EXPECT_LE(exposed_bytes.size(), 20U);
}

TEST_F(Pinned, ARefusedArrayLeavesThePagesOfOthers) {
    team everyone(MPI_COMM_WORLD);
    array<char, 1> stays(everyone, {mebibyte});
    fill_with(stays, 1);

    const auto refused = caught([&] { array<char, 1>(everyone, {index_t{1} << 50}); });

    EXPECT_EQ(refused.code, errc::no_capacity);
    expect_same_pages(everyone, "after a refusal");
}

TEST_F(Pinned, TenThousandArraysLieInFewWindows) {
    team everyone(MPI_COMM_WORLD);
    std::vector<array<char, 1>> all;
    constexpr int count = 10'000;
    all.reserve(count);

    for (int i = 0; i < count; ++i)
        all.emplace_back(everyone, indices<1>{index_t{2048} * everyone.size()});

    EXPECT_LE(exposed_bytes.size(), 20U);
    std::size_t total = 0;
    for (const std::size_t bytes : exposed_bytes) total += bytes;
    const auto used = static_cast<std::size_t>(2048 * count * everyone.node_size());
    if (everyone.nodes() > 1 && everyone.is_leader()) {
        EXPECT_GE(total, used);
    }
    expect_same_pages(everyone, "with many arrays");
}

// Where it is not known that memory is not registered, registration would back the whole window
// from the leader's memory, if the ranks had not done so before.
TEST_F(Pinned, AWindowThatMayBeRegisteredIsBackedBefore) {
    if (!detail::may_register_memory()) GTEST_SKIP() << "osc/pt2pt sends messages";
    every_page_was_there = true;
    team everyone(MPI_COMM_WORLD);
    array<char, 1> first(everyone, {1000});
    array<char, 1> larger(everyone, {30 * mebibyte});

    EXPECT_TRUE(every_page_was_there);
}

} // namespace

extern "C" int MPI_Win_create(void* base, MPI_Aint size, int unit, MPI_Info info, MPI_Comm comm,
                              MPI_Win* window) {
    const int result = PMPI_Win_create(base, size, unit, info, comm, window);
    const auto bytes = static_cast<std::size_t>(size);
    if (bytes < page || result != MPI_SUCCESS) return result;
    exposed_bytes.push_back(bytes);
    for (std::size_t i = 0; i < pages_a_window; ++i) // the first and the last page, others between
        pin(*window,
            static_cast<std::byte*>(base) + (bytes / page - 1) * i / (pages_a_window - 1) * page);
    return result;
}

extern "C" int MPI_Win_free(MPI_Win* window) {
    std::erase_if(pinned_pages, [&](const pinned_page& one) {
        if (one.window != *window) return false;
        close(one.from);
        close(one.to);
        return true;
    });
    return PMPI_Win_free(window);
}
