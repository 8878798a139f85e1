#include "nodespan/machine_info.hpp"

#include "agreement.hpp"
#include "capacity.hpp"
#include "fabric.hpp"
#include "launcher.hpp"
#include "machine_parts.hpp"
#include "mpi_check.hpp"
#include "mpi_variables.hpp"
#include "osc_settings.hpp"
#include "pages.hpp"
#include "rma_window.hpp"
#include "shared_window.hpp"
#include "team_core.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <string>

namespace nodespan {

// The parts of node_info that nodes send each other. The function is found by the types' names.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(node_info, host, kernel, ranks, sockets, numa_nodes, cores,
                                   hardware_threads, bound_threads, numa_nodes_per_rank,
                                   oversubscribed, memory_bytes, memory_free_bytes,
                                   cgroup_limit_bytes, cgroup_free_bytes, shared_folder,
                                   shared_bytes, shared_free_bytes, huge_pages, populates_pages,
                                   copies_between_ranks)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(machine_fact, name, value)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(machine_info, ranks, nodes, simulated_nodes, mpi_library,
                                   mpi_standard, thread_level, launcher, launched_ranks, fabric,
                                   settings, compare_and_swap_may_crash, rma_components,
                                   rma_chosen_by, rma_between_nodes, rma_message,
                                   shared_window_model, node_window_model, raw_alignment_bytes,
                                   block_alignment_bytes, whole_pages_from_bytes, page_bytes,
                                   advice)

