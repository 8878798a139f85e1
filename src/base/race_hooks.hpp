#pragma once

#include "nodespan/box.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

// What the library tells the race checker. Only the sources that are compiled for the checker
// (NODESPAN_RACE_CHECKER) tell anything; in the library itself these functions are empty, so that
// it holds no branch, no field and no byte for them. docs/races.md says what the checker does.

namespace nodespan {
class distribution;
}

namespace nodespan::detail {

class lock_gate;
class team_core;
struct array_location;
struct block_request;

namespace race {

/// What an access was, for reports.
enum class op : std::uint16_t {
    read,
    write,
    atomic,
    copy_from,
    copy_to,
    get,
    put,
    accumulate,
    gather,
    scatter,
    scatter_add,
    fetch_add,
    compare_exchange,
    get_async,
    put_async,
    ghost_sent,
    ghost_brought,
    collective_read,
    collective_write,
    intent_read, // of code that no compiler marks, as the program says of it
    intent_write
};

/// A thing whose elements are watched.
struct watched {
    std::byte* data = nullptr;
    std::string name;
    box<dynamic_rank> stored; // its elements, by global index
    std::size_t element_bytes = 0;
    bool is_transposed = false;
    std::uint64_t number = 0;              // among those of the team, from 1
    const distribution* indices = nullptr; // block-cyclic: `stored` are places
};

/// Who meets: all ranks of the team, in a fence or in a step of another call, or those of the node.
enum class reach { fence, team, node };

#ifdef NODESPAN_RACE_CHECKER
inline namespace checked {

inline constexpr bool is_checked = true;

std::size_t room(int ranks);
void team_begins(team_core& team, std::byte* memory);
void team_ends(team_core& team) noexcept;

/// A meeting of ranks, from the arrival of this one to its leaving. A meeting that fails orders
/// nothing.
class meeting {
public:
    meeting(team_core& team, reach whose);
    ~meeting();
    meeting(const meeting&) = delete;            // for one scope
    meeting& operator=(const meeting&) = delete; // for one scope

private:
    team_core& team_;
    reach whose_;
    int exceptions_;
};

/// Room behind a block for the shadow of the elements that it stores, and for `sync_words` clocks.
/// All that `request` says of elements must stand in it already.
void makes(team_core& team, block_request& request, const box<dynamic_rank>& stored,
           std::size_t element_bytes, std::size_t sync_words);
/// The block has been made, at `data`.
void made(team_core& team, std::byte* data, const watched& what);
/// `count` words from `begin`, whose clocks are those from number `first` on.
void has_words(const std::byte* data, const void* begin, std::size_t count, std::size_t stride,
               std::size_t first);
/// The array that was made has ghosts, of which some are copies.
void has_ghosts(const array_location& array);
/// The one who works while the node's other ranks wait brings new ghosts now.
void brings_ghosts(const array_location& array);
/// An exchange begins, or was made, at the meeting that this rank has left last.
void ghosts_are_new(const array_location& array);
void ends(const std::byte* data) noexcept;
void knows_far_lock(const lock_gate* gate, const array_location& array, int node);

void locked(const void* words, const lock_gate* gate, bool is_shared);
void unlocks(const void* words, const lock_gate* gate, bool is_shared);
void releases(const void* word, bool is_alone);
void acquired(const void* word);

void copies(const void* to, const void* from, std::size_t bytes, const void* where);
void reads(const void* from, std::size_t bytes, const void* where);
void writes(const void* to, std::size_t bytes, const void* where);
/// Values that a collective call reads, and perhaps changes.
void takes_part(const void* values, std::size_t bytes, bool changes, const void* where);
void touches(const array_location& array, const box<dynamic_rank>& patch, op what,
             const void* where);
void touches(const array_location& array, const index_t* places, std::size_t count, op what,
             const void* where);
void touches(const void* begin, const index_list& extents, const index_list& strides,
             std::size_t element_bytes, op what, const void* where);

/// Between its making and its end, what this thread copies is not the program's doing, and meetings
/// order nothing that the program may count on.
class inside {
public:
    inside() noexcept;
    ~inside();
    inside(const inside&) = delete;            // for one scope
    inside& operator=(const inside&) = delete; // for one scope
};

} // namespace checked
#else
inline namespace unchecked {

inline constexpr bool is_checked = false;

constexpr std::size_t room(int) {
    return 0;
}
template <class... Any>
constexpr void team_begins(const Any&...) {}
template <class... Any>
constexpr void team_ends(const Any&...) {}
inline void makes(team_core&, block_request&, const box<dynamic_rank>&, std::size_t, std::size_t) {}
inline void made(team_core&, std::byte*, const watched&) {}
template <class... Any>
constexpr void has_words(const Any&...) {}
template <class... Any>
constexpr void has_ghosts(const Any&...) {}
template <class... Any>
constexpr void brings_ghosts(const Any&...) {}
template <class... Any>
constexpr void ghosts_are_new(const Any&...) {}
template <class... Any>
constexpr void ends(const Any&...) {}
template <class... Any>
constexpr void knows_far_lock(const Any&...) {}
template <class... Any>
constexpr void locked(const Any&...) {}
template <class... Any>
constexpr void unlocks(const Any&...) {}
template <class... Any>
constexpr void releases(const Any&...) {}
template <class... Any>
constexpr void acquired(const Any&...) {}
template <class... Any>
constexpr void copies(const Any&...) {}
template <class... Any>
constexpr void reads(const Any&...) {}
template <class... Any>
constexpr void writes(const Any&...) {}
template <class... Any>
constexpr void takes_part(const Any&...) {}
template <class... Any>
constexpr void touches(const Any&...) {}

struct inside {
    constexpr inside() noexcept {}
};

struct meeting {
    constexpr meeting(const team_core&, reach) noexcept {}
};

} // namespace unchecked
#endif

} // namespace race
} // namespace nodespan::detail
