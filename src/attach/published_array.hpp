#pragma once

#include "nodespan/accumulate_op.hpp"
#include "nodespan/box.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace nodespan::detail {

/// The words of a node's ranks that say to how many meetings each has come: every `step` bytes one.
struct meeting_words {
    const void* first = nullptr;
    std::size_t step = 0;
    int ranks = 0;
};

/// What others are told of a node's part of an array.
struct array_facts {
    std::string name;
    std::string type; // of the elements: as in std::type_info, or what Python calls it
    element_kind kind = element_kind::other;
    std::size_t element_bytes = 0;
    bool is_transposed = false; // the program names indices in reverse order
    index_list extents;
    box<dynamic_rank> node_box, stored_box; // without and with ghosts
    const std::byte* data = nullptr;        // of the stored box, row-major
    meeting_words meetings;
    std::uint64_t team = 0;   // the same on all of its nodes
    std::uint64_t number = 0; // among the team's arrays
    int node = 0, nodes = 1;
};

/// As long as it lives, an array of this process stands in the process's file, where `ns.attach()`
/// and nodespan-watch find it. They read the memory from outside; this process takes no part.
class published_array {
public:
    /// Nothing unless NODESPAN_ATTACH is set to something other than 0. The first call makes the
    /// file; where that fails, a line on standard error says why, once. The file goes when the
    /// process ends by exit().
    /// Call:   any thread.
    static std::unique_ptr<published_array> if_wanted(const array_facts& facts) noexcept;

    explicit published_array(std::size_t line) noexcept : line_(line) {}
    ~published_array();
    published_array(const published_array&) = delete;            // a line has one owner
    published_array& operator=(const published_array&) = delete; // a line has one owner

private:
    std::size_t line_;
};

/// The facts as one line of JSON, at most `most_bytes` long: names are cut for that.
std::string line_of(const array_facts& facts, std::uint64_t serial, std::size_t most_bytes);

} // namespace nodespan::detail
