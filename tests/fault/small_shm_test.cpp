// What happens when /dev/shm is too small: run by in_small_shm.sh with 16 MB of it.

#include "messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nodespan/nodespan.hpp>

#include <cstdint>
#include <cstring>
#include <fcntl.h>
#include <numeric>
#include <optional>
#include <string>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace nodespan;
using testing::HasSubstr;

constexpr index_t mebibyte = index_t{1} << 20;

// Makes an array of `bytes` bytes and returns the error's text, or "" if it was made.
std::string failure_of(team& everyone, index_t bytes) {
    try {
        array<char, 1> made(everyone, {bytes});
        return "";
    } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::no_capacity) << failure.what();
        EXPECT_TRUE(failure.is_collective());
        return failure.what();
    }
}

void expect_same_on_all_ranks(const team& everyone, const std::string& text) {
    for (const std::string& other : app::all_gather_messages(everyone.comm(), text))
        EXPECT_EQ(other, text);
}

// Whether the team's nodes share memory through /dev/shm: a node of one rank needs none.
bool uses_shm(const team& everyone) {
    return everyone.placement().node_size(0) > 1;
}

TEST(SmallShm, AnArrayThatDoesNotFitGivesTheSameErrorOnEveryRank) {
    team everyone{MPI_COMM_WORLD};
    if (!uses_shm(everyone)) GTEST_SKIP() << "the first node has one rank";

    const std::string text = failure_of(everyone, 64 * mebibyte);

    EXPECT_THAT(text, HasSubstr("array<char,1>({67108864})"));
    EXPECT_THAT(text, HasSubstr("bytes of shared memory needed on node"));
    EXPECT_THAT(text, HasSubstr("bytes free of 16777216 in /dev/shm"));
    EXPECT_THAT(text, HasSubstr("enlarge it (mount -o remount,size="));
    expect_same_on_all_ranks(everyone, text);
}

TEST(SmallShm, TheProgramGoesOnWithASmallerArray) {
    team everyone{MPI_COMM_WORLD};
    failure_of(everyone, 64 * mebibyte * everyone.nodes());

    array<double, 1> smaller(everyone, {mebibyte / 2});
    for (double& element : smaller.local()) element = 1;
    smaller.fence();

    const auto all = smaller.node().span();
    EXPECT_EQ(std::accumulate(all.begin(), all.end(), 0.0), static_cast<double>(all.size()));
}

TEST(SmallShm, FillingItUpEndsInAnErrorAndLosesNothing) {
    team everyone{MPI_COMM_WORLD};
    if (!uses_shm(everyone)) GTEST_SKIP() << "the first node has one rank";
    std::vector<array<char, 1>> kept;
    std::string text;

    while (text.empty() && kept.size() < 100) {
        try {
            kept.emplace_back(everyone, indices<1>{mebibyte});
            for (char& byte : kept.back().local()) byte = static_cast<char>(kept.size());
        } catch (const error& failure) {
            text = failure.what();
        }
    }
    everyone.fence();

    EXPECT_LT(kept.size(), 40U);
    EXPECT_GT(kept.size(), 5U);
    expect_same_on_all_ranks(everyone, text);
    for (std::size_t i = 0; i < kept.size(); ++i)
        for (const char byte : kept[i].node().span()) ASSERT_EQ(byte, static_cast<char>(i + 1));
}

// Fills /dev/shm but for `left` bytes, by rank 0 alone.
class full_shm {
public:
    explicit full_shm(std::uint64_t left) {
        struct statvfs shm {};
        int rank = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        if (rank == 0 && statvfs("/dev/shm", &shm) == 0) {
            const std::uint64_t free = static_cast<std::uint64_t>(shm.f_bavail) * shm.f_frsize;
            file_ = open(name, O_CREAT | O_RDWR, 0600);
            EXPECT_EQ(posix_fallocate(file_, 0, static_cast<off_t>(free - left)), 0);
        }
        MPI_Barrier(MPI_COMM_WORLD);
    }
    ~full_shm() {
        MPI_Barrier(MPI_COMM_WORLD);
        if (file_ < 0) return;
        close(file_);
        unlink(name);
    }
    full_shm(const full_shm&) = delete;
    full_shm& operator=(const full_shm&) = delete;

private:
    static constexpr const char* name = "/dev/shm/filled";
    int file_ = -1;
};

TEST(SmallShm, ATeamOnAFullFolderIsRefusedOnEveryRank) {
    const bool needs_shm = uses_shm(team(MPI_COMM_WORLD));
    for (const std::uint64_t left : {0U, 4096U, 65536U, 131072U}) {
        SCOPED_TRACE(left);
        const full_shm full(left);
        std::string text;

        try {
            const team made{MPI_COMM_WORLD};
        } catch (const error& failure) {
            EXPECT_EQ(failure.code(), errc::no_capacity);
            EXPECT_TRUE(failure.is_collective());
            text = failure.what();
        }

        EXPECT_EQ(text.empty(), !needs_shm);
        EXPECT_THAT(text, HasSubstr(needs_shm ? "bytes free of 16777216 in /dev/shm" : ""));
        for (const std::string& other : app::all_gather_messages(MPI_COMM_WORLD, text))
            EXPECT_EQ(other, text);
    }
    const team afterwards{MPI_COMM_WORLD};
}

TEST(SmallShm, ATeamOnAFullFolderCannotBeSplitAndLivesOn) {
    team everyone{MPI_COMM_WORLD};
    array<int, 1> kept(everyone, {1000});
    {
        const full_shm full(4096);
        std::optional<team> part;
        try {
            part.emplace(everyone.split(0));
        } catch (const error& failure) {
            EXPECT_EQ(failure.code(), errc::no_capacity) << failure.what();
        }
        EXPECT_EQ(part.has_value(), !uses_shm(everyone));
        EXPECT_EQ(collect_machine_info(everyone).shared_window_model.empty(), uses_shm(everyone));
        kept.fence();
    }
    const team part(everyone.split(0));
}

TEST(SmallShm, WhatAFailedArrayTookIsGivenBack) {
    team everyone{MPI_COMM_WORLD};

    for (int round = 0; round < 20; ++round) {
        failure_of(everyone, 14 * mebibyte * everyone.nodes()); // may fit, or fail half-way
        array<char, 1> fits(everyone, {4 * mebibyte});
        std::memset(fits.local().data_handle(), 1, static_cast<std::size_t>(fits.local().size()));
        fits.fence();
    }
}

} // namespace
