#pragma once

#include "nodespan/box.hpp"

#include <string>

namespace nodespan {

/// Who gets a frame of a ring.
enum class delivery {
    to_all, ///< every consumer gets every frame
    to_one  ///< each frame goes to one consumer, the first that asks; turns are not fair
};

/// What a ring's producer does while consumers have not released enough frames.
enum class when_full {
    block,       ///< It waits in reserve(): nothing is lost.
    drop_newest, ///< The frame just written is lost; those that wait stay.
    drop_oldest  ///< The oldest frame that is not being read is lost.
};

/// How many frames a ring holds, who gets them, and what happens when it is full.
struct ring_options {
    /// How many frames may wait or be read while the producer writes another: at least 1.
    index_t slots = 8;

    /// The team's rank that produces; all others consume.
    int producer = 0;

    nodespan::delivery delivery = nodespan::delivery::to_all;
    nodespan::when_full when_full = nodespan::when_full::block;

    /// What the ring is called in messages and in the usage report.
    std::string name = {};
};

} // namespace nodespan
