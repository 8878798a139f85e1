#include "instrument.hpp"

#include "messages.hpp"

#include <fmt/format.h>
#include <nodespan/progress.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace nodespan::acquire {
namespace {

constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

} // namespace

schedule::schedule(const settings& chosen, std::uint64_t frames)
    : ns_a_frame_(chosen.rate > 0 ? static_cast<double>(chosen.frame_bytes) / chosen.rate : 0),
      frames_(frames > 0          ? frames
              : chosen.frames > 0 ? static_cast<std::uint64_t>(chosen.frames)
                                  : std::numeric_limits<std::uint64_t>::max()),
      most_ns_(frames > 0 || chosen.seconds <= 0 ? never
                                                 : static_cast<std::int64_t>(chosen.seconds * 1e9)),
      start_ns_(now_ns()) {}

// Sleeps while there is time for it; the last 100 us it only offers its core, to be on time.
bool schedule::wait_for(std::uint64_t number) const {
    constexpr std::int64_t awake_ns = 100'000;
    if (number >= frames_) return false;
    const auto due = static_cast<std::int64_t>(ns_a_frame_ * static_cast<double>(number));
    if (due >= most_ns_) return false;
    std::int64_t now = now_ns() - start_ns_;
    for (; now < due; now = now_ns() - start_ns_) {
        if (due - now > awake_ns)
            std::this_thread::sleep_for(std::chrono::nanoseconds(due - now - awake_ns));
        else
            std::this_thread::yield();
    }
    return now < most_ns_;
}

index_t schedule::frames() const {
    const double at_rate =
        ns_a_frame_ > 0 ? static_cast<double>(most_ns_) / ns_a_frame_ : static_cast<double>(never);
    const double least = std::min(at_rate, static_cast<double>(frames_));
    return least < static_cast<double>(never) / 2 ? static_cast<index_t>(std::ceil(least)) : 0;
}

double schedule::seconds_left() const {
    return most_ns_ == never ? 0 : 1e-9 * static_cast<double>(most_ns_ - (now_ns() - start_ns_));
}

delivery_record deliver(ring<sample>& to, const settings& chosen) {
    const schedule due(chosen);
    progress shown(to.get_team(), "acquire", due.frames(),
                   {.unit = "frames", .quiet = chosen.output.quiet});
    const auto note = [&](std::uint64_t frames) {
        const auto gone = std::max<std::int64_t>(1, now_ns() - due.start_ns());
        std::string text = fmt::format("{:.2f} GB/s, {} lost",
                                       static_cast<double>(frames * chosen.frame_bytes) /
                                           static_cast<double>(gone),
                                       to.lost());
        if (due.frames() == 0) text += fmt::format(", {:.1f} s left", due.seconds_left());
        return text;
    };
    std::uint64_t number = 0;
    std::int64_t told_ns = now_ns();
    for (; due.wait_for(number); ++number) {
        auto slot = to.reserve();
        write_frame(slot.elements(), number);
        stamp_frame(slot.elements(), number);
        slot.publish();
        if (now_ns() - told_ns < 100'000'000) continue; // a note costs more than a frame
        told_ns = now_ns();
        shown.update(static_cast<index_t>(number) + 1, note(number + 1));
    }
    to.close();
    shown.update(static_cast<index_t>(number), note(number));
    return {number, due.start_ns()};
}

delivery_record send(team& everyone, const settings& chosen, std::uint64_t frames) {
    std::vector<sample> buffer(chosen.frame_bytes / sizeof(sample));
    const auto consumers = static_cast<std::uint64_t>(everyone.size() - 1);
    const schedule due(chosen, frames);
    for (std::uint64_t number = 0; due.wait_for(number); ++number) {
        write_frame(buffer, number);
        stamp_frame(buffer, number);
        const std::uint64_t only = number % consumers;
        for (std::uint64_t consumer = 0; consumer < consumers; ++consumer)
            if (chosen.is_to_all() || consumer == only)
                app::check_mpi(MPI_Send(buffer.data(), static_cast<int>(chosen.frame_bytes),
                                        MPI_BYTE, static_cast<int>(consumer) + 1, 0,
                                        everyone.comm()),
                               "MPI_Send");
    }
    return {frames, due.start_ns()};
}

} // namespace nodespan::acquire
