// More than 2 GiB in one dataset, and in one rank's single write. Exit code 77 where there is no
// room for it.

#include <nodespan/environment.hpp>
#include <nodespan/hdf5.hpp>

#include <mpi.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <sys/statvfs.h>

namespace {

using namespace nodespan;
namespace fs = std::filesystem;

constexpr index_t count = 2'255'000'000; // elements of a byte
constexpr std::uint64_t bytes = count;

std::uint64_t available_memory() {
    std::ifstream about("/proc/meminfo");
    for (std::string word; about >> word;)
        if (std::uint64_t kib = 0; word == "MemAvailable:" && about >> kib) return kib * 1024;
    return 0;
}

bool has_room(const fs::path& folder) {
    struct statvfs shm {
    }, disk{};
    return ::statvfs("/dev/shm", &shm) == 0 && ::statvfs(folder.c_str(), &disk) == 0 &&
           shm.f_bavail * shm.f_frsize > 2 * bytes && disk.f_bavail * disk.f_frsize > 2 * bytes &&
           available_memory() > 3 * bytes;
}

std::uint8_t value_at(index_t i) {
    return static_cast<std::uint8_t>(i % 251);
}

int run(team& everyone, const fs::path& file) {
    array<std::uint8_t, 1> a(everyone, {count});
    const index_t first = a.rank_box().lo[0];
    const auto mine = a.local().span();
    for (std::size_t i = 0; i < mine.size(); ++i)
        mine[i] = value_at(first + static_cast<index_t>(i));
    save_hdf5(a, file, "large");
    std::fill(mine.begin(), mine.end(), std::uint8_t{255});
    load_hdf5(a, file, "large");
    index_t wrong = 0;
    for (std::size_t i = 0; i < mine.size(); ++i)
        wrong += mine[i] != value_at(first + static_cast<index_t>(i));
    MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT64_T, MPI_SUM, everyone.comm());
    if (everyone.rank() == 0)
        std::printf("%lld of %lld elements are wrong\n", static_cast<long long>(wrong),
                    static_cast<long long>(count));
    return wrong == 0 ? 0 : 1;
}

} // namespace

int main(int argc, char** argv) {
    environment mpi(argc, argv);
    team everyone(MPI_COMM_WORLD);
    const char* set = std::getenv("NODESPAN_TEST_FOLDER");
    const fs::path folder = set != nullptr ? fs::path(set) : fs::path("/dev/shm");
    const fs::path file = folder / "nodespan_large_test.h5";
    int good = has_room(folder) ? 1 : 0;
    MPI_Bcast(&good, 1, MPI_INT, 0, everyone.comm());
    if (good == 0) {
        if (everyone.rank() == 0) std::puts("skipped: needs some 7 GB of memory");
        return 77;
    }
    const int result = run(everyone, file);
    if (everyone.rank() == 0) fs::remove(file);
    return result;
}
