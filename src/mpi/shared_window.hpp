#pragma once

#include "blocking_watch.hpp"
#include "window_room.hpp"

#include <mpi.h>

#include <cstddef>
#include <functional>
#include <optional>

namespace nodespan::detail {

/// The ranks that make a window together.
struct window_makers {
    std::function<void(const std::optional<error>&)> agree; // throws on all ranks the error of one
    std::optional<waiter> me;                               // nothing before there is a team
};

/// One MPI shared window of a node: `bytes()` bytes from a page boundary on, which all its ranks
/// see. A node of one rank has a mapping of its own instead, which MPI_Finalize leaves alone.
class shared_window {
public:
    shared_window() = default;

    /// Makes the window; its leader, node rank 0, provides all of it. Touches no page. All windows
    /// are made here: ranks compare the request with their limits and agree before they call MPI,
    /// because MPI would hang if it failed on some ranks only.
    /// Call:   collective over `all`, which are all ranks of one or more nodes.
    /// Errors: errc::no_capacity, MPI category; on all ranks.
    /// Cost:   two agreements beside the window.
    /// Source: MPI 3.1 section 11.2.3.
    static shared_window make(const window_makers& all, MPI_Comm node, const window_site& site,
                              std::size_t bytes);

    shared_window(shared_window&& other) noexcept { swap(other); }
    shared_window& operator=(shared_window&& other) noexcept {
        swap(other);
        return *this;
    }
    shared_window(const shared_window&) = delete;
    shared_window& operator=(const shared_window&) = delete;

    /// Does not free the window: MPI_Win_free waits for all ranks, so call free().
    ~shared_window() = default;

    /// Frees the window.
    /// Call:   collective over the node.
    void free() noexcept;

    std::byte* data() const noexcept { return data_; }
    std::size_t bytes() const noexcept { return bytes_; }

    /// MPI's handle, for code that asks MPI about the window; MPI_WIN_NULL on a node of one rank.
    MPI_Win handle() const noexcept { return window_; }

private:
    shared_window(MPI_Comm node, const window_site& site, std::size_t bytes);
    void map_own(const window_site& site);
    void share(MPI_Comm node, const window_site& site);
    void swap(shared_window& other) noexcept;

    MPI_Win window_ = MPI_WIN_NULL;
    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
};

} // namespace nodespan::detail
