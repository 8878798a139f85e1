// Limits of one process: where a window is too much for one rank, all ranks get an error that names
// the limit, and none waits inside MPI for the one that failed.

#include <nodespan/nodespan.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::test;
using testing::HasSubstr;

constexpr index_t mebibyte = index_t{1} << 20;

// Holds a limit of this process down; where `value` is unlimited, as it was.
class lowered_limit {
public:
    lowered_limit(__rlimit_resource_t which, rlim_t value) : which_(which) {
        getrlimit(which, &before_);
        rlimit now = before_;
        if (value != RLIM_INFINITY) now.rlim_cur = value;
        EXPECT_EQ(setrlimit(which, &now), 0);
    }
    ~lowered_limit() { setrlimit(which_, &before_); }
    lowered_limit(const lowered_limit&) = delete;
    lowered_limit& operator=(const lowered_limit&) = delete;

private:
    __rlimit_resource_t which_;
    rlimit before_{};
};

// Number `place` of /proc/self/statm, in bytes: 0 is all address space, 5 private data.
rlim_t mapped_bytes(int place) {
    std::ifstream file("/proc/self/statm");
    rlim_t pages = 0;
    for (int i = 0; i <= place; ++i) file >> pages;
    return pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE));
}

int used_descriptors() {
    const int next = dup(0);
    close(next);
    return next;
}

// Who is limited in a round: each rank alone, then all.
bool is_limited(int round) {
    return round == world_rank() || round == world_size();
}

void expect_refused(const caught_error& refused, const std::string& what) {
    EXPECT_EQ(refused.code, errc::no_capacity) << refused.text;
    EXPECT_TRUE(refused.collective);
    EXPECT_THAT(refused.text, HasSubstr(what));
}

// An array of a size that is refused, then one that is not.
template <class Limit>
void expect_array_refused(Limit&& limit, index_t bytes, const std::string& what, int rounds) {
    for (int round = 0; round < rounds; ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        team everyone(MPI_COMM_WORLD);
        array<char, 1> before(everyone, {1000});
        {
            const auto lowered = limit(is_limited(round));
            const auto refused =
                caught([&] { array<char, 1>(everyone, {bytes * everyone.nodes()}); });
            expect_refused(refused, what);
        }
        array<char, 1> after(everyone, {bytes * everyone.nodes()});
        after.fence();
    }
}

TEST(Limits, OfTheAddressSpaceRefuseAnArrayOnAllRanks) {
    expect_array_refused(
        [](bool here) {
            return std::make_unique<lowered_limit>(
                RLIMIT_AS, here ? mapped_bytes(0) + 100 * mebibyte : RLIM_INFINITY);
        },
        400 * mebibyte, "the address space of rank", world_size() + 1);
}

TEST(Limits, OfTheAddressSpaceLeaveRoomForSmallArrays) {
    const lowered_limit lowered(RLIMIT_AS, mapped_bytes(0) + 100 * mebibyte);

    team everyone(MPI_COMM_WORLD);
    array<char, 1> small(everyone, {mebibyte});
    small.fence();
    array<char, 1> more(everyone, {3 * mebibyte});
    more.fence();
}

TEST(Limits, OfDescriptorsRefuseAnArrayOnAllRanks) {
    expect_array_refused(
        [](bool here) {
            return std::make_unique<lowered_limit>(
                RLIMIT_NOFILE, here ? static_cast<rlim_t>(used_descriptors()) : RLIM_INFINITY);
        },
        100 * mebibyte, "file descriptors left of", world_size() + 1);
}

TEST(Limits, OfDescriptorsRefuseATeamOnAllRanks) {
    for (int round = 0; round <= world_size(); ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        std::optional<team> made;
        {
            const lowered_limit lowered(RLIMIT_NOFILE, is_limited(round)
                                                           ? static_cast<rlim_t>(used_descriptors())
                                                           : RLIM_INFINITY);
            expect_refused(caught([&] { made.emplace(MPI_COMM_WORLD); }), "file descriptors left");
        }
        made.emplace(MPI_COMM_WORLD);
    }
}

TEST(Limits, OfTheAddressSpaceRefuseATeamOnAllRanks) {
    for (int round = 0; round <= world_size(); ++round) {
        SCOPED_TRACE("round " + std::to_string(round));
        std::optional<team> made;
        {
            const lowered_limit lowered(RLIMIT_AS, is_limited(round) ? mapped_bytes(0) + mebibyte
                                                                     : RLIM_INFINITY);
            expect_refused(caught([&] { made.emplace(MPI_COMM_WORLD); }), "the address space of");
        }
        made.emplace(MPI_COMM_WORLD);
    }
}

// Only the rank that makes the file is limited by it, and a node of one rank has none.
TEST(Limits, OfFilesRefuseAnArrayOnAllRanks) {
    const team looked_at(MPI_COMM_WORLD);
    if (looked_at.placement().node_size(0) == 1) GTEST_SKIP() << "the first node has one rank";
    expect_array_refused(
        [](bool here) {
            return std::make_unique<lowered_limit>(
                RLIMIT_FSIZE, here ? static_cast<rlim_t>(50 * mebibyte) : RLIM_INFINITY);
        },
        100 * mebibyte, "the size of a file of rank 0 (ulimit -f)", 1);
}

TEST(Limits, OfDataRefuseAnArrayWhereNodesHaveOneRank) {
    const team looked_at(MPI_COMM_WORLD);
    if (looked_at.placement().node_size(0) > 1)
        GTEST_SKIP() << "shared memory does not count as data";
    expect_array_refused(
        [](bool here) {
            return std::make_unique<lowered_limit>(
                RLIMIT_DATA, here ? mapped_bytes(5) + 50 * mebibyte : RLIM_INFINITY);
        },
        100 * mebibyte, "the data of rank", 1);
}

} // namespace
