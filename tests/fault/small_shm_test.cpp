// What happens when /dev/shm is too small: run by in_small_shm.sh with 16 MB of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nodespan/nodespan.hpp>

#include <boost/mpi/collectives.hpp>
#include <boost/serialization/string.hpp>
#include <boost/serialization/vector.hpp>

#include <cstring>
#include <numeric>
#include <optional>
#include <string>
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
    std::vector<std::string> all;
    boost::mpi::all_gather(everyone.comm(), text, all);
    for (const std::string& other : all) EXPECT_EQ(other, text);
}

// Whether the team's nodes share memory through /dev/shm: a node of one rank needs none.
bool uses_shm(const team& everyone) {
    return everyone.ranks().node_size(0) > 1;
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
