// What a team says of its use when it ends, where NODESPAN_REPORT asks for it.

#include <nodespan/array.hpp>
#include <nodespan/collectives.hpp>
#include <nodespan/counter.hpp>
#include <nodespan/replicated.hpp>

#include "mpi_cases.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using nlohmann::json;
using nodespan::array;
using nodespan::array_options;
using nodespan::index_t;
using nodespan::indices;
using nodespan::team;
using nodespan::test::scoped_variable;
using nodespan::test::world_rank;

// A name of this rank's own. Only rank 0's is used.
class scoped_file {
public:
    scoped_file() { std::remove(name_.c_str()); }
    ~scoped_file() { std::remove(name_.c_str()); }
    scoped_file(const scoped_file&) = delete;
    scoped_file& operator=(const scoped_file&) = delete;

    const std::string& name() const noexcept { return name_; }

    std::vector<json> lines() const {
        std::vector<json> result;
        std::ifstream in(name_);
        for (std::string line; std::getline(in, line);) result.push_back(json::parse(line));
        return result;
    }

private:
    std::string name_ = testing::TempDir() + "nodespan_usage_" + std::to_string(getpid()) + ".json";
};

// What rank 0 finds in the file after a team has done `work`; null on other ranks.
json report_of(const std::function<void(team&)>& work) {
    const scoped_file file;
    const scoped_variable on("NODESPAN_REPORT", file.name().c_str());
    {
        team everyone(MPI_COMM_WORLD);
        work(everyone);
    }
    const std::vector<json> lines = file.lines();
    EXPECT_EQ(lines.size(), world_rank() == 0 ? 1U : 0U);
    return lines.empty() ? json() : lines.front();
}

// What this rank prints on standard error while `work` runs.
std::string printed_by(const std::function<void()>& work) {
    testing::internal::CaptureStderr();
    work();
    return testing::internal::GetCapturedStderr();
}

std::int64_t sum_over_ranks(std::int64_t mine) {
    std::int64_t all = 0;
    MPI_Allreduce(&mine, &all, 1, MPI_INT64_T, MPI_SUM, MPI_COMM_WORLD);
    return all;
}

// How many calls of a kind, and how many bytes of `each` rank's lie on its own node and elsewhere.
struct expected {
    std::int64_t calls = 0, inside_bytes = 0, between_bytes = 0;

    static expected of(std::int64_t calls, std::int64_t inside, std::int64_t between) {
        return {sum_over_ranks(calls), sum_over_ranks(inside), sum_over_ranks(between)};
    }
};

void expect_moved(const json& report, const char* kind, const expected& e) {
    if (report.is_null()) return; // another rank than 0
    for (const json& where : {report["calls"][kind], report["arrays"][0][kind]}) {
        EXPECT_EQ(where["calls"], e.calls) << kind;
        EXPECT_EQ(where["inside_bytes"], e.inside_bytes) << kind;
        EXPECT_EQ(where["between_bytes"], e.between_bytes) << kind;
    }
}

TEST(UsageReport, CountsCallsAndBytesOfPatchesExactly) {
    expected gets, puts, accumulates;
    const json report = report_of([&](team& everyone) {
        const index_t rows = 4 * everyone.size(), me = everyone.rank();
        array<double, 2> a(everyone, {rows, 8}, {.name = "field"});
        std::vector<double> row(8, 1.0), all(static_cast<std::size_t>(rows) * 8),
            rows_of_2(32, 2.0);
        const index_t here = a.node_box().size() * 8, everything = a.size() * 8;

        a.put({{4 * me, 0}, {4 * me + 1, 8}}, row);
        a.fence();
        a.get({{0, 0}, {rows, 8}}, all);
        a.get_async({{0, 0}, {rows, 8}}, all).wait();
        a.get({{1, 1}, {1, 1}}, std::vector<double>());
        a.fence();
        a.put_async({{4 * me, 0}, {4 * me + 4, 8}}, rows_of_2).wait();
        a.fence();
        a.accumulate({{0, 0}, {1, 8}}, row);
        a.fence();

        const bool is_home = a.owner_node({0, 0}) == everyone.node();
        gets = expected::of(3, 2 * here, 2 * (everything - here));
        puts = expected::of(2, 64 + 256, 0);
        accumulates = expected::of(1, is_home ? 64 : 0, is_home ? 0 : 64);
    });

    expect_moved(report, "get", gets);
    expect_moved(report, "put", puts);
    expect_moved(report, "accumulate", accumulates);
    if (report.is_null()) return;
    EXPECT_EQ(report["inside_bytes"],
              gets.inside_bytes + puts.inside_bytes + accumulates.inside_bytes);
    EXPECT_EQ(report["between_bytes"], gets.between_bytes + accumulates.between_bytes);
    EXPECT_EQ(report["arrays"][0]["name"], "field");
    EXPECT_EQ(report["arrays"][0]["type"], "array<double,2>");
}

