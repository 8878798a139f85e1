#include "frame.hpp"

#include <algorithm>
#include <cstring>

namespace nodespan::acquire {
namespace {

// A saw tooth whose phase is the frame's; odd factors, so that 65,536 frames in a row differ.
constexpr std::uint16_t slope = 7;
std::uint16_t phase(std::uint64_t sequence) {
    return static_cast<std::uint16_t>(sequence * 40503U);
}

} // namespace

void write_frame(std::span<sample> frame, std::uint64_t sequence) {
    std::uint16_t value = phase(sequence);
    for (sample& x : frame.subspan(header_samples)) {
        x = static_cast<sample>(value);
        value = static_cast<std::uint16_t>(value + slope);
    }
}

void stamp_frame(std::span<sample> frame, std::uint64_t sequence) {
    const frame_header header{sequence, now_ns()};
    std::memcpy(frame.data(), &header, sizeof header);
}

frame_header header_of(std::span<const sample> frame) {
    frame_header header;
    std::memcpy(static_cast<void*>(&header), frame.data(), sizeof header);
    return header;
}

void statistics::add(const statistics& other) {
    least = std::min(least, other.least);
    most = std::max(most, other.most);
    sum += other.sum;
    count += other.count;
}

// In blocks whose sum 32 bits hold, so that the compiler makes vectors of the loop.
examination examine_frame(std::span<const sample> frame, std::uint64_t sequence) {
    constexpr std::size_t block = 8192;
    examination result;
    const std::span<const sample> samples = frame.subspan(header_samples);
    std::uint16_t expected = phase(sequence), difference = 0;
    for (std::size_t begin = 0; begin < samples.size(); begin += block) {
        std::int32_t sum = 0;
        sample least = result.samples.least, most = result.samples.most;
        for (const sample x : samples.subspan(begin, std::min(block, samples.size() - begin))) {
            least = std::min(least, x);
            most = std::max(most, x);
            sum += x;
            difference =
                static_cast<std::uint16_t>(difference | (static_cast<std::uint16_t>(x) ^ expected));
            expected = static_cast<std::uint16_t>(expected + slope);
        }
        result.samples.add({least, most, sum, 0});
    }
    result.samples.count = static_cast<std::int64_t>(samples.size());
    result.is_right = difference == 0 && header_of(frame).sequence == sequence;
    return result;
}

} // namespace nodespan::acquire
