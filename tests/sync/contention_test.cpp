#include "contention.hpp"
#include "wait.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace {

namespace contention = nodespan::detail::contention;
using namespace std::chrono_literals;

// A child that computes on the core of this thread, and of which the rest of the test is rid.
class busy_neighbour {
public:
    busy_neighbour() {
        sched_getaffinity(0, sizeof all_, &all_);
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<unsigned>(sched_getcpu()), &one);
        sched_setaffinity(0, sizeof one, &one);
        child_ = fork();
        if (child_ != 0) return;
        for (std::atomic<unsigned> spun{0};; ++spun) {}
    }
    ~busy_neighbour() {
        kill(child_, SIGKILL);
        waitpid(child_, nullptr, 0);
        sched_setaffinity(0, sizeof all_, &all_);
    }
    busy_neighbour(const busy_neighbour&) = delete;
    busy_neighbour& operator=(const busy_neighbour&) = delete;

private:
    cpu_set_t all_{};
    pid_t child_ = 0;
};

bool becomes_likely() {
    const auto end = contention::clock::now() + 20s;
    while (!contention::is_likely() && contention::clock::now() < end)
        nodespan::detail::yield_core();
    return contention::is_likely();
}

TEST(Contention, WhoComputesOnThisCoreIsNoticedAndForgotten) {
    {
        const busy_neighbour other;
        EXPECT_TRUE(becomes_likely());
    }

    std::this_thread::sleep_for(60ms);
    EXPECT_FALSE(contention::is_likely());
}

// A sleeper goes ahead of who computes; offers of the core would wait for 20 of its slices.
TEST(Contention, PausesNapInsteadOfOfferingTheCore) {
    const busy_neighbour other;
    ASSERT_TRUE(becomes_likely());
    rusage before{}, after{};

    getrusage(RUSAGE_THREAD, &before);
    nodespan::detail::pause p(true);
    p.before_first_try();
    for (int i = 0; i < 20; ++i) p.wait();
    getrusage(RUSAGE_THREAD, &after);

    EXPECT_GE(after.ru_nvcsw - before.ru_nvcsw, 15); // sleeps, but for one that may try anew
}

} // namespace
