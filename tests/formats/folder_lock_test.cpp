// Who holds a folder, whose lock is broken, and that it is one at a time.

#include "folder_lock.hpp"
#include "nodespan/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace {

namespace fs = std::filesystem;
using nodespan::error;
using nodespan::detail::folder_lock;
using nodespan::detail::lock_holder;
using testing::HasSubstr;

class FolderLock : public testing::Test {
protected:
    FolderLock() {
        std::string name = (fs::temp_directory_path() / "nodespan_lock_XXXXXX").string();
        folder = mkdtemp(name.data());
    }
    ~FolderLock() override { fs::remove_all(folder); }

    fs::path lock() const { return folder / "lock"; }
    void write(const std::string& text) const { std::ofstream(lock()) << text; }
    std::string read() const {
        std::ifstream in(lock());
        return {std::istreambuf_iterator<char>(in), {}};
    }
    // "" where the folder could be taken.
    std::string complaint() const {
        try {
            folder_lock mine;
            mine.take(folder);
            return {};
        } catch (const error& failure) {
            EXPECT_EQ(failure.code(), nodespan::errc::io);
            return failure.what();
        }
    }
    std::size_t files() const {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
    }

    fs::path folder;
};

// Runs `body` in a process of its own, which then waits to be killed; returns when it waits.
class another_process {
public:
    explicit another_process(const std::function<void()>& body) {
        int ready[2];
        EXPECT_EQ(pipe(ready), 0);
        pid_ = fork();
        if (pid_ == 0) {
            body();
            static_cast<void>(!::write(ready[1], "x", 1));
            for (;;) pause();
        }
        char sign = 0;
        EXPECT_EQ(::read(ready[0], &sign, 1), 1);
        close(ready[0]);
        close(ready[1]);
    }
    another_process(const another_process&) = delete;
    another_process& operator=(const another_process&) = delete;
    ~another_process() {
        kill();
        waitpid(pid_, nullptr, 0);
    }
    // It has ended then, but is still in the list of processes.
    void kill() const {
        ::kill(pid_, SIGKILL);
        siginfo_t about;
        EXPECT_EQ(waitid(P_PID, static_cast<id_t>(pid_), &about, WEXITED | WNOWAIT), 0);
    }
    pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
};

TEST_F(FolderLock, IsHeldByOneProcessUntilItsEnd) {
    {
        folder_lock mine;
        mine.take(folder);

        EXPECT_TRUE(fs::exists(lock()));
        EXPECT_EQ(files(), 1U);
    }
    EXPECT_EQ(files(), 0U);
}

TEST_F(FolderLock, RefusesAnotherLiveProcessAndSaysHowToBreakIt) {
    const another_process holder([&] {
        auto* const kept = new folder_lock; // as long as the process
        kept->take(folder);
    });

    const std::string text = complaint();

    EXPECT_THAT(text, HasSubstr("in use by process " + std::to_string(holder.pid()) + " on "));
    EXPECT_THAT(text, HasSubstr("if that process has ended, remove " + lock().string()));
    EXPECT_TRUE(fs::exists(lock()));
}

TEST_F(FolderLock, IsBrokenWhenItsProcessWasKilled) {
    const another_process holder([&] {
        auto* const kept = new folder_lock;
        kept->take(folder);
    });
    holder.kill();

    EXPECT_EQ(complaint(), "");
    EXPECT_EQ(files(), 0U);
}

TEST_F(FolderLock, IsBrokenAlsoWhereABreakerWasKilled) {
    lock_holder before = lock_holder::self();
    if (before.process.started == 0)
        GTEST_SKIP() << "an emulator does not say when processes began";
    before.process.started -= 1;
    write(before.to_text());
    std::ofstream(lock().string() + ".breaking") << before.to_text();

    EXPECT_EQ(complaint(), "");
    EXPECT_EQ(files(), 0U);
}

TEST_F(FolderLock, IsSharedByTheObjectsOfAProcess) {
    folder_lock first, second;
    first.take(folder);
    second.take(folder);

    EXPECT_EQ(files(), 1U);
}

