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

/// Elements as MPI sees them: `count` times `type`, from the begin of the transfer.
struct mpi_elements {
    MPI_Datatype type = MPI_BYTE;
    int count = 0;
};

/// The memory of one arena window on every node, for the ranks of all other nodes. Each leader
/// exposes the part of its node, and is the only target there; every rank is an origin.
///
/// Targets are given by the number of the node, offsets in bytes from the begin of the node's part.
/// Calls only start a transfer. `complete_local` waits until the origin's memory is free or filled,
/// `flush` until the targets have what was sent. If a call could overtake an earlier one of this
/// rank to the same bytes, it first waits for that one; so a rank finds what it has written itself.
class rma_window {
public:
    /// Exposes [data, data + bytes) of each leader, in an access epoch that lasts until free(). All
    /// windows over nodes are made here, as shared ones are made in shared_window::make.
    /// Call:   collective over `comm`, in team order; `may_register` is the same on all ranks.
    /// Errors: errc::no_capacity, MPI category; on all ranks.
    /// Source: MPI 3.1 section 11.2.1 (MPI_Win_create), 11.5.3 (MPI_Win_lock_all).
    static std::unique_ptr<rma_window> make(const window_makers& all, MPI_Comm comm,
                                            const placement& ranks, const window_site& site,
                                            std::byte* data, std::size_t bytes, bool may_register);
    ~rma_window(); // does not free: MPI_Win_free waits for all ranks, so call free()

    rma_window(const rma_window&) = delete;
    rma_window& operator=(const rma_window&) = delete;

    /// Call:   collective over the team.
    void free() noexcept;

    /// `bytes` is the distance from the first to the end of the last element at the target, gaps
    /// included. With a request, that request stands for local completion.
    void get(int node, std::size_t offset, std::size_t bytes, const mpi_elements& target, void* to,
             const mpi_elements& origin, MPI_Request* request = nullptr);
    void put(int node, std::size_t offset, std::size_t bytes, const mpi_elements& target,
             const void* from, const mpi_elements& origin, MPI_Request* request = nullptr);

    /// Returns memory for a few bytes that are put next without waiting; it is not used again
    /// before they have left. So MPI can send many small puts as one message. Needs bytes <=
    /// largest_kept_bytes.
    std::byte* keep(std::size_t bytes);
    static constexpr std::size_t largest_kept_bytes = 1024;

    void accumulate(int node, std::size_t offset, std::size_t bytes, const mpi_elements& target,
                    const void* from, const mpi_elements& origin, MPI_Op op);

    /// Changes one element in one indivisible step; returns when `before` has the old value.
    /// Source: MPI 3.1 section 11.3.4.
    void fetch_and_op(int node, std::size_t offset, std::size_t bytes, MPI_Datatype type,
                      const void* value, void* before, MPI_Op op);

    /// The same without waiting: `before` has the value after a flush.
    void start_fetch_and_op(int node, std::size_t offset, std::size_t bytes, MPI_Datatype type,
                            const void* value, void* before, MPI_Op op);

    void compare_and_swap(int node, std::size_t offset, std::size_t bytes, MPI_Datatype type,
                          const void* expected, const void* desired, void* before);

    /// Records what such a call has changed: `before` may arrive before the change is made.
    void answered(int node, std::size_t offset, std::size_t bytes);

    /// Reads words that other ranks change by fetch_and_op; each word is read whole.
    void read_words(int node, std::size_t offset, std::uint64_t* words, int count);

    /// Waits until MPI no longer uses the origin's memory for anything started here.
    void complete_local();

    /// The same while an error is being thrown, after which memory of the program may end.
    void settle() noexcept;

    /// Waits until the targets have all that was sent.
    /// Cost:   a round trip to each node that was sent something, or nothing.
    void flush();
    void flush(int node);
    bool is_pending() const noexcept { return !pending_nodes_.empty(); }

    /// MPI's handle, for code that asks MPI about the window.
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
        MPI_Op op = MPI_OP_NULL; // of all accumulates
        hull answered;           // by calls that return the old value
    };

    // The targets of transfers that were started and not yet completed locally, as far as there is
    // room.
    struct few_nodes {
        std::array<int, 3> nodes{};
        std::size_t count = 0;

        void add(int node) noexcept;
        std::span<const int> all() const noexcept { return {nodes.data(), count}; }
    };

    static constexpr int nobody = -1;
    static constexpr int several = -2; // several nodes, or one with a request

    int target(int node) const noexcept { return ranks_.first_rank(node); }
    void check(int code, const char* operation);
    void flush_if(bool conflict, int node);
    void flush_changes_of(int node, std::size_t offset, std::size_t bytes);
    void flush_sent_to(int node, std::size_t offset, std::size_t bytes);
    void started(int node, const MPI_Request* request);
    sent& to(int node);
    void complete_local(int node);
    void offer_core() const noexcept;
    template <class Flush>
    void flushing(Flush&& flush, const char* call); // one that blocks

    const placement& ranks_;
    waiter me_;
    bool shares_cores_ = false;
    MPI_Win window_ = MPI_WIN_NULL;
    node_table<sent> sent_;             // what nodes were sent since their last flush
    std::vector<int> pending_nodes_;    // those nodes
    int started_node_ = nobody;         // of transfers not yet completed locally
    few_nodes started_;                 // the same, for messages
    std::unique_ptr<std::byte[]> kept_; // copies of small puts that may not have left yet
    std::size_t kept_bytes_ = 0;
};

} // namespace nodespan::detail
