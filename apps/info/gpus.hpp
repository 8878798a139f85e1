#pragma once

#include <nlohmann/json.hpp>
#include <nodespan/team.hpp>

#include <string>
#include <vector>

namespace nodespan::info {

/// One GPU of a node, as the node's leader sees it.
struct gpu {
    std::string name;
    std::string bus_id;          ///< Of PCI, such as 0000:1a:00.0.
    int numa_node = -1;          ///< -1 where the system does not say.
    std::vector<int> near_ranks; ///< Ranks of the team whose processors are all near it.
    double as_it_is = 0;         ///< GB/s of copies to it from an array's memory,
    double pinned = 0;           ///< and from the same memory, pinned. 0 where they failed.
    std::string failure;         ///< Why.
};

struct gpus_of_node {
    std::string host;
    std::string reason; ///< Why there is none, in the driver's words.
    std::vector<gpu> gpus;
};

/// Lists the GPUs of every node by their driver, and measures copies to each, one rank a node.
/// Call: collective over the team; the result is rank 0's, and empty on others. Errors: those of
/// arrays, on all ranks. What fails with a GPU is a result.
std::vector<gpus_of_node> look_at_gpus(team& team);

/// For people: nothing where there are no nodes.
std::string to_text(const std::vector<gpus_of_node>& nodes);

/// For programs.
nlohmann::ordered_json to_json(const std::vector<gpus_of_node>& nodes);

} // namespace nodespan::info
