#include "fabric.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string_view>

namespace nodespan::detail {
namespace {

namespace fs = std::filesystem;

std::string line_of(const fs::path& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string all_of(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<fs::path> entries(const fs::path& folder) {
    std::vector<fs::path> result;
    std::error_code none;
    for (fs::directory_iterator at(folder, none), end; !none && at != end; at.increment(none))
        result.push_back(at->path());
    std::ranges::sort(result);
    return result;
}

std::string joined(const std::vector<std::string>& names) {
    return fmt::format("{}", fmt::join(names, ", "));
}

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

// After "MPICH Device:", such as "ch4:ucx".
std::string device_of(const std::string& library) {
    std::istringstream lines(library);
    for (std::string line; std::getline(lines, line);) {
        const auto at = line.find("Device:");
        if (at == std::string::npos) continue;
        const auto begin = line.find_first_not_of(" \t", at + 7);
        if (begin != std::string::npos) return line.substr(begin, line.find('\t', begin) - begin);
    }
    return "";
}

bool is_open_mpi(const std::string& library) {
    return library.starts_with("Open MPI");
}

// The components in use where they are files of their own, else what Open MPI is told.
void add_components(std::vector<machine_fact>& facts, const std::string& maps,
                    const mpi_variables& set) {
    for (const char* const kind : {"pml", "mtl", "btl", "osc"}) {
        const std::string loaded = joined(loaded_components(maps, kind));
        const std::string told = set.read(kind).value_or("");
        std::string text = loaded.empty() ? "" : loaded + " loaded";
        if (!told.empty()) text += fmt::format("{}{} = {}", text.empty() ? "" : "; ", kind, told);
        if (!text.empty()) facts.push_back({kind, text});
    }
}

// Names of variables that say what a library may use, and their values.
std::string told_by(std::initializer_list<const char*> names) {
    std::string text;
    for (const char* const name : names)
        if (!variable(name).empty()) text += fmt::format(", {}={}", name, variable(name));
    return text;
}

} // namespace

std::vector<std::string> loaded_components(const std::string& maps, const std::string& kind) {
    const std::string before = "/mca_" + kind + "_";
    std::set<std::string> names;
    for (auto at = maps.find(before); at != std::string::npos; at = maps.find(before, at + 1)) {
        const auto begin = at + before.size();
        names.insert(maps.substr(begin, maps.find('.', begin) - begin));
    }
    return {names.begin(), names.end()};
}

std::vector<std::string> memory_cards(const fs::path& folder) {
    std::vector<std::string> result;
    for (const fs::path& card : entries(folder))
        for (const fs::path& port : entries(card / "ports"))
            result.push_back(fmt::format("{} ({}, {}, {})", card.filename().string(),
                                         line_of(port / "link_layer"), line_of(port / "rate"),
                                         line_of(port / "state")));
    return result;
}

std::vector<std::string> interfaces(const fs::path& folder) {
    std::vector<std::string> result;
    for (const fs::path& card : entries(folder)) {
        const std::string name = card.filename().string(), speed = line_of(card / "speed");
        if (name == "lo" || line_of(card / "operstate") == "down") continue;
        result.push_back(std::atoi(speed.c_str()) > 0 ? fmt::format("{} ({} Mb/s)", name, speed)
                                                      : name);
    }
    return result;
}

std::vector<machine_fact> look_at_fabric(const std::string& library, const mpi_variables& set) {
    const std::string maps = all_of("/proc/self/maps");
    std::vector<machine_fact> facts;
    if (is_open_mpi(library)) add_components(facts, maps, set);
    if (const std::string device = device_of(library); !device.empty())
        facts.push_back({"device", device});
    if (maps.find("/libucp.so") != std::string::npos)
        facts.push_back({"UCX", "loaded" + told_by({"UCX_TLS", "UCX_NET_DEVICES"})});
    if (maps.find("/libfabric.so") != std::string::npos)
        facts.push_back({"libfabric", "loaded" + told_by({"FI_PROVIDER", "FI_TCP_IFACE"})});
    const std::string cards = joined(memory_cards("/sys/class/infiniband"));
    facts.push_back({"cards", cards.empty() ? "none that registers memory" : cards});
    const std::string networks = joined(interfaces("/sys/class/net"));
    facts.push_back({"interfaces", networks.empty() ? "none" : networks});
    return facts;
}

std::vector<machine_fact> look_at_settings(const std::string& library, const mpi_variables& set) {
    std::vector<machine_fact> facts;
    const auto add = [&](const std::string& name, const std::string& value) {
        facts.push_back({name, value.empty() ? "unset" : value});
    };
    if (!is_open_mpi(library)) {
        for (const char* const name : {"UCX_TLS", "UCX_NET_DEVICES", "FI_PROVIDER",
                                       "MPIR_CVAR_NOLOCAL", "MPIR_CVAR_ASYNC_PROGRESS"})
            add(name, variable(name));
        return facts;
    }
    for (const char* const name :
         {"osc", "mpi_yield_when_idle", "btl_tcp_if_include", "osc_sm_backing_directory",
          "btl_vader_backing_directory", "btl_vader_single_copy_mechanism",
          "btl_sm_backing_directory", "btl_sm_segment_size", "smsc"})
        if (const auto value = set.read(name)) add(fmt::format("OMPI_MCA_{}", name), *value);
    return facts;
}

} // namespace nodespan::detail
