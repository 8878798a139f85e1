#include "nodespan/progress.hpp"

#include "progress_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

namespace nodespan {
namespace {

// In one piece, so that ranks' lines do not mix. A log that is full stops no computation.
void write_whole(int descriptor, const std::string& text) {
    static_cast<void>(!::write(descriptor, text.data(), text.size()));
}

int columns_of(int descriptor) {
    winsize size{};
    return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// Of the terminal; under mpirun, where standard error is a pipe, of the one that all were started
// from, which repeats what comes through the pipe.
int terminal_columns(int descriptor) {
    int columns = columns_of(descriptor);
    if (columns == 0)
        if (const int terminal = ::open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
            terminal >= 0) {
            columns = columns_of(terminal);
            ::close(terminal);
        }
    if (const char* const told = std::getenv("COLUMNS"); columns == 0 && told != nullptr)
        columns = std::atoi(told);
    return columns > 0 ? columns : 80;
}

} // namespace

progress::form progress::chosen_form(const progress_options& options) {
    if (options.quiet) return form::none;
    const char* const text = std::getenv("NODESPAN_PROGRESS");
    const std::string_view wanted = text == nullptr ? "" : text;
    if (wanted == "bar") return form::bar;
    if (wanted == "lines") return form::lines;
    if (wanted == "none") return form::none;
    if (!wanted.empty())
        write_whole(options.descriptor,
                    fmt::format("nodespan: NODESPAN_PROGRESS=\"{}\" is none of bar, lines and "
                                "none; it is as if it were not set\n",
                                wanted));
    return ::isatty(options.descriptor) == 1 ? form::bar : form::lines;
}

progress::progress(const team& everyone, std::string label, index_t total, progress_options options)
    : label_(std::move(label)),
      total_(std::max<index_t>(0, total)),
      options_(std::move(options)) {
    if (everyone.rank() == 0) form_ = chosen_form(options_);
    next_ = start_ + options_.pause;
}

progress::~progress() {
    if (is_open_) write_whole(options_.descriptor, "\n");
}

void progress::update(index_t done, std::string_view note) {
    if (form_ == form::none) return;
    const auto now = clock::now();
    const bool is_last = total_ > 0 && done >= total_;
    if (now < next_ && !(is_last && has_shown_)) return;
    show(done, note, now);
}

void progress::show(index_t done, std::string_view note, clock::time_point now) {
    const auto gone = now - start_;
    const detail::progress_facts facts{
        label_, options_.unit, options_.begin,
        done,   total_,        std::chrono::duration<double>(gone).count(),
        note};
    const bool is_last = total_ > 0 && done >= total_;
    if (form_ == form::lines) {
        write_whole(options_.descriptor, detail::progress_line(facts) + "\n");
        const clock::duration pause = options_.pause;
        next_ = now + (pause == pause.zero() ? pause : std::max(pause, gone / 100));
    } else {
        // The last column stays free: a character there would begin the next line.
        const int columns = std::max(1, terminal_columns(options_.descriptor) - 1);
        write_whole(options_.descriptor,
                    "\r" + detail::progress_bar(facts, columns) + (is_last ? "\n" : ""));
        next_ = now + options_.pause / 10;
    }
    is_open_ = form_ == form::bar && !is_last;
    has_shown_ = true;
    if (is_last) form_ = form::none;
}

} // namespace nodespan
