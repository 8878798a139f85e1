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
    std::function<void(const std::optional<error>&)> agree; // throws on all what one of them brings
    std::optional<waiter> me;                               // nothing before there is a team
};

/// One MPI shared window of a node: `bytes()` bytes, on a page boundary, that all its ranks see.
class shared_window {
public:
    shared_window() = default;

    /// Makes the window; its leader, node rank 0, holds all of it. No page is touched. All windows
    /// are made here: ranks look at their limits and agree before MPI is called, which would hang
    /// where it fails on some ranks only.
    /// Call:   collective over `all`, which are whole nodes of ranks.
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

    /// Does not free the window: MPI_Win_free waits for all ranks, so it is called by name.
    ~shared_window() = default;

    /// Frees the window.
    /// Call:   collective over the node.
    void free() noexcept;

    std::byte* data() const noexcept { return data_; }
    std::size_t bytes() const noexcept { return bytes_; }

    /// MPI's own handle, for those who ask what it says of itself.
    MPI_Win handle() const noexcept { return window_; }

private:
    shared_window(MPI_Comm node, const window_site& site, std::size_t bytes);
    void swap(shared_window& other) noexcept;

    MPI_Win window_ = MPI_WIN_NULL;
    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
};

} // namespace nodespan::detail
