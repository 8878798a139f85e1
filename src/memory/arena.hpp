#pragma once

#include "arena_window.hpp"
#include "endings.hpp"
#include "interval_set.hpp"
#include "nodespan/error.hpp"
#include "nodespan/mutex.hpp"
#include "rma_window.hpp"
#include "team_core.hpp"
#include "unfinished.hpp"

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nodespan::detail {

/// The bytes that every node keeps beside the elements of an array, at the same offset everywhere.
/// They are zeroed when the array is made. The arena uses one word of them; the others belong to
/// higher layers.
struct block_words {
    static constexpr std::size_t bytes = 384;
    static constexpr std::size_t alignment = 128;

    shared_word released; // ranks of this node that have freed the block
};

/// What an array asks of the arena. Byte ranges count from the begin of the block.
struct block_request {
    std::size_t reserved_bytes = 0; // on every node, the same: the largest node's need
    std::size_t node_bytes = 0;     // what this node really uses
    // What this rank touches first; together the node's ranks cover all. It is called only once
    // room is known to exist, since the result can have a range for each row.
    std::function<std::vector<byte_range>()> mine;
    bool zeroed = true;
    std::uint64_t fingerprint = 0; // of all arguments: must be equal on all ranks
    std::string description;       // for messages, such as array<double,2>({1000, 64})
};

/// The part of a rank in blocks that all ranks share: an equal part of `bytes` bytes.
std::vector<byte_range> even_part(std::size_t bytes, const team_core& team);

/// A piece of an arena's memory.
struct block {
    std::size_t window = 0;
    std::size_t offset = 0; // of the elements
    std::size_t header_offset = 0;
    std::size_t reserved_bytes = 0;
    std::size_t node_bytes = 0;
    std::byte* data = nullptr;
    std::byte* header = nullptr;             // begins with block_words
    rma_window* rma = nullptr;               // access to other nodes, if there are any
    std::uint64_t number = 0;                // number among all that the team has made, from 1
    std::shared_ptr<const std::string> text; // for messages
};

/// Where a team's arrays lie: a few large windows, sub-allocated at the same offset on every node.
///
/// Every rank keeps the same records by making the same calls, so freeing needs no communication,
/// and allocating needs two meetings: one to agree, one when memory is ready. Pages are backed
/// before an array exists, by the ranks that will use them; what is not there is an error, not a
/// SIGBUS. Freed blocks stay backed for the next array, up to a bound. Beyond it a team of one node
/// gives pages back to the system. Pages of a window that other nodes can reach may be known to
/// a network card, which would go on with the old ones: they stay what they are until the window
/// ends, and one without arrays ends when another array is made.
class arena : public team_core::attachment {
public:
    /// The arena of a team; the first call makes it. No communication.
    static arena& of(team_core& team);

    explicit arena(team_core& team);

    /// Call:   collective over the team. `request` is a result, so that a rank whose arguments are
    ///         wrong takes part in the agreement instead of leaving the others waiting.
    /// Errors: what `request` holds; errc::mismatched_arguments, also where ranks have not ended
    ///         the same arrays in the same order; errc::no_capacity; MPI category. The same error
    ///         on all ranks, and the arena is as before.
    block allocate(const std::optional<error>& refused, const block_request& request);

    /// Gives a block back. arena.cpp explains why that needs no communication.
    /// Call:   each rank for itself, in the same order on all; never waits.
    void free(const block& given) noexcept;

    /// Takes over messages to and from arrays that have ended. No bytes are used again before they
    /// are done.
    void leave(std::list<unfinished>& messages) noexcept { left_.splice(left_.end(), messages); }

    /// Where `bytes` bytes of program memory lie in the windows, so that node peers can find them;
    /// nothing if they lie elsewhere. No communication.
    struct window_location {
        std::int64_t window = -1;
        std::uint64_t offset = 0;
    };
    std::optional<window_location> find(const void* begin, std::size_t bytes) const noexcept;
    std::byte* address_of(const window_location& where) const noexcept {
        return windows_[static_cast<std::size_t>(where.window)].memory.data() + where.offset;
    }

    /// Waits until all that this rank has sent has arrived.
    /// Errors: MPI category.
    void flush() override;

    /// Frees all windows.
    /// Call:   collective over the team.
    void release() noexcept override;

private:
    bool is_exposed() const { return team_.placement()->nodes() > 1; }
    window_site site() const { return team_.site(directory_); }
    std::size_t next_window() const noexcept;
    std::optional<block> find_block(const block_request& request);
    std::optional<block> place_in(std::size_t number, const block_request& request);
    void forget(const block& placed);
    void agree_on_request(const std::optional<error>& mine, const block_request& request,
                          const std::optional<block>& placed, std::uint64_t& most_bytes);
    std::optional<error> check_capacity(const block_request& request,
                                        const std::optional<block>& placed,
                                        const std::vector<byte_range>& mine,
                                        std::uint64_t& most_bytes) const;
    std::optional<error> check_pages(const block_request& request, const block& placed,
                                     const std::vector<byte_range>& mine) const;
    bool end_unused_windows(bool needs_room) noexcept;
    void all_gave_back();
    std::uint64_t backed_in_unused_windows() const noexcept;
    block block_in_new_window(const block_request& request, std::vector<byte_range>& mine,
                              std::uint64_t most_bytes);
    bool can_give_back(arena_window& fresh);
    void back_new_window(const block& placed, const std::vector<byte_range>& mine,
                         std::optional<error> problem, bool is_whole);
    std::optional<error> prepare(const block& placed, const block_request& request,
                                 const std::vector<byte_range>& mine);
    error ran_out(const std::vector<byte_range>& mine) const;
    [[noreturn]] void throw_for_all(const std::optional<error>& mine, const occasion& why);
    bool keeps_too_much() const noexcept;
    void finish_left();
    void give_back(const arena_window& from, byte_range pages) const noexcept;

    team_core& team_;
    std::string directory_;
    bool is_private_;            // a node of one rank: its window is ordinary memory
    bool returnable_ = true;     // whether the system takes back pages of a window
    std::size_t live_bytes_ = 0; // of blocks in use,
    std::size_t live_blocks_ = 0;
    std::uint64_t made_ = 0; // the number of blocks made so far
    endings endings_;
    std::vector<arena_window> windows_; // some may have ended
    std::list<unfinished> left_;        // messages of arrays that have ended
};

} // namespace nodespan::detail
