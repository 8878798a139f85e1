// How large windows are made, and what stands against them.

#include "arena_window.hpp"
#include "pages.hpp"
#include "window_room.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <limits>
#include <linux/capability.h>
#include <string>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace nodespan::detail;

constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t mebibyte = std::size_t{1} << 20;

struct growth {
    std::size_t windows = 0, total = 0, filled = 0;
};

// Arrays of one size, as many windows as they need.
growth fill_windows(std::size_t arrays, std::size_t bytes, bool is_whole) {
    growth result;
    std::size_t room = 0;
    for (std::size_t i = 0; i < arrays; ++i) {
        if (room < bytes) {
            const std::size_t made =
                window_bytes(bytes + page_bytes(), result.total, unlimited, is_whole);
            result.total += made;
            room = made - page_bytes();
            ++result.windows;
        }
        room -= bytes;
        result.filled += bytes;
    }
    return result;
}

TEST(Windows, OfTenThousandArraysAreFew) {
    for (const std::size_t bytes :
         {std::size_t{4096}, 65536 * std::size_t{1}, mebibyte, 4 * mebibyte})
        for (const bool is_whole : {false, true}) {
            SCOPED_TRACE(std::to_string(bytes) + (is_whole ? ", whole" : ""));

            EXPECT_LE(fill_windows(10'000, bytes, is_whole).windows, 100U);
        }
}

TEST(Windows, ThatAreBackedWholeLeaveLittleIdle) {
    for (std::size_t count = 1; count < 400; count += 7)
        for (const std::size_t bytes : {100'000 * std::size_t{1}, mebibyte, 3 * mebibyte}) {
            const growth made = fill_windows(count, bytes, true);

            EXPECT_LE(made.total, made.filled + made.filled / 2 + 5 * mebibyte)
                << count << " arrays of " << bytes;
        }
}

TEST(Windows, ThatAreBackedWholeLeaveMostOfWhatIsFreeToOthers) {
    EXPECT_EQ(window_bytes(mebibyte, 4096 * mebibyte, 64 * mebibyte, true), 8 * mebibyte);
    EXPECT_EQ(window_bytes(40 * mebibyte, 4096 * mebibyte, 64 * mebibyte, true), 40 * mebibyte);
    EXPECT_EQ(window_bytes(mebibyte, 4096 * mebibyte, unlimited, true), 1024 * mebibyte);
}

TEST(Windows, HaveRoomForHoweverMuchIsAsked) {
    for (const bool is_whole : {false, true})
        EXPECT_GE(window_bytes(std::size_t{1} << 45, 0, 0, is_whole), std::size_t{1} << 45);
}

TEST(BackPages, RefusesWhatNoMappingHas) {
    auto* const page = static_cast<std::byte*>(
        mmap(nullptr, page_bytes(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ASSERT_NE(page, MAP_FAILED);

    EXPECT_EQ(back_pages(page, page + page_bytes()), 0);
    EXPECT_EQ(back_pages(page, page), 0);
    EXPECT_NE(back_pages(page, page + (std::size_t{1} << 60)), 0); // at once, not page by page
    munmap(page, page_bytes());
}

window_site leader_of_a_private_node() {
    return {.directory = "/dev/shm", .rank = 3, .node = 1, .is_leader = true, .is_private = true};
}

TEST(WindowRoom, WithoutLimitsRefusesNothingSmall) {
    EXPECT_FALSE(refuse_window(leader_of_a_private_node(), 4096, "a test"));
    EXPECT_GE(largest_window(leader_of_a_private_node(), 4096), mebibyte);
}

TEST(WindowRoom, MoreThanTheHostHasIsRefused) {
    const auto refused =
        refuse_window(leader_of_a_private_node(), std::uint64_t{1} << 60, "a test");

    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->code(), nodespan::errc::no_capacity);
}

TEST(WindowRoom, WhatIsGivenBackCounts) {
    const std::uint64_t most = std::uint64_t{1} << 60;

    EXPECT_FALSE(refuse_window(leader_of_a_private_node(), most, "a test", 2 * most));
}

// What a child of this process says, which lowers its own limits.
template <class Body>
bool in_a_child(Body&& body) {
    const pid_t child = fork();
    if (child == 0) _exit(body() ? 0 : 1);
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void give_up_the_right_to_lock() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2] = {};
    syscall(SYS_capget, &header, data);
    data[0].effective &= ~(1U << CAP_IPC_LOCK);
    syscall(SYS_capset, &header, data);
    const rlimit limit{mebibyte, mebibyte};
    setrlimit(RLIMIT_MEMLOCK, &limit);
}

TEST(WindowRoom, LockedMemoryCountsWhereThereIsACard) {
    const std::filesystem::path cards =
        std::filesystem::temp_directory_path() / ("cards_" + std::to_string(getpid()));
    std::filesystem::create_directories(cards / "mlx5_0");

    EXPECT_TRUE(in_a_child([&] {
        give_up_the_right_to_lock();
        return locked_capacity(cards).free_bytes == mebibyte &&
               locked_capacity(cards).limit_bytes == mebibyte;
    }));
    EXPECT_TRUE(in_a_child([&] {
        give_up_the_right_to_lock();
        return locked_capacity(cards / "mlx5_0").free_bytes == unlimited && // none listed
               locked_capacity(cards / "none").free_bytes == unlimited;
    }));
    std::filesystem::remove_all(cards);
}

TEST(WindowRoom, LockedMemoryThatIsInUseIsNotFree) {
    const std::filesystem::path cards =
        std::filesystem::temp_directory_path() / ("cards_in_use_" + std::to_string(getpid()));
    std::filesystem::create_directories(cards / "mlx5_0");

    EXPECT_TRUE(in_a_child([&] {
        give_up_the_right_to_lock();
        void* const locked =
            mmap(nullptr, mebibyte / 2, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return mlock(locked, mebibyte / 2) == 0 &&
               locked_capacity(cards).free_bytes == mebibyte / 2;
    }));
    std::filesystem::remove_all(cards);
}

} // namespace
