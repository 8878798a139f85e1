#pragma once

#include <cstddef>

namespace nodespan::bench {

/// Counts what this thread takes from the heap through operator new and has not given back, as
/// malloc rounds it, while an object of this class lives. One at a time.
class held_bytes {
public:
    held_bytes();
    ~held_bytes();
    held_bytes(const held_bytes&) = delete;            // one count
    held_bytes& operator=(const held_bytes&) = delete; // one count

    std::ptrdiff_t now() const;
};

} // namespace nodespan::bench
