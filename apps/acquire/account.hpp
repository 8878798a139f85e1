#pragma once

#include "frame.hpp"

#include <array>
#include <cstdint>

namespace nodespan::acquire {

/// How long things took, to 3 %, in bounded memory: nanoseconds, counted in 32 steps an octave.
class latencies {
public:
    void add(std::int64_t ns);
    void add(const latencies& other);

    /// The least time, in ns, that a share of `part` of them stayed below; 0 without any.
    std::int64_t quantile(double part) const;
    std::int64_t most() const { return most_; }

private:
    std::array<std::uint64_t, 64 * 32> counts_{};
    std::int64_t most_ = 0;
};

/// What one consumer has seen. Sent to other ranks as its bytes.
struct account {
    std::uint64_t received = 0;
    std::uint64_t lost = 0;  // to_all only: those that this one did not get
    std::uint64_t wrong = 0; // frames that were torn, or not what their number says
    std::int64_t end_ns = 0; // when it was done with the last one
    statistics samples;
    latencies waits; // from publishing to having it

    /// Takes in a frame that has just come.
    void add(std::span<const sample> frame, std::uint64_t sequence);
};

} // namespace nodespan::acquire
