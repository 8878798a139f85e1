#include "app.hpp"
#include "check.hpp"
#include "gpus.hpp"
#include "messages.hpp"
#include "probe_guard.hpp"
#include "results.hpp"
#include "usage.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <nodespan/machine_info.hpp>
#include <nodespan/version.hpp>

#include <cstdio>
#include <limits>
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
  mpirun -n 4 nodespan-info --check        tries what programs need of MPI, says what is wrong, and
                                           what helps; two ranks or more, best on two nodes

Exit codes: 0 good, 1 failed, or something is wrong (--check), 2 bad usage.)";

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

json to_json(const std::vector<nodespan::machine_fact>& facts) {
    json result = json::object();
    for (const nodespan::machine_fact& fact : facts) result[fact.name] = fact.value;
    return result;
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
            {"launcher", info.launcher},
            {"fabric", to_json(info.fabric)},
            {"settings", to_json(info.settings)},
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

struct settings {
    nodespan::app::output_options output;
    bool with_gpus = false;
    bool with_check = false;
    double seconds_a_probe = 10;
};

struct report {
    nodespan::machine_info info;
    std::vector<nodespan::info::gpus_of_node> gpus;

    nodespan::app::exit_code print(const nodespan::team& team, const settings& set,
                                   const nodespan::info::findings& found) const {
        return nodespan::app::print_results(
            team, "nodespan-info", set.output,
            [&] {
                return nodespan::to_text(info) + nodespan::info::to_text(gpus) +
                       (set.with_check ? to_text(found) : "");
            },
            [&] {
                json all = to_json(info);
                if (set.with_gpus) all["gpus_of_nodes"] = nodespan::info::to_json(gpus);
                if (set.with_check) all["check"] = nodespan::info::to_json(found);
                return all.dump(2) + "\n";
            });
    }
};

// The same code on all ranks.
int check(nodespan::team& team, const report& known, const settings& set) {
    nodespan::info::probe_guard guard(
        team.rank(), set.seconds_a_probe,
        [&](const nodespan::info::findings& so_far) { known.print(team, set, so_far); });
    const nodespan::info::findings found = nodespan::info::check(team, known.info, guard);
    int code = known.print(team, set, found);
    if (!nodespan::info::is_well(found)) code = nodespan::app::failed;
    nodespan::app::check_mpi(MPI_Bcast(&code, 1, MPI_INT, 0, team.comm()), "MPI_Bcast");
    return code;
}

} // namespace

int main(int argc, char** argv) {
    CLI::App options("What nodespan finds here: nodes, memory, MPI, and what will hurt",
                     "nodespan-info");
    settings set;
    options.add_flag("--gpu", set.with_gpus, "List GPUs, and measure copies from arrays to them");
    options.add_flag("--check", set.with_check,
                     "Try what programs need of MPI, and say what helps");
    nodespan::app::add_number<double>(
        options, "--limit", set.seconds_a_probe, "What each probe of --check may take",
        {std::numeric_limits<double>::min(), std::numeric_limits<double>::max(), "seconds"});
    nodespan::app::add_output_options(options, set.output);
    options.footer(examples);
    return nodespan::app::run_app(argc, argv, options, [&](nodespan::team& team) {
        nodespan::app::require_writable(team, {nodespan::app::planned_json(set.output)});
        report known{nodespan::collect_machine_info(team), {}};
        if (set.with_gpus) known.gpus = nodespan::info::look_at_gpus(team);
        if (set.with_check) return check(team, known, set);
        return int{known.print(team, set, {})};
    });
}
