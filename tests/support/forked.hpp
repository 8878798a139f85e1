#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <exception>
#include <sys/mman.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace nodespan::test {

/// Zeroed memory that processes forked later share, as the ranks of a node do.
class shared_memory {
public:
    explicit shared_memory(std::size_t bytes)
        : data_(mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)),
          bytes_(bytes) {}
    ~shared_memory() { munmap(data_, bytes_); }
    shared_memory(const shared_memory&) = delete;
    shared_memory& operator=(const shared_memory&) = delete;

    void* data() const noexcept { return data_; }

    template <class T>
    T& as() const noexcept {
        return *static_cast<T*>(data_);
    }

private:
    void* data_;
    std::size_t bytes_;
};

/// Who plays the ranks of a node.
enum class actors { threads, processes };

/// Calls good(rank) for ranks 0 to count - 1 at the same time. Whether it was true for all; false
/// as well where one throws. A process that hangs is ended after `seconds`.
template <class Good>
bool all_good(actors kind, int count, Good&& good, unsigned seconds = 60) {
    const auto attempt = [&good](int rank) {
        try {
            return static_cast<bool>(good(rank));
        } catch (const std::exception&) {
            return false;
        }
    };
    bool all = true;
    if (kind == actors::threads) {
        std::vector<char> results(static_cast<std::size_t>(count), 0);
        std::vector<std::jthread> threads;
        for (int rank = 0; rank < count; ++rank)
            threads.emplace_back(
                [&, rank] { results[static_cast<std::size_t>(rank)] = attempt(rank) ? 1 : 0; });
        threads.clear();
        for (const char result : results) all = all && result != 0;
        return all;
    }
    std::vector<pid_t> children;
    for (int rank = 0; rank < count; ++rank) {
        const pid_t child = fork();
        if (child == 0) {
            alarm(seconds);
            _exit(attempt(rank) ? 0 : 1);
        }
        children.push_back(child);
    }
    for (const pid_t child : children) {
        int status = -1;
        all = child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
              WEXITSTATUS(status) == 0 && all;
    }
    return all;
}

/// A small random generator whose numbers are the same everywhere.
class random_numbers {
public:
    explicit random_numbers(std::uint64_t seed) : state_(seed * 2 + 1) {}

    /// From 0 to bound - 1.
    std::int64_t below(std::int64_t bound) {
        state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
        return static_cast<std::int64_t>((state_ >> 20) % static_cast<std::uint64_t>(bound));
    }

private:
    std::uint64_t state_;
};

} // namespace nodespan::test