TEST(UsageReport, CountsElementsOfOtherNodesAndEveryAtomic) {
    expected gets, puts, atomics;
    const json report = report_of([&](team& everyone) {
        const index_t last = everyone.size() - 1;
        array<index_t, 1> a(everyone, {everyone.size()});
        const bool is_away = a.owner_node({last}) != everyone.node();

        static_cast<void>(a.get({last})); // direct on its own node: not counted there
        a.fence();
        if (everyone.rank() == 0) a.put({last}, 7);
        a.fence();
        for (int i = 0; i < 3; ++i) a.fetch_add({last}, 1);
        index_t seen = -1;
        a.compare_exchange({last}, seen, 5);
        a.fence();

        gets = expected::of(is_away ? 1 : 0, 0, is_away ? 8 : 0);
        const bool puts_away = is_away && everyone.rank() == 0;
        puts = expected::of(puts_away ? 1 : 0, 0, puts_away ? 8 : 0);
        atomics = expected::of(4, is_away ? 0 : 32, is_away ? 32 : 0);
    });

    if (gets.calls != 0) expect_moved(report, "get", gets);
    if (puts.calls != 0) expect_moved(report, "put", puts);
    expect_moved(report, "atomics", atomics);
}

TEST(UsageReport, CountsListsAsTheyTravel) {
    expected gathers, scatters;
    const json report = report_of([&](team& everyone) {
        const index_t n = everyone.size(), me = everyone.rank();
        array<int, 1> a(everyone, {n});
        const std::vector<indices<1>> ends = {{0}, {n - 1}}, twice = {{me}, {me}, {me}};
        std::vector<int> values(2), sums(3, 1);
        const bool has_first = a.owner_node({0}) == everyone.node();
        const bool has_last = a.owner_node({n - 1}) == everyone.node();
        const int here = int(has_first) + int(has_last);

        a.gather(ends, values);
        a.fence();
        a.scatter_add(twice, sums);
        a.fence();

        gathers = expected::of(1, 4 * here, 4 * (2 - here));
        // On several nodes values for one element are joined before they go through MPI.
        scatters = expected::of(1, everyone.nodes() > 1 ? 4 : 12, 0);
    });

    expect_moved(report, "gather", gathers);
    expect_moved(report, "scatter", scatters);
}

TEST(UsageReport, CountsCollectiveCallsOnce) {
    std::int64_t ghost_bytes = 0, table_bytes = 0;
    int nodes = 0;
    const json report = report_of([&](team& everyone) {
        nodes = everyone.nodes();
        array_options options;
        options.name = "with ghosts";
        options.ghosts.width = {1, 0};
        array<double, 2> a(everyone, {8 * everyone.size(), 16}, options);
        for (int i = 0; i < 5; ++i) a.exchange_ghosts();
        a.start_exchange_ghosts();
        a.finish_exchange_ghosts();
        a.fence();
        everyone.fence();
        a.node_fence();
        for (int i = 0; i < 4; ++i) static_cast<void>(nodespan::all_reduce(everyone, 1.0));
        ghost_bytes = 6 * 2 * (nodes - 1) * 16 * 8;
        nodespan::replicated<float, 1> table(everyone, {10});
        table.load(std::vector<float>(10), 0);
        table_bytes = (nodes - 1) * 40;
    });

    if (report.is_null()) return;
    EXPECT_EQ(report["calls"]["ghosts"]["calls"], 6);
    EXPECT_EQ(report["calls"]["ghosts"]["inside_bytes"], 0);
    EXPECT_EQ(report["calls"]["ghosts"]["between_bytes"], ghost_bytes);
    EXPECT_EQ(report["calls"]["broadcast"]["calls"], 1);
    EXPECT_EQ(report["calls"]["broadcast"]["between_bytes"], table_bytes);
    EXPECT_EQ(report["nodes"], nodes);
    for (const json& rank : report["by_rank"]) {
        EXPECT_EQ(rank["fence"]["calls"], 2);
        EXPECT_EQ(rank["node_fence"]["calls"], 1);
        EXPECT_EQ(rank["ghosts"]["calls"], 6);
        EXPECT_EQ(rank["collective"]["calls"], 4);
    }
}

