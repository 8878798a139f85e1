#include "app.hpp"
#include "gpus.hpp"
#include "standard_output.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <nodespan/machine_info.hpp>
#include <nodespan/version.hpp>

#include <cstdio>
#include <vector>

namespace {

using json = nlohmann::ordered_json; // keys in the order written here

const char* const examples = R"(Examples:
  nodespan-info                            this host, as one rank
  mpirun -n 4 nodespan-info                the ranks of a job, and the nodes they are on
  srun nodespan-info --json > machine.json the same for programs
  NODESPAN_RANKS_PER_NODE=2 mpirun -n 4 nodespan-info
                                           one host cut into two simulated nodes
  mpirun -n 4 nodespan-info --gpu          the nodes' GPUs as well, and how fast arrays reach them

Exit codes: 0 good, 1 failed, 2 bad usage.)";

json to_json(const nodespan::node_info& node) {
    return {{"host", node.host},
            {"kernel", node.kernel},
            {"ranks", node.ranks},
            {"sockets", node.sockets},
            {"numa_nodes", node.numa_nodes},
            {"cores", node.cores},
            {"hardware_threads", node.hardware_threads},
            {"bound_threads", node.bound_threads},
            {"numa_nodes_per_rank", node.numa_nodes_per_rank},
            {"oversubscribed", node.oversubscribed},
            {"memory_bytes", node.memory_bytes},
            {"memory_free_bytes", node.memory_free_bytes},
            {"cgroup_limit_bytes", node.cgroup_limit_bytes},
            {"cgroup_free_bytes", node.cgroup_free_bytes},
            {"shared_folder", node.shared_folder},
            {"shared_bytes", node.shared_bytes},
            {"shared_free_bytes", node.shared_free_bytes},
            {"huge_pages", node.huge_pages},
            {"populates_pages", node.populates_pages},
            {"copies_between_ranks", node.copies_between_ranks}};
}

const char* to_word(nodespan::trial result) {
    switch (result) {
    case nodespan::trial::not_tried:
        return "not tried";
    case nodespan::trial::works:
        return "works";
    case nodespan::trial::fails:
        return "fails";
    }
    return "";
}

json to_json(const nodespan::machine_info& info) {
    json nodes = json::array();
    for (const nodespan::node_info& node : info.nodes) nodes.push_back(to_json(node));
    return {{"version", NODESPAN_VERSION},
            {"ranks", info.ranks},
            {"simulated_nodes", info.simulated_nodes},
            {"nodes", nodes},
            {"mpi_library", info.mpi_library},
            {"mpi_standard", info.mpi_standard},
            {"thread_level", info.thread_level},
            {"rma_components", info.rma_components},
            {"rma_chosen_by", info.rma_chosen_by},
            {"rma_between_nodes", to_word(info.rma_between_nodes)},
            {"rma_message", info.rma_message},
            {"shared_window_model", info.shared_window_model},
            {"node_window_model", info.node_window_model},
            {"raw_alignment_bytes", info.raw_alignment_bytes},
            {"block_alignment_bytes", info.block_alignment_bytes},
            {"whole_pages_from_bytes", info.whole_pages_from_bytes},
            {"page_bytes", info.page_bytes},
            {"advice", info.advice}};
}

} // namespace

int main(int argc, char** argv) {
    CLI::App options("What nodespan finds here: nodes, memory, MPI, and what will hurt",
                     "nodespan-info");
    bool as_json = false, with_gpus = false;
    options.add_flag("--json", as_json, "Print JSON instead of a table");
    options.add_flag("--gpu", with_gpus, "List GPUs, and measure copies from arrays to them");
    options.footer(examples);
    return nodespan::app::run_app(argc, argv, options, [&](nodespan::team& team) {
        const nodespan::machine_info info = nodespan::collect_machine_info(team);
        std::vector<nodespan::info::gpus_of_node> gpus;
        if (with_gpus) gpus = nodespan::info::look_at_gpus(team);
        if (team.rank() != 0) return nodespan::app::good;
        json all = to_json(info);
        if (with_gpus) all["gpus_of_nodes"] = nodespan::info::to_json(gpus);
        nodespan::app::print(as_json ? all.dump(2) + "\n"
                                     : nodespan::to_text(info) + nodespan::info::to_text(gpus));
        return nodespan::app::good;
    });
}
