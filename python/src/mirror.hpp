#pragma once

#include <cstddef>

namespace nodespan::python {

/// A second mapping of memory that a node's ranks share: what views of Python's look at.
///
/// MPI_Finalize takes its own mapping away, while ndarrays may be looked at as long as the process
/// lives. What no other rank maps is mapped by nobody a second time, and stays anyway.
class mirror {
public:
    /// Maps `bytes` bytes from `data` on once more. Cost: a system call, and a page fault for each
    /// page that is touched here, though no new page.
    mirror(std::byte* data, std::size_t bytes) noexcept;
    ~mirror();
    mirror(const mirror&) = delete;            // mapped once
    mirror& operator=(const mirror&) = delete; // mapped once

    std::byte* data() const noexcept { return data_; }

private:
    std::byte* data_;
    void* pages_ = nullptr; // null: there is no second mapping
    std::size_t bytes_ = 0;
};

/// The same memory where the library knows it, of all that lies in one mirror: so that collectives
/// find values that all ranks of the node can reach. Call: with the GIL.
std::byte* where_shared(std::byte* data, std::size_t bytes) noexcept;

} // namespace nodespan::python
