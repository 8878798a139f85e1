#include "gpu_device.hpp"
#include "timing.hpp"

#include <nodespan/array.hpp>
#include <nodespan/collectives.hpp>
#include <nodespan/error.hpp>
#include <nodespan/gpu.hpp>

#include <cstdio>
#include <optional>
#include <string>

namespace nodespan::bench {
namespace {

// Why this rank has no GPU; nothing where it has one.
std::optional<std::string> missing() {
    try {
        return app::find_gpus().empty() ? std::optional<std::string>("none") : std::nullopt;
    } catch (const error& failure) {
        return failure.what();
    }
}

// Copies of each rank's own part to its device, all ranks at the same time: from an array that is
// pinned, and from another that is not.
void measure(team& team, lines& result, app::gpu_device& device, index_t bytes) {
    array<std::byte, 1> pinned_one(team, {bytes * team.size()}), other(team, {bytes * team.size()});
    const auto size = static_cast<std::size_t>(bytes);
    const auto there = device.allocate(size);
    const auto held = pin(pinned_one, pinned_one.local());
    const auto copy_from = [&](array<std::byte, 1>& memory) {
        return [&device, &there, size, from = memory.local().data_handle()](long count) {
            for (; count > 0; --count) device.copy_in(there.get(), from, size);
        };
    };
    result.add("copy to a GPU, pinned", text_of_bytes(bytes) + " a rank", "not pinned",
               copy_from(pinned_one), copy_from(other));
}

} // namespace

bool has_gpus(const team& team) {
    return all_reduce(team, missing() ? 0 : 1, accumulate_op::min) == 1;
}

std::vector<measurement> measure_gpu(team& team, int batches) {
    if (!has_gpus(team)) {
        const std::optional<std::string> mine = missing();
        if (team.rank() == 0)
            std::fprintf(stderr, "gpu: no GPU: %s\n", mine ? mine->c_str() : "on another node");
        return {};
    }
    app::gpu_device device(team.node_rank() % static_cast<int>(app::find_gpus().size()));
    lines result(team, batches);
    for (const index_t kib : {64, 1024, 16 * 1024, 64 * 1024})
        measure(team, result, device, kib * 1024);
    return result.take();
}

} // namespace nodespan::bench
