// Ranks that end different arrays, or in another order: the next creation says so on all ranks, and
// names the first difference.

#include <nodespan/nodespan.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::test;
using testing::HasSubstr;

// What the next creation says; the same on all ranks.
std::string told_at_the_next_creation(team& everyone) {
    const auto refused = caught([&] { const array<int, 1> never(everyone, {1000}); });
    EXPECT_EQ(refused.code, errc::mismatched_arguments);
    EXPECT_TRUE(refused.collective);
    EXPECT_THAT(refused.text, HasSubstr("ranks do not end the same arrays in the same order"));
    return refused.text;
}

class Endings : public testing::Test {
protected:
    void SetUp() override {
        if (world_size() == 1) GTEST_SKIP() << "one rank agrees with itself";
    }
};

std::optional<array<int, 1>> named(team& everyone, const char* name, index_t size = 1000) {
    return std::optional<array<int, 1>>(std::in_place, everyone, indices<1>{size},
                                        array_options{.name = name});
}

TEST_F(Endings, OfDifferentArraysAreNamed) {
    team everyone(MPI_COMM_WORLD);
    auto x = named(everyone, "x"), y = named(everyone, "y");

    everyone.rank() == 0 ? x.reset() : y.reset();

    const std::string text = told_at_the_next_creation(everyone);
    EXPECT_THAT(text, HasSubstr("rank 0 ended array<int,1> \"x\"({1000})"));
    EXPECT_THAT(text, HasSubstr("rank 1 ended array<int,1> \"y\"({1000})"));
}

TEST_F(Endings, InAnotherOrderAreNamed) {
    team everyone(MPI_COMM_WORLD);
    auto x = named(everyone, "x"), y = named(everyone, "y");
    const bool is_last = everyone.rank() + 1 == everyone.size();

    is_last ? y.reset() : x.reset();
    is_last ? x.reset() : y.reset();

    const std::string text = told_at_the_next_creation(everyone);
    EXPECT_THAT(text, HasSubstr("rank 0 ended array<int,1> \"x\""));
    EXPECT_THAT(text, HasSubstr("rank " + std::to_string(everyone.size() - 1) +
                                " ended array<int,1> \"y\""));
}

TEST_F(Endings, ThatOneRankHasNotComeToAreNamed) {
    team everyone(MPI_COMM_WORLD);
    auto x = named(everyone, "x"), y = named(everyone, "y");
    x.reset();
    if (everyone.rank() != 0) y.reset();

    const std::string text = told_at_the_next_creation(everyone);

    EXPECT_THAT(text, HasSubstr("rank 0 ended no more"));
    EXPECT_THAT(text, HasSubstr("rank 1 ended array<int,1> \"y\""));
}

TEST_F(Endings, AreComparedFromTheFirstOneOn) {
    team everyone(MPI_COMM_WORLD);
    for (const int first_difference : {0, 1, 7, 50, 99}) {
        SCOPED_TRACE(first_difference);
        team part(everyone.comm());
        std::vector<std::optional<array<int, 1>>> all;
        for (int i = 0; i < 101; ++i)
            all.push_back(named(part, ("number " + std::to_string(i)).c_str(), 10));

        for (int i = 0; i < 100; ++i) {
            const bool skips = part.rank() == 0 && i >= first_difference;
            all[static_cast<std::size_t>(skips ? i + 1 : i)].reset();
        }

        const std::string text = told_at_the_next_creation(part);
        const auto quoted = [](int number) { return "\"number " + std::to_string(number) + "\""; };
        EXPECT_THAT(text, HasSubstr(quoted(first_difference + 1)));
        EXPECT_THAT(text, HasSubstr(quoted(first_difference)));
    }
}

TEST_F(Endings, OfTheSameArraysInTheSameOrderAreFine) {
    team everyone(MPI_COMM_WORLD);
    for (int round = 0; round < 30; ++round) {
        auto x = named(everyone, "x"), y = named(everyone, "y");
        round % 2 == 0 ? x.reset() : y.reset();
    }

    const auto refused = caught([&] { const array<int, 1> made(everyone, {1000}); });

    EXPECT_EQ(refused.text, "");
}

TEST_F(Endings, OfAnArrayThatEqualsAnotherAreNoticed) {
    team everyone(MPI_COMM_WORLD);
    auto first = named(everyone, ""), second = named(everyone, "");

    everyone.rank() == 0 ? first.reset() : second.reset();

    const std::string text = told_at_the_next_creation(everyone);
    EXPECT_THAT(text, HasSubstr("number 1 of the team"));
    EXPECT_THAT(text, HasSubstr("number 2 of the team"));
}

TEST_F(Endings, OfReplicatedTablesAndCountersAreNamed) {
    team everyone(MPI_COMM_WORLD);
    auto table = std::make_optional<replicated<double, 1>>(everyone, indices<1>{77});
    auto tickets = std::make_optional<counter>(everyone);

    everyone.rank() == 0 ? table.reset() : tickets.reset();

    const std::string text = told_at_the_next_creation(everyone);
    EXPECT_THAT(text, HasSubstr("rank 0 ended replicated<double,1>({77})"));
    EXPECT_THAT(text, HasSubstr("\"counter\""));
}

TEST_F(Endings, OfRingsAndQueuesAreNamed) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.nodes() > 1) GTEST_SKIP() << "rings and queues are of one node";
    auto frames = std::make_optional<ring<int>>(everyone, 4, ring_options{.name = "frames"});
    auto tasks = std::make_optional<queue<int>>(everyone, 16);

    everyone.rank() == 0 ? frames.reset() : tasks.reset();

    const std::string text = told_at_the_next_creation(everyone);
    EXPECT_THAT(text, HasSubstr("rank 0 ended ring<int> \"frames\""));
    EXPECT_THAT(text, HasSubstr("rank 1 ended queue<int>(16)"));
}

TEST_F(Endings, AreNoticedByWhateverIsMadeNext) {
    for (int what = 0; what < 3; ++what) {
        team everyone(MPI_COMM_WORLD);
        auto x = named(everyone, "x"), y = named(everyone, "y");
        everyone.rank() == 0 ? x.reset() : y.reset();

        const auto refused = caught([&] {
            if (what == 0) replicated<int, 1>(everyone, {3});
            if (what == 1) counter{everyone};
            if (what == 2) std::vector<int>(1000, all_reduce(everyone, 1));
        });

        EXPECT_EQ(refused.code, errc::mismatched_arguments) << what;
        EXPECT_THAT(refused.text, HasSubstr("rank 0 ended array<int,1> \"x\""));
    }
}

} // namespace
