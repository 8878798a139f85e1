// killed_writer FOLDER MICROSECONDS: checks that the latest checkpoint in FOLDER is whole and no
// older than the last one that was finished, then writes one after the other until, after that
// time, all ranks are killed. Time 0: only checks. Exit code 3: something was lost.

#include <fmt/format.h>
#include <nodespan/nodespan.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace {

using namespace nodespan;
namespace fs = std::filesystem;

constexpr index_t rows = 700, columns = 500; // 2.8 MB

double value(index_t step, index_t row, index_t column) {
    return static_cast<double>(step * rows * columns + row * columns + column);
}

void go_to(index_t step, array<double, 2>& field) {
    const box<2> mine = field.rank_box();
    for (index_t i = mine.lo[0]; i < mine.hi[0]; ++i)
        for (index_t j = 0; j < columns; ++j) field(i, j) = value(step, i, j);
}

bool is_at(index_t step, array<double, 2>& field) {
    const box<2> mine = field.rank_box();
    bool same = true;
    for (index_t i = mine.lo[0]; i < mine.hi[0]; ++i)
        for (index_t j = 0; j < columns; ++j) same &= field(i, j) == value(step, i, j);
    return same;
}

index_t last_finished(const fs::path& notes) {
    std::ifstream in(notes);
    index_t last = 0;
    for (index_t step = 0; in >> step;) last = step;
    return last;
}

// The kernel does it: no handler, no farewell.
void arm(long microseconds) {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = SIGKILL;
    timer_t timer{};
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    itimerspec when{};
    when.it_value = {microseconds / 1'000'000, microseconds % 1'000'000 * 1000};
    timer_settime(timer, 0, &when, nullptr);
}

} // namespace

int main(int argc, char** argv) {
    environment mpi{argc, argv};
    if (argc != 3) return 2;
    const fs::path folder = argv[1], notes = folder / "finished";
    const long microseconds = std::atol(argv[2]);

    team everyone{MPI_COMM_WORLD};
    array<double, 2> field{everyone, {rows, columns}};
    double time = 0;
    checkpoint saved{everyone, folder};
    saved.add("field", field);
    saved.add("time", time);

    const index_t finished = last_finished(notes);
    const index_t step = saved.restore().value_or(0);
    const bool is_good = step >= finished && saved.refused().empty() &&
                         (step == 0 || (is_at(step, field) && time == 0.5 * double(step)));
    if (!is_good)
        fmt::print("rank {}: finished {}, restored {}, {} refused\n", everyone.rank(), finished,
                   step, saved.refused().size());
    int good = is_good ? 1 : 0;
    MPI_Allreduce(MPI_IN_PLACE, &good, 1, MPI_INT, MPI_MIN, everyone.comm());
    if (good == 0) return 3;
    if (microseconds == 0) return 0;

    everyone.fence();
    arm(microseconds);
    for (index_t next = step + 1;; ++next) {
        go_to(next, field);
        time = 0.5 * static_cast<double>(next);
        saved.write(next);
        if (everyone.rank() == 0) std::ofstream(notes, std::ios::app) << next << std::endl;
    }
}