TEST(UsageReport, CountsLocksThatWereTaken) {
    const json report = report_of([](team& everyone) {
        array<int, 1> a(everyone, {everyone.size()});
        for (int node = 0; node < everyone.nodes(); ++node) {
            const std::scoped_lock alone(a.mutex(node));
        }
        a.fence();
        if (everyone.rank() != 0) return a.fence();
        EXPECT_TRUE(a.mutex(0).try_lock());
        EXPECT_FALSE(a.mutex(0).try_lock()); // not counted
        a.mutex(0).unlock();
        a.fence();
    });

    if (report.is_null()) return;
    const int ranks = report["ranks"], nodes = report["nodes"];
    EXPECT_EQ(report["calls"]["locks"]["calls"], ranks * nodes + 1);
}

TEST(UsageReport, TellsPeakMemoryAndTheLargestArrayFirst) {
    const json report = report_of([](team& everyone) {
        const index_t n = everyone.size();
        { const array<char, 1> gone(everyone, {1000 * n}, {.name = "gone"}); }
        const array<char, 1> small(everyone, {10 * n}, {.name = "small"});
        const array<char, 1> large(everyone, {100 * n}, {.name = "large"});
        for (int i = 0; i < 3; ++i) array<char, 1>(everyone, {n}, {.name = "again"});
    });

    if (report.is_null()) return;
    const int ranks = report["ranks"];
    EXPECT_EQ(report["peak_bytes"], 1000 * ranks);
    EXPECT_LE(report["peak_bytes_of_a_node"], report["peak_bytes"]);
    std::vector<std::string> names;
    for (const json& a : report["arrays"]) names.push_back(a["name"]);
    EXPECT_EQ(names, (std::vector<std::string>{"gone", "large", "small", "again"}));
    EXPECT_EQ(report["arrays"][1]["bytes"], 100 * ranks);
    EXPECT_EQ(report["arrays"][1]["extents"], json::array({100 * ranks}));
    EXPECT_EQ(report["arrays"][3]["made"], 3);
}

TEST(UsageReport, KeepsFewEntriesForAnyNumberOfArrays) {
    const json report = report_of([](team& everyone) {
        for (index_t extent = 1; extent <= 300; ++extent) {
            array<char, 1> a(everyone, {extent});
            a.put({{0}, {1}}, std::vector<char>(1));
            a.fence();
        }
    });

    if (report.is_null()) return;
    EXPECT_EQ(report["arrays"].size(), 257U);
    EXPECT_EQ(report["arrays"][0]["name"], "all others"); // and the largest of these
    EXPECT_EQ(report["arrays"][0]["made"], 300 - 256);
    EXPECT_EQ(report["calls"]["put"]["calls"], 300 * report["ranks"].get<int>());
}

TEST(UsageReport, NamesTheRankThatOthersWaitFor) {
    const int late = nodespan::test::world_size() - 1;
    const auto work = [late](team& everyone) {
        for (int i = 0; i < 4; ++i) {
            if (everyone.rank() == late) std::this_thread::sleep_for(std::chrono::milliseconds(50));
            everyone.fence();
        }
    };
    const json report = report_of(work);
    const scoped_variable on("NODESPAN_REPORT", "1");
    const std::string text = printed_by([&] {
        team everyone(MPI_COMM_WORLD);
        work(everyone);
    });

    if (report.is_null()) return;
    if (late == 0) {
        EXPECT_TRUE(report["late_rank"].is_null());
        return;
    }
    EXPECT_EQ(report["late_rank"], late);
    for (int rank = 0; rank < late; ++rank)
        EXPECT_GT(report["by_rank"][std::size_t(rank)]["fence"]["seconds"], 0.15) << rank;
    EXPECT_NE(text.find("rank " + std::to_string(late) + " is late"), std::string::npos) << text;
}

