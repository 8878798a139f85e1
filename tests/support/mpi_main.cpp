// The main of every MPI test. All ranks run the same tests in the same order. A rank whose
// expectation fails throws out of the test, so that its teams tell the other ranks not to wait; at
// the end of each test the ranks meet, and one rank's failure is everybody's.
//   --only=FILE[,FILE...]   only the tests of these files, named without folder and ending

#include <gtest/gtest.h>
#include <mpi.h>
#include <nodespan/environment.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>

namespace {

// Rank 0 prints the progress; the others, with this, only what fails.
class print_failures : public testing::EmptyTestEventListener {
    void OnTestPartResult(const testing::TestPartResult& result) override {
        if (!result.failed()) return;
        int rank = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        std::fprintf(stderr, "rank %d: %s:%d: %s\n", rank,
                     result.file_name() ? result.file_name() : "", result.line_number(),
                     result.message());
    }
};

class throw_on_failure : public testing::EmptyTestEventListener {
    void OnTestPartResult(const testing::TestPartResult& result) override {
        if (result.fatally_failed()) throw testing::AssertionException(result);
    }
};

// Ends the job when ranks do not meet in time: one of them may wait for a rank that has failed.
class watchdog {
public:
    void arm() { deadline_ = now() + 60; }
    void disarm() { deadline_ = 0; }

private:
    static long now() {
        using namespace std::chrono;
        return duration_cast<seconds>(steady_clock::now().time_since_epoch()).count();
    }
    static void watch(const std::atomic<long>& deadline) {
        for (;;) {
            std::this_thread::sleep_for(std::chrono::milliseconds(500));
            const long end = deadline;
            if (end == 0 || now() < end) continue;
            std::fputs("test support: ranks did not meet after a test; ending the job\n", stderr);
            std::_Exit(3);
        }
    }

    std::atomic<long> deadline_{0};
    std::thread thread_{[this] { watch(deadline_); }};
};

// Who waits here leaves its core to those who come later, as MPICH's own waits do not.
int least_of_all_ranks(int mine) {
    int least = 0, done = 0;
    MPI_Request meeting = MPI_REQUEST_NULL;
    MPI_Iallreduce(&mine, &least, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD, &meeting);
    for (MPI_Test(&meeting, &done, MPI_STATUS_IGNORE); done == 0;
         MPI_Test(&meeting, &done, MPI_STATUS_IGNORE))
        std::this_thread::yield();
    return least;
}

class meet_after_each_test : public testing::EmptyTestEventListener {
public:
    explicit meet_after_each_test(watchdog& dog) : dog_(dog) {}

private:
    void OnTestStart(const testing::TestInfo&) override { dog_.disarm(); }

    void OnTestEnd(const testing::TestInfo& info) override {
        dog_.arm();
        int rank = 0;
        MPI_Comm_rank(MPI_COMM_WORLD, &rank);
        const int mine = info.result()->Failed() ? rank : 1 << 30;
        const int first = least_of_all_ranks(mine);
        dog_.disarm();
        if (first == 1 << 30) return;
        any_failed = true;
        if (mine == first)
            std::fprintf(stderr, "FAILED on rank %d first: %s.%s\n", rank, info.test_suite_name(),
                         info.name());
    }

    watchdog& dog_;

public:
    bool any_failed = false;
};

std::string file_of(const testing::TestInfo& info) {
    return std::filesystem::path(info.file()).stem().string();
}

template <class Do>
void for_each_test(Do&& what) {
    const auto& program = *testing::UnitTest::GetInstance();
    for (int s = 0; s < program.total_test_suite_count(); ++s) {
        const auto& suite = *program.GetTestSuite(s);
        for (int t = 0; t < suite.total_test_count(); ++t) what(*suite.GetTestInfo(t));
    }
}

// Chooses the tests of these files. Whether each of them has any.
bool choose(const std::string& files) {
    std::istringstream names(files);
    std::string filter;
    for (std::string name; std::getline(names, name, ',');) {
        const auto before = filter.size();
        for_each_test([&](const testing::TestInfo& info) {
            if (file_of(info) == name)
                filter += std::string(info.test_suite_name()) + '.' + info.name() + ':';
        });
        if (filter.size() != before) continue;
        std::fprintf(stderr, "test support: this program has no tests of %s\n", name.c_str());
        return false;
    }
    testing::GTEST_FLAG(filter) = filter;
    return true;
}

// For each file, how many of its tests have passed, and in what time.
void print_summary() {
    struct outcome {
        int passed = 0, failed = 0, skipped = 0;
        long milliseconds = 0;
    };
    std::map<std::string, outcome> files;
    for_each_test([&](const testing::TestInfo& info) {
        if (!info.should_run()) return;
        auto& file = files[file_of(info)];
        ++(info.result()->Skipped()  ? file.skipped
           : info.result()->Passed() ? file.passed
                                     : file.failed);
        file.milliseconds += static_cast<long>(info.result()->elapsed_time());
    });
    for (const auto& [name, file] : files)
        std::printf("%-28s %3d passed %3d failed %3d skipped %8.3f s\n", name.c_str(), file.passed,
                    file.failed, file.skipped, static_cast<double>(file.milliseconds) / 1000);
}

} // namespace

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    constexpr std::string_view option = "--only=";
    if (argc == 2 && std::string_view(argv[1]).starts_with(option) &&
        !choose(argv[1] + option.size()))
        return 2;
    const bool in_turn = std::getenv("NODESPAN_TEST_SERIALIZED") != nullptr;
    nodespan::environment mpi(argc, argv,
                              in_turn ? nodespan::thread_level::serialized
                                      : nodespan::thread_level::funneled);
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);

    static watchdog dog; // never joined: the process ends with it
    auto& listeners = testing::UnitTest::GetInstance()->listeners();
    if (rank != 0) {
        delete listeners.Release(listeners.default_result_printer());
        listeners.Append(new print_failures);
    }
    auto* meeting = new meet_after_each_test(dog); // owned by the listeners
    listeners.Append(meeting);
    listeners.Append(new throw_on_failure); // after the printer, so that failures are printed
    const int result = RUN_ALL_TESTS();
    if (rank == 0) print_summary();
    const bool failed = result != 0 || meeting->any_failed;
    std::fflush(nullptr);
    if (failed) MPI_Abort(MPI_COMM_WORLD, 1); // some ranks may have leaked what others wait for
    MPI_Finalize();
    // Past the leak checker: what ranks leave rather than wait for others is no leak here. The race
    // checker has a word in it.
    std::quick_exit(0);
}
