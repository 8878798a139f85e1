#pragma once

#include "blocking_watch.hpp"
#include "node_table.hpp"
#include "nodespan/placement.hpp"
#include "shared_window.hpp"
#include "window_room.hpp"

#include <mpi.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace nodespan::detail {

/// Elements as MPI sees them: `count` times `type`, from where the transfer begins.
struct mpi_elements {
    MPI_Datatype type = MPI_BYTE;
    int count = 0;
};

/// The memory of one arena window on every node, for the ranks of all other nodes: each leader
/// exposes its node's part, and is the only target. Every rank is an origin.
///
/// Targets are numbers of nodes, offsets are bytes from the node's begin. Calls only start a
/// transfer; `complete_local` waits until the origin's memory is free or filled, `flush` until
/// targets have what was sent. A call that could overtake an earlier one of this rank to the same
/// bytes waits for that first, so a rank finds what it has written itself.
class rma_window {
public:
    /// Exposes [data, data + bytes) of each leader, in an access epoch that lasts until free().
    /// All windows over nodes are made here, as shared ones are in shared_window::make.
    /// Call:   collective over `comm`, in team order; `may_register` alike on all ranks.
    /// Errors: errc::no_capacity, MPI category; on all ranks.
    /// Source: MPI 3.1 section 11.2.1 (MPI_Win_create), 11.5.3 (MPI_Win_lock_all).
    static std::unique_ptr<rma_window> make(const window_makers& all, MPI_Comm comm,
                                            const placement& ranks, const window_site& site,
                                            std::byte* data, std::size_t bytes, bool may_register);
    ~rma_window(); // MPI_Win_free waits for all ranks, so it is called by name

    rma_window(const rma_window&) = delete;
    rma_window& operator=(const rma_window&) = delete;

    /// Call:   collective over the team.
    void free() noexcept;

    /// `bytes` is how far the elements reach at the target, gaps included. With a request, that
    /// request stands for local completion.
    void get(int node, std::size_t offset, std::size_t bytes, const mpi_elements& target, void* to,
             const mpi_elements& origin, MPI_Request* request = nullptr);
    void put(int node, std::size_t offset, std::size_t bytes, const mpi_elements& target,
             const void* from, const mpi_elements& origin, MPI_Request* request = nullptr);

    /// Memory for a few bytes to put from next, without a wait afterwards: it is not used again
    /// before they have left. So MPI can send many small puts as one message.
    /// Needs bytes <= largest_kept_bytes.
    std::byte* keep(std::size_t bytes);
    static constexpr std::size_t largest_kept_bytes = 1024;

    void accumulate(int node, std::size_t offset, std::size_t bytes, const mpi_elements& target,
                    const void* from, const mpi_elements& origin, MPI_Op op);

    /// One element, in one indivisible step; returns when `before` has what was there.
    /// Source: MPI 3.1 section 11.3.4.
    void fetch_and_op(int node, std::size_t offset, std::size_t bytes, MPI_Datatype type,
                      const void* value, void* before, MPI_Op op);

    /// The same without the wait: `before` is there after a flush.
    void start_fetch_and_op(int node, std::size_t offset, std::size_t bytes, MPI_Datatype type,
                            const void* value, void* before, MPI_Op op);

    void compare_and_swap(int node, std::size_t offset, std::size_t bytes, MPI_Datatype type,
                          const void* expected, const void* desired, void* before);

    /// Remembers what such a call has changed: `before` may come back ahead of the change.
    void answered(int node, std::size_t offset, std::size_t bytes);

    /// Reads words that others change by fetch_and_op, each word whole.
    void read_words(int node, std::size_t offset, std::uint64_t* words, int count);

    /// Waits until all started here may be forgotten by the origin.
    void complete_local();

    /// The same while an error is on its way: memory of the program may end with it.
    void settle() noexcept;

    /// Waits until targets have all that was sent.
    /// Cost:   a round trip a node sent to, or nothing.
    void flush();
    void flush(int node);
    bool is_pending() const noexcept { return !pending_nodes_.empty(); }

    /// MPI's own handle, for those who ask what it says of itself.
    MPI_Win handle() const noexcept { return window_; }

private:
    rma_window(MPI_Comm comm, const placement& ranks, const window_site& site, std::byte* data,
               std::size_t bytes);

    // The bytes between the first and last one touched.
    struct hull {
        std::size_t begin = std::numeric_limits<std::size_t>::max();
        std::size_t end = 0;

        bool meets(std::size_t from, std::size_t to) const { return from < end && begin < to; }
        void add(std::size_t from, std::size_t to);
    };
    struct sent {
        hull put;
        hull accumulated;
        MPI_Op op = MPI_OP_NULL; // of all that is accumulated
        hull answered;           // by calls that return what was there
    };

    // The targets of what was started and not completed locally since, as far as there is room.
    struct few_nodes {
        std::array<int, 3> nodes{};
        std::size_t count = 0;

        void add(int node) noexcept;
        std::span<const int> all() const noexcept { return {nodes.data(), count}; }
    };

    static constexpr int nobody = -1;
    static constexpr int several = -2; // nodes, or one by a request

    int target(int node) const noexcept { return ranks_.first_rank(node); }
    void check(int code, const char* operation);
    void flush_if(bool conflict, int node);
    void flush_changes_of(int node, std::size_t offset, std::size_t bytes);
    void flush_sent_to(int node, std::size_t offset, std::size_t bytes);
    void started(int node, const MPI_Request* request);
    sent& to(int node);
    void complete_local(int node);

    const placement& ranks_;
    waiter me_;
    MPI_Win window_ = MPI_WIN_NULL;
    node_table<sent> sent_;             // to nodes that were sent something since their last flush
    std::vector<int> pending_nodes_;    // those nodes
    int started_node_ = nobody;         // what was started and not completed locally since
    few_nodes started_;                 // the same, for messages
    std::unique_ptr<std::byte[]> kept_; // copies of small puts that may not have left yet
    std::size_t kept_bytes_ = 0;
};

} // namespace nodespan::detail