namespace {

using detail::mpi_check;
using detail::shared_window;
using detail::team_core;

constexpr detail::occasion asking{"machine report"};

// A step that fails on all ranks or on none.
template <class Body>
void agreed(const team& team, Body&& body) {
    detail::access::core(team)->agree_or_throw(detail::attempt(body), asking);
}

// Watches a call that waits inside MPI: all ranks have just agreed that they are here.
detail::blocking_watch watch(const team& team, const char* call) {
    return {call, detail::access::core(team)->as_waiter(), "other ranks of the team"};
}

// Combines numbers of all ranks of `comm`, which holds ranks of the team, in place.
template <class T>
void all_reduce(const team& team, MPI_Comm comm, T* numbers, std::size_t count, MPI_Datatype type,
                MPI_Op op) {
    detail::lent_memory<std::vector<T>> memory(std::vector<T>(numbers, numbers + count));
    MPI_Request request = MPI_REQUEST_NULL;
    memory.lend();
    const int code = MPI_Iallreduce(MPI_IN_PLACE, memory->data(), static_cast<int>(count), type, op,
                                    comm, &request);
    detail::access::core(team)->wait({&request, 1}, asking, [](std::size_t) { return -1; });
    memory.mine_again();
    mpi_check(code, "MPI_Iallreduce");
    std::copy(memory->begin(), memory->end(), numbers);
}

template <class T>
std::string packed(const T& value) {
    std::string bytes;
    nlohmann::json::to_cbor(value, bytes);
    return bytes;
}

// What follows the value is not read.
template <class T>
void unpack(const std::string& bytes, T& value) {
    constexpr bool is_all_of_it = false;
    nlohmann::json::from_cbor(bytes, is_all_of_it).get_to(value);
}

node_info look_at_node(const team& team) {
    detail::rank_sight sight = detail::look_around(*detail::access::core(team));
    node_info& node = sight.node;
    const MPI_Comm peers = team.node_comm();
    all_reduce(team, peers, sight.bound.data(), sight.bound.size(), MPI_UNSIGNED_LONG, MPI_BOR);
    all_reduce(team, peers, &node.numa_nodes_per_rank, 1, MPI_INT, MPI_MAX);
    for (const unsigned long word : sight.bound) node.bound_threads += std::popcount(word);
    node.ranks = team.node_size();
    node.oversubscribed = team.is_oversubscribed();
    return node;
}

// Whether more ranks share memory here than the team says.
bool has_simulated_nodes(const team& team) {
    MPI_Comm real = MPI_COMM_NULL;
    int size = 0;
    const auto watched = watch(team, "machine report (MPI_Comm_split_type)");
    mpi_check(MPI_Comm_split_type(team.comm(), MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &real),
              "MPI_Comm_split_type");
    mpi_check(MPI_Comm_size(real, &size), "MPI_Comm_size");
    mpi_check(MPI_Comm_free(&real), "MPI_Comm_free");
    int differs = size != team.node_size() ? 1 : 0;
    all_reduce(team, detail::access::core(team)->traffic(), &differs, 1, MPI_INT, MPI_MAX);
    return differs != 0;
}

// Who chose these components. Open MPI has rare sources, such as its override file, that are not
// read here: a setting that is in force but was not found counts as the system's.
std::string who_chose(const std::string& components) {
    const detail::osc_choice choice = detail::rma_choice_in_force();
    const bool is_found = components.empty() || components == choice.setting.value;
    return detail::who_chose(is_found ? choice
                                      : detail::osc_choice{{}, detail::rma_chooser::system});
}

const char* to_word(int thread_level) {
    return thread_level == MPI_THREAD_MULTIPLE     ? "multiple"
           : thread_level == MPI_THREAD_SERIALIZED ? "serialized"
           : thread_level == MPI_THREAD_FUNNELED   ? "funneled"
                                                   : "single";
}

// Returns what to say where one-sided communication between nodes fails.
std::string look_at_library(machine_info& info) {
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0, major = 0, minor = 0, level = 0;
    mpi_check(MPI_Get_library_version(text, &length), "MPI_Get_library_version");
    mpi_check(MPI_Get_version(&major, &minor), "MPI_Get_version");
    mpi_check(MPI_Query_thread(&level), "MPI_Query_thread");
    const std::string lines(text);
    info.mpi_library = lines.substr(0, lines.find('\n'));
    std::replace(info.mpi_library.begin(), info.mpi_library.end(), '\t', ' ');
    info.mpi_standard = fmt::format("{}.{}", major, minor);
    info.thread_level = to_word(level);
    const detail::mpi_variables set(level);
    info.rma_components = set.read("osc").value_or("");
    info.rma_chosen_by = who_chose(info.rma_components);
    const detail::launcher launcher = detail::find_launcher(detail::first_environment());
    info.launcher = launcher.name;
    info.launched_ranks = launcher.ranks;
    info.fabric = detail::look_at_fabric(lines, set);
    info.settings = detail::look_at_settings(lines, set);
    info.compare_and_swap_may_crash = detail::may_crash_in_compare_and_swap();
    info.page_bytes = detail::page_bytes();
    return detail::rma_advice(level);
}

std::string model_of(MPI_Win window) {
    int* model = nullptr;
    int found = 0;
    mpi_check(MPI_Win_get_attr(window, MPI_WIN_MODEL, &model, &found), "MPI_Win_get_attr");
    if (found == 0) return "";
    return *model == MPI_WIN_UNIFIED ? "unified" : "separate";
}

// Finds the raw address of a small window on each node; tries nothing if there is no room for it.
void try_shared_window(const team& team, machine_info& info) {
    constexpr unsigned long most = 4096;
    unsigned long alignment = most;
    const team_core& core = *detail::access::core(team);
    detail::window_site site = core.site(detail::backing_directory(core.shared_memory()));
    site.is_private = false; // MPI's memory is what this is about, also on a node of one rank
    shared_window window;
    try {
        window = shared_window::make(detail::access::core(team)->makers(), team.node_comm(), site,
                                     detail::page_bytes());
    } catch (const error& failure) {
        if (failure.code() == errc::no_capacity) return; // on all ranks
        throw;
    }
    agreed(team, [&] {
        void* address = nullptr;
        MPI_Aint size = 0;
        int unit = 0;
        mpi_check(MPI_Win_shared_query(window.handle(), 0, &size, &unit, &address),
                  "MPI_Win_shared_query");
        const auto raw = reinterpret_cast<std::uintptr_t>(address);
        alignment = std::min<unsigned long>(most, std::uintptr_t{1} << std::countr_zero(raw));
        info.shared_window_model = model_of(window.handle());
    });
    agreed(team, [&] {
        all_reduce(team, detail::access::core(team)->traffic(), &alignment, 1, MPI_UNSIGNED_LONG,
                   MPI_MIN);
        const auto watched = watch(team, "machine report (MPI_Win_free)");
        window.free();
    });
    info.raw_alignment_bytes = alignment;
}

// Every leader puts a number into the next leader's memory.
void put_into_next(const team& team, machine_info& info, detail::rma_window& window,
                   const std::uint64_t& arrives_at) {
    const std::uint64_t mine = static_cast<std::uint64_t>(team.node()) + 1;
    const int next = (team.node() + 1) % team.nodes();
    agreed(team, [&] {
        info.node_window_model = model_of(window.handle());
        if (!team.is_leader()) return;
        const detail::mpi_elements number{MPI_UINT64_T, 1};
        window.put(next, 0, sizeof mine, number, &mine, number);
        window.flush();
    });
    agreed(team, [&] {
        mpi_check(MPI_Win_sync(window.handle()), "MPI_Win_sync");
        const int from = (team.node() + team.nodes() - 1) % team.nodes();
        if (team.is_leader() && arrives_at != static_cast<std::uint64_t>(from) + 1)
            throw error(std::error_code(MPI_ERR_OTHER, mpi_category()),
                        fmt::format("MPI_Put to node {}: the number did not arrive", team.node()));
    });
}

// A step that fails leaves the window to MPI, and the memory with it: freeing is collective, and
// not all ranks may have come so far.
void put_around(const team& team, machine_info& info) {
    struct alignas(64) exposed {
        std::uint64_t words[8];
    };
    auto memory = std::make_unique<exposed>();
    const team_core& core = *detail::access::core(team);
    try {
        const auto window = detail::rma_window::make(
            detail::access::core(team)->makers(), team.comm(), team.placement(),
            core.site(detail::backing_directory(core.shared_memory())),
            reinterpret_cast<std::byte*>(memory.get()), sizeof(exposed),
            detail::may_register_memory());
        put_into_next(team, info, *window, memory->words[0]);
        const auto watched = watch(team, "machine report (MPI_Win_free)");
        window->free();
    } catch (...) {
        static_cast<void>(memory.release());
        throw;
    }
}

void try_rma_between_nodes(const team& team, machine_info& info) {
    if (team.nodes() == 1) {
        info.rma_message = "one node";
        return;
    }
    try {
        put_around(team, info);
        info.rma_between_nodes = trial::works;
    } catch (const error& failure) {
        info.rma_between_nodes = trial::fails;
        info.rma_message = failure.what();
    }
}

// Every node's, on the first rank: texts of different length, from leader to leader.
void collect_nodes(const team& team, const node_info& mine, machine_info& info) {
    std::string text = packed(mine);
    std::uint64_t length = text.size();
    all_reduce(team, detail::access::core(team)->traffic(), &length, 1, MPI_UINT64_T, MPI_MAX);
    text.resize(length);
    struct texts {
        std::string mine, all;
    };
    detail::lent_memory<texts> memory(texts{text, {}});
    const bool is_first = team.rank() == 0;
    if (is_first) memory->all.resize(length * static_cast<std::size_t>(team.nodes()));
    if (team.is_leader()) {
        MPI_Request request = MPI_REQUEST_NULL;
        memory.lend();
        const int code =
            MPI_Igather(memory->mine.data(), static_cast<int>(length), MPI_BYTE, memory->all.data(),
                        static_cast<int>(length), MPI_BYTE, 0, team.leader_comm(), &request);
        detail::access::core(team)->wait({&request, 1}, asking, [](std::size_t) { return -1; });
        memory.mine_again();
        mpi_check(code, "MPI_Igather");
    }
    if (!is_first) return;
    info.nodes.resize(static_cast<std::size_t>(team.nodes()));
    for (std::size_t node = 0; node < info.nodes.size(); ++node)
        unpack(memory->all.substr(node * length, length), info.nodes[node]);
}

} // namespace

machine_info collect_machine_info(team& team) {
    detail::require_mpi("collect_machine_info");
    machine_info info;
    info.ranks = team.size();
    node_info mine;
    std::string rma_cure;
    // First: before anyone asks for a thread level.
    agreed(team, [&] { rma_cure = look_at_library(info); });
    agreed(team, [&] { mine = look_at_node(team); });
    agreed(team, [&] { info.simulated_nodes = has_simulated_nodes(team); });
    try_shared_window(team, info);
    try_rma_between_nodes(team, info);
    agreed(team, [&] { collect_nodes(team, mine, info); });
    agreed(team, [&] {
        if (team.rank() == 0) info.advice = detail::advice_for(info, rma_cure);
    });
    unpack(detail::access::core(team)->from_rank(0, packed(info), asking), info);
    return info;
}

} // namespace nodespan
