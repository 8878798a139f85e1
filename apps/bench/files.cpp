#include "timing.hpp"

#include <fmt/format.h>
#include <mpi.h>
#include <nodespan/array.hpp>
#include <nodespan/hdf5.hpp>

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <sys/statvfs.h>
#include <unistd.h>

namespace nodespan::bench {
namespace {

namespace fs = std::filesystem;

constexpr index_t columns = 1024;

// What one process writes and reads without any library, in calls of 1 GiB at most, and has on the
// disk as save does.
class plain_file {
public:
    plain_file(const team& team, std::string name, std::size_t bytes)
        : team_(team),
          name_(std::move(name)),
          bytes_(team.rank() == 0 ? bytes : 0) {
        if (bytes_ == 0) return;
        memory_ = std::make_unique<char[]>(bytes_);
        std::fill_n(memory_.get(), bytes_, 'x');
    }
    ~plain_file() {
        if (team_.rank() == 0) ::unlink(name_.c_str());
    }
    plain_file(const plain_file&) = delete;
    plain_file& operator=(const plain_file&) = delete;

    // Into a new file, that replaces the old one when it is complete.
    void write() const {
        if (bytes_ == 0) return;
        const std::string part = name_ + ".part";
        const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        move([&](std::size_t at, std::size_t n) { return ::write(file, memory_.get() + at, n); });
        require(::fsync(file) == 0 && ::close(file) == 0);
        require(std::rename(part.c_str(), name_.c_str()) == 0);
    }
    void read() const {
        if (bytes_ == 0) return;
        const int file = ::open(name_.c_str(), O_RDONLY | O_CLOEXEC);
        move([&](std::size_t at, std::size_t n) { return ::read(file, memory_.get() + at, n); });
        ::close(file);
    }

private:
    static void require(bool good) {
        if (!good) throw std::runtime_error("nodespan-bench: files: a plain write or read failed");
    }
    template <class Move>
    void move(Move&& some) const {
        for (std::size_t at = 0; at < bytes_;) {
            const auto moved = some(at, std::min(bytes_ - at, std::size_t{1} << 30));
            require(moved > 0);
            at += static_cast<std::size_t>(moved);
        }
    }

    const team& team_;
    std::string name_;
    std::size_t bytes_;
    std::unique_ptr<char[]> memory_;
};

std::string folder_of_files() {
    const char* set = std::getenv("NODESPAN_BENCH_FOLDER");
    return set != nullptr ? set : fs::temp_directory_path().string();
}

bool has_room(const team& team, const std::string& folder, std::size_t bytes) {
    struct statvfs about {};
    int good = ::statvfs(folder.c_str(), &about) == 0 && about.f_bavail * about.f_frsize >= bytes;
    MPI_Bcast(&good, 1, MPI_INT, 0, team.comm());
    return good != 0;
}

workload barrier_after(const team& team, std::function<void()> work) {
    return [&team, work = std::move(work)](long count) {
        for (; count > 0; --count) {
            work();
            MPI_Barrier(team.comm()); // all ranks go on when the one has finished
        }
    };
}

void measure_one(team& team, index_t mib, int batches, std::vector<measurement>& results) {
    const std::string folder = folder_of_files();
    const std::string name = fmt::format("{}/nodespan-bench-{}", folder, mib);
    const std::size_t bytes = static_cast<std::size_t>(mib) << 20;
    if (!has_room(team, folder, 4 * bytes)) return; // each side replaces its file
    array<double, 2> field(team, {static_cast<index_t>(bytes / 8) / columns, columns});
    for (double& x : field.local().span()) x = 1;
    const plain_file plain(team, name + ".raw", bytes);
    const std::string file = name + ".h5";

    const workload ours[] = {barrier_after(team, [&] { save_hdf5(field, file, "field"); }),
                             barrier_after(team, [&] { load_hdf5(field, file, "field"); })};
    const workload theirs[] = {barrier_after(team, [&] { plain.write(); }),
                               barrier_after(team, [&] { plain.read(); })};
    for (const int k : {0, 1}) {
        measurement result =
            compare(team, std::min(batches, mib < 1024 ? 15 : 7), ours[k], theirs[k]);
        result.name = k == 0 ? "files, save" : "files, load";
        result.size = fmt::format("{} MiB in {}", mib, folder);
        result.reference = k == 0 ? "one process: write, fsync, rename" : "one process: read";
        results.push_back(result);
    }
    if (team.rank() == 0) ::unlink(file.c_str());
}

} // namespace

std::vector<measurement> measure_files(team& team, int batches) {
    std::vector<measurement> results;
    for (const index_t mib : {16, 1024}) measure_one(team, mib, batches, results);
    return results;
}

} // namespace nodespan::bench
