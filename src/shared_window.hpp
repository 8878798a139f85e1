#pragma once

#include <mpi.h>

#include <cstddef>

namespace nodespan::detail {

/// One MPI shared window of a node: `bytes()` bytes, on a page boundary, that all its ranks see.
class shared_window {
public:
    shared_window() = default;

    /// Makes the window; its leader, node rank 0, holds all of it. No page is touched.
    /// Call:   collective over `node`. The memory must be there: Open MPI hangs where it is not.
    /// Errors: MPI category, on the rank where it happened.
    /// Source: MPI 3.1 section 11.2.3.
    shared_window(MPI_Comm node, bool is_leader, std::size_t bytes);

    shared_window(shared_window&& other) noexcept { swap(other); }
    shared_window& operator=(shared_window&& other) noexcept {
        swap(other);
        return *this;
    }
    shared_window(const shared_window&) = delete;
    shared_window& operator=(const shared_window&) = delete;

    /// Does not free the window: MPI_Win_free waits for all ranks, so it is called by name.
    ~shared_window() = default;

    /// Frees the window. Call: collective over the node.
    void free() noexcept;

    std::byte* data() const noexcept { return data_; }
    std::size_t bytes() const noexcept { return bytes_; }

private:
    void swap(shared_window& other) noexcept;

    MPI_Win window_ = MPI_WIN_NULL;
    std::byte* data_ = nullptr;
    std::size_t bytes_ = 0;
};

/// The size of a page of memory, in bytes.
std::size_t page_bytes() noexcept;

} // namespace nodespan::detail
