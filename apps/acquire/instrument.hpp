#pragma once

#include "frame.hpp"
#include "settings.hpp"

#include <nodespan/ring.hpp>

namespace nodespan::acquire {

/// What the instrument has done.
struct delivery_record {
    std::uint64_t frames = 0; // numbered, lost ones included
    std::int64_t start_ns = 0;
};

/// Keeps a rate, and knows when a run is over.
class schedule {
public:
    /// Starts now. `frames` more than 0 limit the run in place of what the settings say.
    explicit schedule(const settings& chosen, std::uint64_t frames = 0);

    /// Waits until frame `number` is due; false where there is to be none.
    bool wait_for(std::uint64_t number) const;

    std::int64_t start_ns() const { return start_ns_; }

    /// How many frames there will be; 0 where only the time is limited.
    index_t frames() const;

    /// Where the time is limited.
    double seconds_left() const;

private:
    double ns_a_frame_;
    std::uint64_t frames_;
    std::int64_t most_ns_;
    std::int64_t start_ns_;
};

/// Delivers frames by the ring, written in place, and closes it. Call: the producer.
delivery_record deliver(ring<sample>& to, const settings& chosen);

/// Delivers so many frames by messages, from a buffer of its own. Call: rank 0 of the team.
delivery_record send(team& everyone, const settings& chosen, std::uint64_t frames);

} // namespace nodespan::acquire
