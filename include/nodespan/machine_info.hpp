#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/team.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace NODESPAN_EXPORT nodespan {

/// Properties of one node of a team. Numbers of bytes are 0 if the system does not tell them.
struct node_info {
    std::string host;
    std::string kernel; ///< Release of the operating system's kernel.
    int ranks = 0;
    int sockets = 0;
    int numa_nodes = 0;
    int cores = 0;               ///< Cores that this job may use.
    int hardware_threads = 0;    ///< The same in hardware threads.
    int bound_threads = 0;       ///< Those of them to which the node's ranks are bound, together.
    int numa_nodes_per_rank = 0; ///< The most NUMA nodes that one rank's binding reaches over.
    bool oversubscribed = false; ///< More ranks than hardware threads: waits yield and do not spin.
    std::uint64_t memory_bytes = 0;
    std::uint64_t memory_free_bytes = 0;
    std::uint64_t cgroup_limit_bytes = 0; ///< 0: no limit below the host's memory.
    std::uint64_t cgroup_free_bytes = 0;  ///< Only where there is a limit.
    std::string shared_folder;            ///< What backs shared windows, such as /dev/shm.
    std::uint64_t shared_bytes = 0;
    std::uint64_t shared_free_bytes = 0;
    std::string huge_pages;       ///< When that folder gets huge pages: never, always, advise, ...
    bool populates_pages = false; ///< The kernel provides pages on request (MADV_POPULATE_WRITE).
    bool copies_between_ranks = false; ///< Ranks may copy from each other through the kernel (CMA).
};

/// Whether a feature works here; found out by using it.
enum class trial { not_tried, works, fails };

/// One thing by its name, for people: a component, a card, a setting.
struct machine_fact {
    std::string name, value;
};

/// The machine on which a job runs, and what will cause problems there.
struct machine_info {
    int ranks = 0;
    std::vector<node_info> nodes;     ///< In node order.
    bool simulated_nodes = false;     ///< Real nodes are cut into several.
    std::string mpi_library;          ///< The first line of the library's own words.
    std::string mpi_standard;         ///< Such as 3.1.
    std::string thread_level;         ///< single, funneled, serialized or multiple.
    std::string launcher;             ///< What started rank 0, such as "mpiexec of MPICH (hydra)".
    int launched_ranks = 0;           ///< How many it says it started; 0: it does not say.
    std::vector<machine_fact> fabric; ///< What MPI may use between nodes, as rank 0 sees it.
    std::vector<machine_fact> settings; ///< Those that matter with this MPI, as they are in force.
    std::string rma_components;         ///< Open MPI's `osc` setting; empty: the library chooses.
    std::string rma_chosen_by;          ///< Who set that, such as nodespan or "you (OMPI_MCA_osc)".
    std::string shared_window_model;    ///< MPI_WIN_MODEL: unified or separate; empty: not tried.
    std::string node_window_model;      ///< The same of a window over several nodes.
    trial rma_between_nodes = trial::not_tried;
    std::string rma_message; ///< Why it was not tried, or how it failed.
    bool compare_and_swap_may_crash =
        false;                              ///< Open MPI 4's osc/rdma, on memory of one's own host.
    std::size_t raw_alignment_bytes = 0;    ///< Of MPI_Win_allocate_shared, at worst; 0: not tried.
    std::size_t block_alignment_bytes = 64; ///< Of every array's block.
    std::size_t whole_pages_from_bytes = 64 * 1024; ///< Blocks from here on begin on a page.
    std::size_t page_bytes = 0;
    std::vector<std::string> advice; ///< Full sentences; empty if no problem is expected.
};

/// Looks at every node of the team, and tries small windows inside nodes and between them.
/// Call:   collective over the team; the same result on all ranks.
/// Errors: MPI category, on all ranks. A window that fails is a result, not an error.
/// Cost:   some milliseconds a node, and O(nodes) memory on every rank.
/// Source: MPI 3.1 section 11.2 (windows), 11.4 (memory model), 14.3 (tool variables).
[[nodiscard]] machine_info collect_machine_info(team& team);

/// The same as lines of text, advice last.
[[nodiscard]] std::string to_text(const machine_info& info);

} // namespace nodespan
