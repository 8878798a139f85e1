#include "account.hpp"

#include <algorithm>
#include <bit>

namespace nodespan::acquire {
namespace {

constexpr int step_bits = 5;

std::size_t step_of(std::int64_t ns) {
    const auto value = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0));
    const int octave = std::max(0, static_cast<int>(std::bit_width(value)) - step_bits - 1);
    return (static_cast<std::size_t>(octave) << step_bits) + (value >> octave);
}

// The largest time in a step.
std::int64_t end_of(std::size_t step) {
    const std::size_t octave =
        step >> step_bits == 0 ? 0 : (step >> step_bits) - 1; // both first ones count by 1
    return static_cast<std::int64_t>(((step - (octave << step_bits) + 1) << octave) - 1);
}

} // namespace

void latencies::add(std::int64_t ns) {
    ++counts_[step_of(ns)];
    most_ = std::max(most_, ns);
}

void latencies::add(const latencies& other) {
    std::transform(counts_.begin(), counts_.end(), other.counts_.begin(), counts_.begin(),
                   std::plus<>());
    most_ = std::max(most_, other.most_);
}

std::int64_t latencies::quantile(double part) const {
    std::uint64_t all = 0, below = 0;
    for (const std::uint64_t count : counts_) all += count;
    for (std::size_t step = 0; step < counts_.size(); ++step) {
        below += counts_[step];
        if (below > 0 && static_cast<double>(below) >= part * static_cast<double>(all))
            return std::min(end_of(step), most_);
    }
    return 0;
}

void account::add(std::span<const sample> frame, std::uint64_t sequence) {
    waits.add(now_ns() - header_of(frame).published_ns);
    const examination seen = examine_frame(frame, sequence);
    ++received;
    wrong += seen.is_right ? 0U : 1U;
    samples.add(seen.samples);
    end_ns = now_ns();
}

} // namespace nodespan::acquire
