#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>

namespace nodespan::app {

/// Shows how far a long piece of work is: a bar rewritten in place on a terminal, full lines now
/// and then elsewhere, so that a batch job's log stays short. Make it on one rank.
class progress_line {
public:
    /// Shows nothing: for the other ranks.
    progress_line() = default;

    /// Counts to `total` (above 0). Outside of terminals a line comes at most every `pause`, but
    /// the first and the last always do.
    progress_line(std::string label, std::int64_t total,
                  std::chrono::seconds pause = std::chrono::seconds(10), std::FILE* out = stderr);

    progress_line(const progress_line&) = delete;            // owns a line of the terminal
    progress_line& operator=(const progress_line&) = delete; // owns a line of the terminal
    ~progress_line();

    /// `done` of the total are finished; `note` follows the numbers. Cost: a look at the clock.
    void update(std::int64_t done, std::string_view note = {});

private:
    using clock = std::chrono::steady_clock;

    void draw(std::int64_t done, std::string_view note);

    std::string label_;
    std::int64_t total_ = 0; // 0: show nothing
    clock::duration pause_{};
    std::FILE* out_ = nullptr;
    bool is_terminal_ = false;
    bool is_open_ = false; // the cursor stands in our line
    bool has_drawn_ = false;
    std::size_t width_ = 0; // of what was drawn last, to be wiped
    clock::time_point next_{};
};

} // namespace nodespan::app
