#pragma once

#include "occasion.hpp"
#include "wait.hpp"

#include <cstddef>
#include <functional>
#include <string>

namespace nodespan::detail {

/// Where the ranks of a node tell each other that they have come to one meeting for calls of
/// different kinds, such as a fence and the end of the team. The first rank that sees it asks for
/// the text of one that came for something else and writes the message; all throw it. After that
/// the team is at its end. Costs nothing before: who meets compares kinds, see node_barrier.
class mixed_calls {
public:
    /// Bytes of shared memory that `ranks` ranks need; it must be zeroed and aligned to 128.
    static std::size_t bytes(int ranks);

    /// `first_rank`, the team's number of node rank 0, is only for messages.
    mixed_calls(void* memory, int rank, int first_rank) noexcept;

    /// Whether calls are mixed, as some rank has seen.
    bool are_known() const noexcept {
        return shared_->state.load(std::memory_order_acquire) != unknown;
    }

    /// Says that this rank came for `mine` and node rank `other` for something else, and throws. If
    /// another rank has said so already, throws what that one says. `wake` wakes the ranks that
    /// sleep in a meeting. The text of a rank that does not tell it within two seconds is left out.
    /// Errors: errc::mismatched_arguments.
    [[noreturn]] void found(const occasion& mine, int other, const std::function<void()>& wake);

    /// Throws what another rank has found, once that has been written; tells it for what this one
    /// came.
    /// Errors: errc::mismatched_arguments.
    [[noreturn]] void join(const occasion& mine);

    /// Leaders: gives this node the message about calls of different nodes.
    void tell(const std::string& message) noexcept;

    /// "ranks are in different calls: rank 0 is in ..., rank 1 in ...".
    static std::string message(int rank, const std::string& call, int other,
                               const std::string& other_call);

private:
    static constexpr std::uint32_t unknown = 0, being_written = 1, written = 2;

    struct alignas(128) line {
        shared_word told;
        char text[124];
    };
    struct alignas(128) layout {
        shared_word state;
        char message[508];
        line ranks[1]; // as many as the node has
    };

    void show(const occasion& mine) noexcept;
    [[noreturn]] void throw_message() const;

    layout* shared_;
    int rank_;
    int first_rank_;
};

} // namespace nodespan::detail
