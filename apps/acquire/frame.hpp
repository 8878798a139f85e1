#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <span>

namespace nodespan::acquire {

/// What the instrument's converter delivers. A frame is a header and samples.
using sample = std::int16_t;

/// At the begin of every frame.
struct frame_header {
    std::uint64_t sequence = 0;
    std::int64_t published_ns = 0; // now_ns() just before consumers may have it
};
inline constexpr std::size_t header_samples = sizeof(frame_header) / sizeof(sample);

/// Nanoseconds of a clock that all processes of a machine share.
inline std::int64_t now_ns() {
    using namespace std::chrono;
    return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
}

/// Plays the instrument: samples that tell which frame they belong to. The stamp comes last.
void write_frame(std::span<sample> frame, std::uint64_t sequence);
void stamp_frame(std::span<sample> frame, std::uint64_t sequence);
frame_header header_of(std::span<const sample> frame);

/// What samples are like.
struct statistics {
    sample least = std::numeric_limits<sample>::max();
    sample most = std::numeric_limits<sample>::min();
    std::int64_t sum = 0;
    std::int64_t count = 0;

    void add(const statistics& other);
    double mean() const { return static_cast<double>(sum) / static_cast<double>(count); }
};

/// Looks at every sample of a frame: their statistics, and whether all belong to frame `sequence`.
struct examination {
    statistics samples;
    bool is_right = false;
};
examination examine_frame(std::span<const sample> frame, std::uint64_t sequence);

} // namespace nodespan::acquire
