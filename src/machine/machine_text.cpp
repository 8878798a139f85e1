#include "machine_parts.hpp"
#include "nodespan/machine_info.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace nodespan {
namespace {

std::string text_of_bytes(std::uint64_t bytes) {
    const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    for (; value >= 1024 && unit + 1 < std::size(units); ++unit) value /= 1024;
    return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.4g} {}", value, units[unit]);
}

class adviser {
public:
    explicit adviser(const machine_info& info) : info_(info) {}

    // One sentence for any number of hosts: `text` of the first one, and the number of the others.
    template <class Holds, class Text>
    void add(Holds&& holds, Text&& text) {
        const node_info* first = nullptr;
        std::set<std::string> hosts; // simulated nodes share theirs
        for (const node_info& node : info_.nodes) {
            if (!holds(node)) continue;
            if (first == nullptr) first = &node;
            hosts.insert(node.host);
        }
        if (first == nullptr) return;
        const std::string others =
            hosts.size() > 1 ? fmt::format(" and {} more", hosts.size() - 1) : "";
        lines_.push_back(fmt::format("{}{}: {}", first->host, others, text(*first)));
    }

    void add(std::string text) { lines_.push_back(std::move(text)); }
    std::vector<std::string> take() { return std::move(lines_); }

private:
    const machine_info& info_;
    std::vector<std::string> lines_;
};

// Some settings exist only in Open MPI.
bool has_open_mpi(const machine_info& info) {
    return info.mpi_library.starts_with("Open MPI");
}

void advise_on_memory(adviser& advice, bool is_open_mpi) {
    advice.add(
        [](const node_info& n) {
            const auto memory = n.cgroup_limit_bytes != 0 ? n.cgroup_limit_bytes : n.memory_bytes;
            return n.shared_bytes < memory / 4;
        },
        [&](const node_info& n) {
            return fmt::format("{0} holds only {1}, and arrays live there. Enlarge it (mount -o "
                               "remount,size=... {0}; docker run --shm-size=...){2}.",
                               n.shared_folder, text_of_bytes(n.shared_bytes),
                               is_open_mpi ? " or set OMPI_MCA_osc_sm_backing_directory to a "
                                             "larger tmpfs"
                                           : "");
        });
    advice.add([](const node_info& n) { return n.cgroup_limit_bytes != 0; },
               [](const node_info& n) {
                   return fmt::format("a memory limit of {} (cgroup) is below the host's {}; "
                                      "shared arrays count against it. Raise it where that is too "
                                      "little (Slurm: --mem=..., docker run --memory=...).",
                                      text_of_bytes(n.cgroup_limit_bytes),
                                      text_of_bytes(n.memory_bytes));
               });
    advice.add([](const node_info& n) { return !n.populates_pages; },
               [](const node_info& n) {
                   return fmt::format("kernel {} cannot back pages on request (MADV_POPULATE_WRITE "
                                      "came with Linux 5.14): memory that runs out while an array "
                                      "is made ends the job instead of throwing.",
                                      n.kernel);
               });
}

void advise_on_processors(adviser& advice, bool is_open_mpi) {
    advice.add([](const node_info& n) { return n.oversubscribed; },
               [&](const node_info& n) {
                   return fmt::format("more ranks than the {} hardware threads they are bound to: "
                                      "waits in nodespan yield; {}use fewer ranks.",
                                      n.bound_threads,
                                      is_open_mpi
                                          ? "set OMPI_MCA_mpi_yield_when_idle=1 so that the "
                                            "program's own MPI calls do, or "
                                          : "those in this MPI's own calls may not: ");
               });
    advice.add([](const node_info& n) { return n.numa_nodes > 1 && n.numa_nodes_per_rank > 1; },
               [](const node_info& n) {
                   return fmt::format("ranks may wander over {} of {} NUMA nodes, away from the "
                                      "memory they touched first. Bind them: mpirun --map-by numa "
                                      "--bind-to core, srun --cpu-bind=cores.",
                                      n.numa_nodes_per_rank, n.numa_nodes);
               });
    advice.add([](const node_info& n) { return n.ranks > 1 && !n.copies_between_ranks; },
               [&](const node_info&) {
                   return fmt::format(
                       "ranks may not read each other's memory through the kernel, so MPI "
                       "copies large messages inside a node twice (arrays need none). Allow it: "
                       "sysctl kernel.yama.ptrace_scope=0, docker run --cap-add=SYS_PTRACE{}.",
                       is_open_mpi ? "; or silence Open MPI: "
                                     "OMPI_MCA_btl_vader_single_copy_mechanism=none"
                                   : "");
               });
}

void advise_on_mpi(adviser& advice, const machine_info& info, const std::string& rma_cure) {
    if (info.rma_between_nodes == trial::fails) advice.add(rma_cure + ".");
    if (info.shared_window_model.empty())
        advice.add("Shared memory is full on at least one node: nothing was tried there.");
}

