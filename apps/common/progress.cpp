#include "progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <unistd.h>

namespace nodespan::app {

progress_line::progress_line(std::string label, std::int64_t total, std::chrono::seconds pause,
                             std::FILE* out)
    : label_(std::move(label)),
      total_(total),
      pause_(pause),
      out_(out),
      is_terminal_(isatty(fileno(out)) == 1) {
    if (is_terminal_) pause_ = std::chrono::milliseconds(100);
}

progress_line::~progress_line() {
    if (is_open_) std::fputc('\n', out_);
}

void progress_line::update(std::int64_t done, std::string_view note) {
    if (total_ == 0) return;
    const auto now = clock::now();
    if (has_drawn_ && done < total_ && now < next_) return;
    next_ = now + pause_;
    has_drawn_ = true;
    draw(done, note);
}

void progress_line::draw(std::int64_t done, std::string_view note) {
    constexpr std::int64_t columns = 30;
    const std::int64_t part = std::clamp<std::int64_t>(done, 0, total_);
    std::string text = fmt::format("{:3}% {}/{}{}{}", part * 100 / total_, done, total_,
                                   note.empty() ? "" : " ", note);
    if (!is_terminal_) {
        std::fputs(fmt::format("{}: {}\n", label_, text).c_str(), out_);
        return;
    }
    const auto filled = static_cast<std::size_t>(part * columns / total_);
    text = fmt::format("{} [{}{}] {}", label_, std::string(filled, '#'),
                       std::string(columns - filled, '.'), text);
    std::fputs(fmt::format("\r{:<{}}", text, width_).c_str(), out_);
    is_open_ = done < total_;
    if (!is_open_) std::fputc('\n', out_);
    std::fflush(out_);
    width_ = text.size();
}

} // namespace nodespan::app
