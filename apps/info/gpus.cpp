#include "gpus.hpp"

#include "gpu_device.hpp"
#include "messages.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <mpi.h>
#include <nodespan/array.hpp>
#include <nodespan/error.hpp>
#include <nodespan/gpu.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <sys/utsname.h>

namespace nodespan::info {
namespace {

using json = nlohmann::ordered_json; // keys in the order written here

constexpr std::size_t copied_bytes = std::size_t{64} << 20;
constexpr int copies = 5; // of which the fastest counts

std::string file_of(const std::string& bus_id, const char* name) {
    return fmt::format("/sys/bus/pci/devices/{}/{}", bus_id, name);
}

int numa_node_of(const std::string& bus_id) {
    std::ifstream file(file_of(bus_id, "numa_node"));
    int node = -1;
    return file >> node ? node : -1;
}

// Whether all processors that this rank may run on are near the device: in its list, such as
// "0-31,64-95". Where the system has no list, none is known to be.
bool is_near(const std::string& bus_id) {
    cpu_set_t mine, near;
    CPU_ZERO(&near);
    if (sched_getaffinity(0, sizeof mine, &mine) != 0) return false;
    std::ifstream file(file_of(bus_id, "local_cpulist"));
    for (std::string range; std::getline(file, range, ',');) {
        int first = 0, last = 0;
        char dash = 0;
        std::istringstream words(range);
        if (!(words >> first)) continue;
        if (!(words >> dash >> last)) last = first;
        for (int cpu = first; cpu <= last && cpu < CPU_SETSIZE; ++cpu)
            CPU_SET(static_cast<std::size_t>(cpu), &near);
    }
    cpu_set_t both;
    CPU_AND(&both, &mine, &near);
    return CPU_EQUAL(&both, &mine) != 0;
}

// Bytes a second, in 10^9, of the fastest copy.
double speed_of(app::gpu_device& device, std::byte* to, const std::byte* from, std::size_t bytes) {
    double best = 0;
    for (int i = 0; i < copies; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        device.copy_in(to, from, bytes);
        const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
        best = std::max(best, 1e-9 * static_cast<double>(bytes) / taken.count());
    }
    return best;
}

void measure(gpu& one, int number, array<std::byte, 1>& memory) try {
    const auto all = memory.node();
    const auto bytes = static_cast<std::size_t>(all.size());
    app::gpu_device device(number);
    const auto there = device.allocate(bytes);
    one.as_it_is = speed_of(device, there.get(), all.data_handle(), bytes);
    const auto held = pin(memory);
    one.pinned = speed_of(device, there.get(), all.data_handle(), bytes);
} catch (const error& failure) {
    one.failure = failure.what();
}

gpus_of_node list() {
    gpus_of_node result;
    utsname names{};
    if (uname(&names) == 0) result.host = names.nodename;
    try {
        for (const app::found_gpu& found : app::find_gpus())
            result.gpus.push_back(
                {found.name, found.bus_id, numa_node_of(found.bus_id), {}, 0, 0, ""});
    } catch (const error& failure) {
        result.reason = failure.what();
    }
    return result;
}

// Which of the node's ranks are near which of its GPUs.
void find_near_ranks(const team& team, gpus_of_node& node) {
    json ids = json::array();
    for (const gpu& one : node.gpus) ids.push_back(one.bus_id);
    std::string mine, of_leader = ids.dump();
    app::broadcast_message(team.node_comm(), of_leader);
    for (const auto& id : json::parse(of_leader))
        mine += is_near(id.get<std::string>()) ? '1' : '0';
    const std::vector<std::string> all = app::gather_messages(team.node_comm(), mine);
    for (std::size_t r = 0; r < all.size(); ++r)
        for (std::size_t g = 0; g < node.gpus.size(); ++g)
            if (all[r][g] == '1')
                node.gpus[g].near_ranks.push_back(team.rank() + static_cast<int>(r));
}

json to_json(const gpu& one) {
    return {{"name", one.name},
            {"bus_id", one.bus_id},
            {"numa_node", one.numa_node},
            {"near_ranks", one.near_ranks},
            {"as_it_is_gbs", one.as_it_is},
            {"pinned_gbs", one.pinned},
            {"failure", one.failure}};
}

json to_json(const gpus_of_node& node) {
    json gpus = json::array();
    for (const gpu& one : node.gpus) gpus.push_back(to_json(one));
    return {{"host", node.host}, {"reason", node.reason}, {"gpus", gpus}};
}

gpus_of_node from_json(const json& node) {
    gpus_of_node result{node["host"], node["reason"], {}};
    for (const auto& one : node["gpus"])
        result.gpus.push_back({one["name"], one["bus_id"], one["numa_node"], one["near_ranks"],
                               one["as_it_is_gbs"], one["pinned_gbs"], one["failure"]});
    return result;
}

} // namespace

std::vector<gpus_of_node> look_at_gpus(team& team) {
    array<std::byte, 1> memory(
        team, {static_cast<index_t>(copied_bytes) * static_cast<index_t>(team.nodes())});
    std::string mine;
    gpus_of_node node;
    if (team.is_leader()) node = list();
    find_near_ranks(team, node);
    if (team.is_leader()) {
        for (std::size_t g = 0; g < node.gpus.size(); ++g)
            measure(node.gpus[g], static_cast<int>(g), memory);
        mine = to_json(node).dump(-1, ' ', false, json::error_handler_t::replace);
    }
    memory.fence(); // the others wait here, by nodespan's own means
    std::vector<gpus_of_node> result;
    for (const std::string& text : app::gather_messages(team.comm(), mine))
        if (!text.empty()) result.push_back(from_json(json::parse(text)));
    return result;
}

std::string to_text(const std::vector<gpus_of_node>& nodes) {
    std::string text;
    for (std::size_t n = 0; n < nodes.size(); ++n) {
        text += fmt::format("\nGPUs of node {}: {}\n", n, nodes[n].host);
        if (nodes[n].gpus.empty()) text += fmt::format("  {:<22}{}\n", "none", nodes[n].reason);
        for (std::size_t g = 0; g < nodes[n].gpus.size(); ++g) {
            const gpu& one = nodes[n].gpus[g];
            text += fmt::format("  {:<22}{}, PCI {}, {}, {}\n", fmt::format("GPU {}", g), one.name,
                                one.bus_id,
                                one.numa_node < 0 ? std::string("NUMA node unknown")
                                                  : fmt::format("NUMA node {}", one.numa_node),
                                one.near_ranks.empty()
                                    ? std::string("no rank is bound near it")
                                    : fmt::format("near ranks {}", fmt::join(one.near_ranks, " ")));
            text += one.failure.empty()
                        ? fmt::format("  {:<22}{:.1f} GB/s as it is, {:.1f} GB/s pinned\n",
                                      "  from an array", one.as_it_is, one.pinned)
                        : fmt::format("  {:<22}{}\n", "  from an array", one.failure);
        }
    }
    return text;
}

nlohmann::ordered_json to_json(const std::vector<gpus_of_node>& nodes) {
    json result = json::array();
    for (const gpus_of_node& node : nodes) result.push_back(to_json(node));
    return result;
}

} // namespace nodespan::info