TEST(UsageReport, IsPrintedByRankZeroAlone) {
    const scoped_variable on("NODESPAN_REPORT", "1");

    const std::string text = printed_by([] {
        team everyone(MPI_COMM_WORLD);
        array<double, 2> a(everyone, {100, 20}, {.name = "velocity"});
        a.put({{0, 0}, {1, 20}}, std::vector<double>(20));
        a.fence();
    });

    if (world_rank() != 0) {
        EXPECT_EQ(text, "");
        return;
    }
    for (const char* part : {"nodespan: a team of ", "put", "fence", "15.6 KiB",
                             "velocity: array<double,2>({100, 20})"})
        EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(UsageReport, IsNotThereUnlessAskedFor) {
    for (const char* value : {"", "0"}) {
        const scoped_variable off("NODESPAN_REPORT", value);

        const std::string text = printed_by([] {
            team everyone(MPI_COMM_WORLD);
            array<int, 1> a(everyone, {10});
            a.fence();
        });

        EXPECT_EQ(text, "");
    }
}

TEST(UsageReport, IsLeftOutWhereSomeRanksDoNotWantIt) {
    for (const bool by_first : {true, false}) {
        const bool is_on = (world_rank() == 0) == by_first;
        const scoped_variable some("NODESPAN_REPORT", is_on ? "1" : "");

        const std::string text = printed_by([] {
            team everyone(MPI_COMM_WORLD);
            array<int, 1> a(everyone, {10});
            a.fence();
        });

        const bool is_said = text.find("on some ranks only") != std::string::npos;
        if (nodespan::test::world_size() > 1) {
            EXPECT_EQ(is_said, world_rank() == 0) << text;
            EXPECT_EQ(text.find("team of"), std::string::npos) << text;
        }
    }
}

TEST(UsageReport, GoesToStandardErrorWhereTheFileCannotBeWritten) {
    for (const char* file : {"/no such folder/report.json", "/dev/full"}) {
        const scoped_variable on("NODESPAN_REPORT", file);

        const std::string text = printed_by([] { team everyone(MPI_COMM_WORLD); });

        if (world_rank() != 0) continue;
        EXPECT_EQ(
            text.find(std::string("nodespan: NODESPAN_REPORT: ") + file + " can't be written: No "),
            0U)
            << text;
        EXPECT_NE(text.find("nodespan: a team of "), std::string::npos) << text;
    }
}

TEST(UsageReport, OfEachTeamIsALine) {
    const scoped_file file;
    const scoped_variable on("NODESPAN_REPORT", file.name().c_str());
    {
        team everyone(MPI_COMM_WORLD);
        team part = everyone.split(everyone.rank() == 0 ? 0 : 1);
    }

    const std::vector<json> lines = file.lines();
    if (world_rank() != 0) return;
    ASSERT_EQ(lines.size(), 2U); // the other part's first rank has a file of its own here
    EXPECT_EQ(lines[0]["ranks"], 1);
    EXPECT_EQ(lines[1]["ranks"], nodespan::test::world_size());
}

TEST(UsageReport, IsNotPrintedByATeamThatIsLeftByAnException) {
    const scoped_variable on("NODESPAN_REPORT", "1");

    const std::string text = printed_by([] {
        try {
            team everyone(MPI_COMM_WORLD);
            array<int, 1> a(everyone, {10});
            throw 1;
        } catch (int) {}
    });

    EXPECT_EQ(text, "");
}

TEST(UsageReport, NamesAreInMessages) {
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {10, 10}, {.name = "velocity"});

    const auto refused = nodespan::test::caught([&] { a.put({10, 0}, 1.0); });

    EXPECT_NE(refused.text.find("array<double,2> \"velocity\"::put({10, 0})"), std::string::npos)
        << refused.text;
}

TEST(UsageReport, NamesAreTheSameOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    const auto refused = nodespan::test::caught([&] {
        array<int, 1>(everyone, {10}, {.name = everyone.rank() == 0 ? "velocity" : "pressure"});
    });

    if (everyone.size() == 1) return;
    EXPECT_EQ(refused.code, nodespan::errc::mismatched_arguments);
}

} // namespace
