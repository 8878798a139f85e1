// What progress writes, where: into a pipe, as under mpirun, and on a terminal.

#include <nodespan/progress.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <fcntl.h>
#include <string>
#include <sys/ioctl.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace nodespan::test;
using namespace std::chrono_literals;
using nodespan::progress;
using nodespan::team;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// Sets NODESPAN_PROGRESS (nullptr: not at all) while it lives.
class wish {
public:
    explicit wish(const char* value) {
        if (value == nullptr)
            unsetenv("NODESPAN_PROGRESS");
        else
            setenv("NODESPAN_PROGRESS", value, 1);
    }
    wish(const wish&) = delete;
    wish& operator=(const wish&) = delete;
    ~wish() { unsetenv("NODESPAN_PROGRESS"); }
};

// Both ends of something to write to: what was written can be read.
class ends {
public:
    ends(int reader, int writer) : reader_(reader), writer_(writer) {
        fcntl(reader_, F_SETFL, O_NONBLOCK);
    }
    ends(const ends&) = delete;
    ends& operator=(const ends&) = delete;
    ~ends() {
        close(reader_);
        close(writer_);
    }
    int writer() const { return writer_; }
    std::string text() const {
        char block[65536];
        std::string result;
        for (ssize_t got; (got = read(reader_, block, sizeof block)) > 0;)
            result.append(block, static_cast<std::size_t>(got));
        return result;
    }

private:
    int reader_, writer_;
};

std::array<int, 2> new_pipe() {
    std::array<int, 2> both{-1, -1};
    EXPECT_EQ(pipe(both.data()), 0);
    return both;
}

int terminal(int columns) {
    const int leader = posix_openpt(O_RDWR | O_NOCTTY);
    winsize size{};
    size.ws_col = static_cast<unsigned short>(columns);
    size.ws_row = 24;
    EXPECT_TRUE(leader >= 0 && grantpt(leader) == 0 && unlockpt(leader) == 0);
    EXPECT_EQ(ioctl(leader, TIOCSWINSZ, &size), 0);
    return leader;
}

struct a_pipe : ends {
    a_pipe() : a_pipe(new_pipe()) {}

private:
    explicit a_pipe(const std::array<int, 2>& both) : ends(both[0], both[1]) {}
};

struct a_terminal : ends {
    explicit a_terminal(int columns) : a_terminal(terminal(columns), 0) {}

private:
    a_terminal(int leader, int) : ends(leader, open(ptsname(leader), O_RDWR | O_NOCTTY)) {}
};

TEST(Progress, IsALineAtATimeWhereThereIsNoTerminal) {
    const wish none(nullptr);
    team everyone(MPI_COMM_WORLD);
    const a_pipe out;
    {
        progress shown(everyone, "heat", 4,
                       {.unit = "steps", .pause = 0ms, .descriptor = out.writer()});
        for (int step = 1; step <= 4; ++step) shown.update(step, "note");
    }

    const std::string text = out.text();
    if (everyone.rank() != 0) {
        EXPECT_EQ(text, "");
        return;
    }
    EXPECT_EQ(std::ranges::count(text, '\n'), 4);
    EXPECT_THAT(text, StartsWith("heat: 25%, 1/4 steps, "));
    EXPECT_THAT(text, HasSubstr("heat: 100%, 4/4 steps, "));
    EXPECT_THAT(text, HasSubstr(", note\n"));
    EXPECT_THAT(text, Not(HasSubstr("\r")));
}

TEST(Progress, IsABarAsWideAsTheTerminalAndStaysInItsLine) {
    const wish none(nullptr);
    team everyone(MPI_COMM_WORLD);
    if (everyone.rank() != 0) return;
    for (const int columns : {40, 120}) {
        const a_terminal out(columns);
        {
            progress shown(everyone, "heat", 4, {.pause = 0ms, .descriptor = out.writer()});
            for (int step = 1; step <= 4; ++step) shown.update(step);
        }

        std::string text = out.text();
        EXPECT_EQ(std::ranges::count(text, '\n'), 1) << text;
        ASSERT_TRUE(text.ends_with("\r\n")) << text; // as terminals write it
        text.resize(text.size() - 2);
        EXPECT_EQ(std::ranges::count(text, '\r'), 4) << text;
        EXPECT_EQ(text.size(), 4U * static_cast<std::size_t>(columns)) << text; // \r takes the last
        EXPECT_THAT(text, HasSubstr("\rheat  50% [#####"));
    }
}

TEST(Progress, LeavesTheLineOfABarThatEndsEarly) {
    const wish none(nullptr);
    team everyone(MPI_COMM_WORLD);
    if (everyone.rank() != 0) return;
    const a_terminal out(80);
    {
        progress shown(everyone, "heat", 4, {.pause = 0ms, .descriptor = out.writer()});
        shown.update(1);
    }

    EXPECT_TRUE(out.text().ends_with("\r\n"));
}

TEST(Progress, IsWhatTheEnvironmentAsksFor) {
    team everyone(MPI_COMM_WORLD);
    if (everyone.rank() != 0) return;
    const auto written = [&](const char* wanted) {
        const wish environment(wanted);
        const a_pipe out;
        {
            progress shown(everyone, "heat", 4, {.pause = 0ms, .descriptor = out.writer()});
            shown.update(2);
            shown.update(4);
        }
        return out.text();
    };

    EXPECT_THAT(written("bar"), StartsWith("\rheat  50% ["));
    EXPECT_THAT(written("lines"), StartsWith("heat: 50%, "));
    EXPECT_EQ(written("none"), "");
    EXPECT_THAT(written("bars"), StartsWith("nodespan: NODESPAN_PROGRESS=\"bars\" is none of bar, "
                                            "lines and none; "));
}

TEST(Progress, IsNotShownOfWhatIsShortOrQuiet) {
    const wish none(nullptr);
    team everyone(MPI_COMM_WORLD);
    const a_pipe out;
    {
        progress brief(everyone, "heat", 4, {.pause = 1h, .descriptor = out.writer()});
        progress quiet(everyone, "heat", 4,
                       {.pause = 0ms, .quiet = true, .descriptor = out.writer()});
        for (int step = 1; step <= 4; ++step) {
            brief.update(step);
            quiet.update(step);
        }
    }

    EXPECT_EQ(out.text(), "");
}

TEST(Progress, KeepsToItsPause) {
    const wish none(nullptr);
    team everyone(MPI_COMM_WORLD);
    if (everyone.rank() != 0) return;
    const a_pipe out;
    progress shown(everyone, "heat", 1'000'000, {.pause = 50ms, .descriptor = out.writer()});
    for (int step = 0; step < 100'000; ++step) shown.update(step);
    std::this_thread::sleep_for(50ms);
    shown.update(500'000);

    const auto lines = std::ranges::count(out.text(), '\n');
    EXPECT_GE(lines, 1);
    EXPECT_LT(lines, 1000); // of 100,000 calls; a busy machine takes its time
}

} // namespace
