#pragma once

#include "account.hpp"
#include "settings.hpp"

#include <optional>
#include <string>
#include <vector>

namespace nodespan::acquire {

/// One way of delivery, measured.
struct measured {
    std::uint64_t frames = 0;       // numbered by the instrument
    std::uint64_t lost = 0;         // by nobody got, or by all consumers together
    double seconds = 0;             // from the first frame to the end of the last consumer
    std::vector<account> consumers; // by rank, from 1

    double gigabytes_a_second(const settings& chosen) const {
        return static_cast<double>(frames * chosen.frame_bytes) / 1e9 / seconds;
    }
    latencies waits() const;
    statistics samples() const;

    /// Whether no frame was wrong, and each is accounted for.
    bool is_good(const settings& chosen) const;
};

/// What a run found, for the table and the JSON.
struct outcome {
    settings chosen;
    int ranks = 0;
    measured by_ring;
    std::optional<measured> by_messages;

    bool is_good() const {
        return by_ring.is_good(chosen) && (!by_messages || by_messages->is_good(chosen));
    }
};

std::string to_text(const outcome& result);
std::string to_json(const outcome& result);

/// "to_all", "drop_oldest": as the options have it.
const char* text_of(delivery how);
const char* text_of(when_full policy);

} // namespace nodespan::acquire
