#include "check.hpp"
#include "cures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace nodespan::info {
namespace {

constexpr std::uint64_t mib = 1024 * 1024;
constexpr std::uint64_t room_a_rank = 16 * mib; // what Open MPI 5 takes, and small arrays need

// The first node that something holds for decides; else what is said of the first one.
template <class Judge>
finding worst_of(const machine_info& info, Judge&& judge) {
    finding worst;
    for (const node_info& node : info.nodes) {
        finding one = judge(node);
        const bool is_worse = one.result == verdict::wrong ||
                              (one.result == verdict::slow && worst.result != verdict::slow);
        if (&node != &info.nodes.front() && !is_worse) continue;
        worst = std::move(one);
        if (worst.result == verdict::wrong) return worst;
    }
    return worst;
}

finding cores_of(const node_info& node) {
    finding found{"cores", verdict::good, 0,
                  fmt::format("{}: {} rank{} on {} of {} hardware threads", node.host, node.ranks,
                              node.ranks == 1 ? "" : "s", node.bound_threads,
                              node.hardware_threads),
                  ""};
    if (node.ranks <= node.bound_threads && !node.oversubscribed) return found;
    const bool are_others_free =
        node.ranks > node.bound_threads && node.bound_threads < node.hardware_threads;
    found.result = are_others_free ? verdict::wrong : verdict::slow;
    found.text += are_others_free ? ", the others of which are bound to none" : "";
    found.cure = are_others_free ? cures::binding : cures::oversubscribed;
    return found;
}

finding shared_memory_of(const node_info& node) {
    const std::uint64_t needed = room_a_rank * static_cast<std::uint64_t>(node.ranks);
    finding found{"shared memory", verdict::good, 0,
                  fmt::format("{}: {} MiB free in {}", node.host, node.shared_free_bytes / mib,
                              node.shared_folder),
                  ""};
    if (node.shared_bytes != 0 && node.shared_free_bytes < needed) {
        found.result = verdict::wrong;
        found.text += fmt::format(", less than {} MiB a rank", room_a_rank / mib);
        found.cure = cures::shared_memory;
    }
    return found;
}

finding kernel_copies_of(const node_info& node) {
    if (node.copies_between_ranks)
        return {"kernel copies", verdict::good, 0, "ranks of a node may copy from each other (CMA)",
                ""};
    return {
        "kernel copies", node.ranks > 1 ? verdict::slow : verdict::not_tried, 0,
        fmt::format("{}: ranks may not copy from each other (CMA): MPI copies large messages twice",
                    node.host),
        cures::kernel_copies};
}

} // namespace

void check_job(const machine_info& info, findings& found) {
    finding launcher{"launcher", verdict::good, 0, info.launcher, ""};
    if (info.launched_ranks != 0 && info.launched_ranks != info.ranks) {
        launcher.result = verdict::wrong;
        launcher.text +=
            fmt::format(", which started {} ranks; MPI sees {}", info.launched_ranks, info.ranks);
        launcher.cure = cures::launcher;
    }
    found.push_back(launcher);
    const bool is_single = info.thread_level == "single";
    found.push_back({"threads", is_single ? verdict::wrong : verdict::good, 0,
                     "MPI grants " + info.thread_level, is_single ? cures::threads : ""});
}

void check_nodes(const machine_info& info, findings& found) {
    found.push_back(worst_of(info, cores_of));
    found.push_back(worst_of(info, shared_memory_of));
    found.push_back(worst_of(info, kernel_copies_of));
}

finding check_locked_memory(bool has_cards, std::uint64_t limit) {
    const bool is_unlimited = limit == std::numeric_limits<std::uint64_t>::max();
    finding found{"locked memory", verdict::good, 0,
                  is_unlimited ? "unlimited" : fmt::format("{} MiB a rank", limit / mib), ""};
    if (!has_cards) {
        found.result = verdict::not_tried;
        found.text = "no network card here that registers memory; the limit is " + found.text;
    } else if (!is_unlimited) {
        found.result = verdict::wrong;
        found.text += ", and a network card locks what other nodes can reach";
        found.cure = cures::locked_memory;
    }
    return found;
}

} // namespace nodespan::info
