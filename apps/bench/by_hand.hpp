#pragma once

#include "timing.hpp"

#include <mpi.h>
#include <nodespan/box.hpp>
#include <nodespan/team.hpp>

#include <cstddef>
#include <memory>

namespace nodespan::bench {

// What one would write with MPI alone, to measure against.

/// Memory on page boundaries, touched: neither side pays for pages or for odd addresses.
class page_memory {
public:
    explicit page_memory(std::size_t bytes);

    double* doubles() const noexcept { return data_.get(); }

private:
    struct release {
        void operator()(double* data) const noexcept;
    };
    std::unique_ptr<double, release> data_;
};

/// A window over memory of one rank. `always_open` ones are locked for all from begin to end.
class mpi_window {
public:
    enum class access { always_open, by_lock };

    /// Call: collective; `memory` is used on rank `target`. Ended in the same order on all ranks.
    mpi_window(const team& team, int target, const page_memory& memory, std::size_t bytes,
               access how = access::always_open);
    ~mpi_window();
    mpi_window(const mpi_window&) = delete;
    mpi_window& operator=(const mpi_window&) = delete;

    MPI_Win get() const noexcept { return window_; }
    int target() const noexcept { return target_; }

private:
    MPI_Win window_ = MPI_WIN_NULL;
    int target_;
    access how_;
};

/// A shared window as MPI makes it, one part a rank, locked by whoever wants it.
class mpi_shared_window {
public:
    mpi_shared_window(const team& team, std::size_t bytes_a_rank);
    ~mpi_shared_window();
    mpi_shared_window(const mpi_shared_window&) = delete;
    mpi_shared_window& operator=(const mpi_shared_window&) = delete;

    MPI_Win get() const noexcept { return window_; }

private:
    MPI_Win window_ = MPI_WIN_NULL;
};

/// A committed datatype for a patch of doubles in a row-major block: what a program keeps that
/// moves the same shape again and again.
class ready_type {
public:
    ready_type(const index_list& block, const index_list& patch);
    ~ready_type();
    ready_type(const ready_type&) = delete;
    ready_type& operator=(const ready_type&) = delete;

    MPI_Datatype get() const noexcept { return type_; }

private:
    MPI_Datatype type_ = MPI_DATATYPE_NULL;
};

/// Throws where MPI says that a call failed.
void require(int code, const char* call);

/// Whether the team is one node of two ranks or more.
bool has_node_peers(const team& team);
bool has_several_nodes(const team& team);

/// The same, and where not, rank 0 says that the case is left out.
bool require_node_peers(const team& team, const char* name);

/// The rank that holds what rank 0 reaches for, and where a window of one's own would be: the last
/// node's first rank, or the last rank where there is one node.
int far_rank(const team& team);

/// Rank 0 works; the others wait in a fence, where leaders serve what comes.
template <class Once>
workload on_rank_0(team& team, Once once) {
    return [&team, once](long count) mutable {
        if (team.rank() == 0)
            for (; count > 0; --count) once();
        team.fence();
    };
}

/// The same where the loop is part of what is measured: some() does `count` of it.
template <class Some>
workload loop_on_rank_0(team& team, Some some) {
    return [&team, some](long count) mutable {
        if (team.rank() == 0) some(count);
        team.fence();
    };
}

/// All ranks work, at the same time.
template <class Once>
workload on_all(team& team, Once once) {
    return [&team, once](long count) mutable {
        for (; count > 0; --count) once();
        team.fence();
    };
}

/// on_rank_0 for calls of MPI, whose target has to take part: on one node a fence is not MPI's.
template <class Once>
workload on_rank_0_by_mpi(team& team, Once once) {
    return [&team, once](long count) mutable {
        if (team.rank() == 0)
            for (; count > 0; --count) once();
        if (team.nodes() > 1)
            team.fence();
        else
            MPI_Barrier(team.comm());
    };
}

} // namespace nodespan::bench
