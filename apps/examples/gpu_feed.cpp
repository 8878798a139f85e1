// The ranks of a node fill rows, and each feeds its own to a GPU while it fills the next ones.
// Says how fast, with the memory as it is and pinned; without a GPU it says so, and is done.
#include "gpu_device.hpp" // cudaMemcpyAsync and the like, without a toolkit

#include <nodespan/nodespan.hpp>

#include <chrono>
#include <cstdio>
#include <numeric>
#include <utility>
#include <vector>

using nodespan::index_t;
using nodespan::app::gpu_device;
using rows_of_all = nodespan::array<float, 2>;

constexpr index_t rows = 64, columns = 1 << 14; // 4 MiB a rank and buffer
constexpr int rounds = 8;

// Copies what this rank fills to its device; returns the seconds, and the sum of what arrived.
std::pair<double, double> feed(rows_of_all (&buffers)[2], gpu_device& gpu) {
    const std::size_t bytes = rows * columns * sizeof(float);
    const auto there = gpu.allocate(rounds * bytes);
    gpu_device::stream streams[2]{gpu_device::stream(gpu), gpu_device::stream(gpu)};

    const auto begin = std::chrono::steady_clock::now();
    for (int round = 0; round < rounds; ++round) {
        const int turn = round % 2;
        const auto mine = buffers[turn].local();
        streams[turn].wait(); // the copy that still reads these rows, of two rounds ago
        for (index_t i = 0; i < rows; ++i)
            for (index_t j = 0; j < columns; ++j) mine(i, j) = static_cast<float>(round + i % 8);
        buffers[turn].fence(); // all have written, before anything is copied
        streams[turn].copy_in(there.get() + round * bytes, mine.data_handle(), bytes);
    }
    for (auto& stream : streams) stream.wait();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;

    std::vector<float> back(rounds * rows * columns);
    gpu.copy_out(back.data(), there.get(), rounds * bytes);
    return {taken.count(), std::accumulate(back.begin(), back.end(), 0.0)};
}

void tell(nodespan::team& everyone, const char* how, std::pair<double, double> mine) {
    const double gigabytes = 1e-9 * rounds * rows * columns * sizeof(float);
    const double speed = nodespan::all_reduce(everyone, gigabytes / mine.first);
    const double sum = nodespan::all_reduce(everyone, mine.second);
    if (everyone.rank() == 0) std::printf("%s: %.1f GB/s, %.0f on the devices\n", how, speed, sum);
}

// How many there are for each rank; where one has none, rank 0 says so.
int least_gpus(nodespan::team& everyone) {
    int mine = 0;
    try {
        mine = static_cast<int>(nodespan::app::find_gpus().size());
    } catch (const nodespan::error& failure) {
        if (failure.code() != nodespan::errc::unsupported) throw;
        if (everyone.rank() == 0) std::printf("no GPU here: %s\n", failure.what());
    }
    return nodespan::all_reduce(everyone, mine, nodespan::accumulate_op::min);
}

int main(int argc, char** argv) {
    return nodespan::run(argc, argv, [](nodespan::team& everyone) {
        const int gpus = least_gpus(everyone);
        if (gpus == 0) return;

        gpu_device gpu(everyone.node_rank() % gpus); // its context is current from here on
        rows_of_all buffers[2] = {{everyone, {rows * everyone.size(), columns}},
                                  {everyone, {rows * everyone.size(), columns}}};
        tell(everyone, "as it is", feed(buffers, gpu));
        const auto first = nodespan::pin(buffers[0], buffers[0].local());
        const auto second = nodespan::pin(buffers[1], buffers[1].local());
        tell(everyone, "pinned", feed(buffers, gpu));
    });
}