TEST_F(FolderLock, StaysWhenAForkOfItsHolderEnds) {
    folder_lock mine;
    mine.take(folder);
    const pid_t child = fork();
    if (child == 0) {
        mine.~folder_lock();
        _exit(0);
    }
    waitpid(child, nullptr, 0);

    EXPECT_TRUE(fs::exists(lock()));
}

TEST_F(FolderLock, IsBrokenWhereThatNumberIsAnotherProcessNow) {
    lock_holder before = lock_holder::self();
    if (before.process.started == 0)
        GTEST_SKIP() << "an emulator does not say when processes began";
    before.process.started -= 1;
    write(before.to_text());

    EXPECT_EQ(complaint(), "");
}

TEST_F(FolderLock, OfAnotherMachineIsLeftAloneUntilItsJobStartsAnew) {
    lock_holder far = lock_holder::self();
    far.host = "far";
    far.process.boot = "00000000-0000";
    far.job = "Slurm 17";
    write(far.to_text());

    EXPECT_THAT(complaint(), HasSubstr("on far (job Slurm 17), since "));
    setenv("SLURM_JOB_ID", "17", 1); // another step of that job
    EXPECT_THAT(complaint(), HasSubstr("on far (job Slurm 17), since "));
    setenv("SLURM_RESTART_COUNT", "1", 1);
    EXPECT_EQ(complaint(), "");
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
}

TEST_F(FolderLock, OfAMachineThatHasBeenStartedAnewIsBroken) {
    lock_holder before = lock_holder::self();
    before.host = "node7";
    before.process.boot = "00000000-0000";
    lock_holder now = lock_holder::self();
    now.host = "node7";
    EXPECT_TRUE(before.is_gone(now));

    before.host = now.host = "localhost"; // may be any machine
    EXPECT_FALSE(before.is_gone(now));
}

TEST_F(FolderLock, OfAnotherContainerIsLeftAlone) {
    lock_holder other = lock_holder::self();
    other.process.pid_space = "pid:[1]";
    other.process.pid = 1 << 30;

    EXPECT_FALSE(other.is_gone(lock_holder::self()));
}

TEST_F(FolderLock, TakesNoOtherFileForALock) {
    write("my notes\n");

    EXPECT_THAT(complaint(), HasSubstr("is no lock of nodespan's"));
    EXPECT_EQ(read(), "my notes\n");
}

TEST_F(FolderLock, OfAMachineThatFellBeforeItWasOnTheDiskIsBroken) {
    write("");

    EXPECT_EQ(complaint(), "");
}

TEST_F(FolderLock, NeedsAFolderThatCanBeWritten) {
    fs::remove_all(folder);

    EXPECT_THAT(complaint(), HasSubstr("cannot make "));
}

TEST_F(FolderLock, SaysTheSameInItsTextAsBefore) {
    const lock_holder me = lock_holder::self();

    const auto again = lock_holder::from_text(me.to_text());

    ASSERT_TRUE(again);
    EXPECT_EQ(again->to_text(), me.to_text());
    EXPECT_TRUE(again->process == me.process);
    EXPECT_FALSE(again->is_gone(me));
}

// Each that gets the folder ends without giving it back, so that the others break its lock.
TEST_F(FolderLock, IsHeldByOneAtATimeWhoeverBreaksIt) {
    struct board {
        std::atomic<int> inside, taken, twice;
    };
    void* const memory =
        mmap(nullptr, sizeof(board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    board* const all = new (memory) board{};
    constexpr int processes = 8, rounds = 20;
    for (int round = 0; round < rounds; ++round) {
        std::vector<pid_t> children;
        for (int k = 0; k < processes; ++k) {
            children.push_back(fork());
            if (children.back() != 0) continue;
            for (int attempt = 0; attempt < 2000; ++attempt) try {
                    folder_lock mine;
                    mine.take(folder);
                    if (++all->inside > 1) ++all->twice;
                    ++all->taken;
                    usleep(200);
                    --all->inside;
                    _exit(0);
                } catch (const error&) {
                    usleep(500);
                }
            _exit(1);
        }
        for (const pid_t child : children) waitpid(child, nullptr, 0);
    }

    EXPECT_EQ(all->twice, 0);
    EXPECT_EQ(all->taken, processes * rounds);
    munmap(memory, sizeof(board));
}

} // namespace