class table {
public:
    void row(const std::string& name, const std::string& value) {
        text_ += value.empty() ? "" : fmt::format("{:<24}{}\n", name, value);
    }
    void line(const std::string& value) { text_ += value + "\n"; }
    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

std::string yes_or(bool yes, const char* otherwise) {
    return yes ? "yes" : otherwise;
}

std::string free_of(std::uint64_t free, std::uint64_t all) {
    return all == 0 ? "unknown"
                    : fmt::format("{} free of {}", text_of_bytes(free), text_of_bytes(all));
}

// Nothing for users who override already, nor if the variable has no effect.
const char* hint_to_override(const machine_info& info) {
    const bool is_users = info.rma_chosen_by.starts_with("you");
    return is_users || !has_open_mpi(info) ? ""
                                           : " (to override: set OMPI_MCA_osc in the environment)";
}

void add_job(table& out, const machine_info& info) {
    out.row("ranks", fmt::format("{} on {} {}node{}", info.ranks, info.nodes.size(),
                                 info.simulated_nodes ? "simulated " : "",
                                 info.nodes.size() == 1 ? "" : "s"));
    out.row("MPI", info.mpi_library);
    out.row("MPI standard", fmt::format("{}, threads: {}", info.mpi_standard, info.thread_level));
    if (has_open_mpi(info)) {
        out.row("RMA components", info.rma_components.empty() ? "all that the library has"
                                                              : "osc = " + info.rma_components);
        out.row("  chosen by", info.rma_chosen_by + hint_to_override(info));
    }
    out.row("launcher", info.launcher);
    out.row("RMA between nodes",
            info.rma_between_nodes == trial::works       ? "works, model " + info.node_window_model
            : info.rma_between_nodes == trial::not_tried ? "not tried: " + info.rma_message
                                                         : "fails: " + info.rma_message);
    out.row("shared windows",
            info.shared_window_model.empty()
                ? "not tried: shared memory is full"
                : fmt::format("model {}, addresses aligned to {} B", info.shared_window_model,
                              info.raw_alignment_bytes));
    out.row("array blocks",
            fmt::format("aligned to {} B; from {} to pages of {}", info.block_alignment_bytes,
                        text_of_bytes(info.whole_pages_from_bytes),
                        text_of_bytes(info.page_bytes)));
}

std::string count_of(std::int64_t n, const char* one) {
    return fmt::format("{} {}{}", n, one, n == 1 ? "" : "s");
}

void add_node(table& out, std::size_t number, const node_info& node) {
    out.line(fmt::format("\nnode {}: {}, Linux {}", number, node.host, node.kernel));
    out.row("  ranks", fmt::format("{} bound to {}{}", node.ranks,
                                   count_of(node.bound_threads, "hardware thread"),
                                   node.oversubscribed ? " (oversubscribed)" : ""));
    out.row("  processors", count_of(node.cores, "core") + ", " +
                                count_of(node.hardware_threads, "hardware thread") + ", " +
                                count_of(node.sockets, "socket") + ", " +
                                count_of(node.numa_nodes, "NUMA node"));
    out.row("  memory", free_of(node.memory_free_bytes, node.memory_bytes));
    out.row("  memory limit", node.cgroup_limit_bytes == 0
                                  ? "none below that"
                                  : free_of(node.cgroup_free_bytes, node.cgroup_limit_bytes));
    out.row("  " + node.shared_folder, free_of(node.shared_free_bytes, node.shared_bytes));
    out.row("  huge pages there", node.huge_pages);
    out.row("  pages on request", yes_or(node.populates_pages, "no (kernel before 5.14)"));
    out.row("  CMA between ranks", yes_or(node.copies_between_ranks, "not allowed"));
}

void add_facts(table& out, const char* title, const std::vector<machine_fact>& facts) {
    out.line(title);
    for (const machine_fact& fact : facts)
        out.line(fmt::format("  {:<40}  {}", fact.name, fact.value));
}

} // namespace

std::vector<std::string> detail::advice_for(const machine_info& info, const std::string& rma_cure) {
    adviser advice(info);
    const bool is_open_mpi = has_open_mpi(info);
    advise_on_memory(advice, is_open_mpi);
    advise_on_processors(advice, is_open_mpi);
    advise_on_mpi(advice, info, rma_cure);
    return advice.take();
}

std::string to_text(const machine_info& info) {
    table out;
    add_job(out, info);
    for (std::size_t n = 0; n < info.nodes.size(); ++n) add_node(out, n, info.nodes[n]);
    add_facts(out, "\nMPI between nodes", info.fabric);
    add_facts(out, "\nsettings that matter here", info.settings);
    if (info.advice.empty()) return out.take();
    out.line("\nadvice");
    for (const std::string& line : info.advice) out.line("  - " + line);
    return out.take();
}

} // namespace nodespan
