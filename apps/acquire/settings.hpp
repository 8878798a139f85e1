#pragma once

#include "results.hpp"

#include <nodespan/ring_options.hpp>

#include <cstddef>
#include <string>

namespace nodespan::acquire {

/// What a run is to do.
struct settings {
    std::size_t frame_bytes = 1 << 20;
    index_t frames = 0; // 0: no limit
    double seconds = 0; // 0: no limit
    double rate = 0;    // 10^9 bytes a second; 0: as fast as possible
    double slow_ms = 0; // what the last consumer takes longer for each frame
    ring_options ring = {.slots = 16, .name = "acquired"};
    bool compare = false;
    std::string file;     // to save frames to; empty: none
    index_t every = 100;  // of how many frames one is saved
    index_t at_most = 64; // frames in the file
    app::output_options output;

    bool is_to_all() const { return ring.delivery == delivery::to_all; }
};

} // namespace nodespan::acquire
