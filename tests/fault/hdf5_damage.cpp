// Reads thousands of damaged HDF5 files, each with the whole interface, and looks for crashes,
// hangs, memory beyond what a file can hold, exceptions that are no nodespan::error, and results
// that depend on what lay in memory before.
//
//     hdf5_damage COUNT [SEED [FIRST]]
//
// makes whole files in a new folder and damages copies of them. They are read by a worker, a
// process that goes on from one to the next; where it dies or stops, that is counted and another
// goes on. Two rounds, with freed memory filled with different bytes, must give the same.

#include "forked.hpp"

#include <nodespan/nodespan.hpp>

#include <boost/functional/hash.hpp>
#include <fmt/format.h>
#include <hdf5.h>

#include <algorithm>
#include <complex>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <malloc.h>
#include <string>
#include <sys/resource.h>
#include <vector>

namespace {

using namespace nodespan;
namespace fs = std::filesystem;

constexpr unsigned patience_s = 60;
constexpr std::uint64_t most_memory = std::uint64_t{1} << 30;
const char* const wholes[] = {"earliest.h5", "latest.h5"};
const char* const names[] = {"plain",   "big_endian", "never_written", "compact",
                             "chunks",  "packed",     "checked",       "complex",
                             "virtual", "external",   "g/inner",       "g/growing"};

hid_t must(hid_t id) {
    if (id < 0) throw std::runtime_error("HDF5 made no file to damage");
    return id;
}

struct whole_file {
    hid_t file;

    whole_file(const fs::path& name, bool is_latest) {
        const hid_t access = must(H5Pcreate(H5P_FILE_ACCESS));
        if (is_latest) must(H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST));
        file = must(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access));
        H5Pclose(access);
    }
    ~whole_file() { H5Fclose(file); }

    hid_t dataset(const char* name, hid_t type, std::vector<hsize_t> extents, hid_t made,
                  bool is_written = true) const {
        const hid_t space =
            must(H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr));
        const hid_t data =
            must(H5Dcreate2(file, name, type, space, H5P_DEFAULT, made, H5P_DEFAULT));
        std::vector<char> bytes(H5Tget_size(type) * 200);
        for (std::size_t k = 0; k < bytes.size(); ++k) bytes[k] = static_cast<char>(k % 7);
        if (is_written) must(H5Dwrite(data, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bytes.data()));
        H5Sclose(space);
        return data;
    }

    void attribute(hid_t of, const char* name, hid_t type, hsize_t count,
                   const void* values) const {
        const hid_t space = must(H5Screate_simple(1, &count, nullptr));
        const hid_t made = must(H5Acreate2(of, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
        must(H5Awrite(made, type, values));
        H5Aclose(made);
        H5Sclose(space);
    }
};

hid_t layout(H5D_layout_t kind, std::vector<hsize_t> chunk = {}) {
    const hid_t made = must(H5Pcreate(H5P_DATASET_CREATE));
    must(H5Pset_layout(made, kind));
    if (!chunk.empty()) must(H5Pset_chunk(made, static_cast<int>(chunk.size()), chunk.data()));
    return made;
}

void make_attributes(const whole_file& whole, hid_t of) {
    const hid_t any = must(H5Tcopy(H5T_C_S1)), eight = must(H5Tcopy(H5T_C_S1));
    must(H5Tset_size(any, H5T_VARIABLE));
    must(H5Tset_size(eight, 8));
    const char* const texts[] = {"kelvin", "a longer text, of more than some bytes", ""};
    const double numbers[] = {1.5, -2};
    const std::uint64_t large = ~std::uint64_t{0};
    whole.attribute(of, "texts", any, 3, texts);
    whole.attribute(of, "fixed", eight, 2, "abcdefg\0hijklmn");
    whole.attribute(of, "numbers", H5T_NATIVE_DOUBLE, 2, numbers);
    whole.attribute(of, "large", H5T_NATIVE_UINT64, 1, &large);
    H5Tclose(any);
    H5Tclose(eight);
}

void make_whole(const fs::path& folder, const char* name, bool is_latest) {
    const whole_file whole(folder / name, is_latest);
    make_attributes(whole, whole.file);
    hid_t made = layout(H5D_CONTIGUOUS);
    const hid_t plain = whole.dataset("plain", H5T_NATIVE_DOUBLE, {10, 7}, made);
    make_attributes(whole, plain);
    H5Dclose(plain);
    H5Dclose(whole.dataset("big_endian", H5T_STD_I32BE, {9}, made));
    H5Dclose(whole.dataset("never_written", H5T_NATIVE_INT16, {9, 2}, made, false));
    made = layout(H5D_COMPACT);
    H5Dclose(whole.dataset("compact", H5T_NATIVE_INT32, {12}, made));
    made = layout(H5D_CHUNKED, {4, 3});
    H5Dclose(whole.dataset("chunks", H5T_NATIVE_UINT16, {10, 7}, made));
    must(H5Pset_shuffle(made));
    must(H5Pset_deflate(made, 5));
    H5Dclose(whole.dataset("packed", H5T_NATIVE_FLOAT, {10, 7}, made));
    must(H5Pset_fletcher32(made));
    H5Dclose(whole.dataset("checked", H5T_NATIVE_INT64, {10, 7}, made));
    const hid_t pair = must(H5Tcreate(H5T_COMPOUND, 16));
    must(H5Tinsert(pair, "r", 0, H5T_NATIVE_DOUBLE));
    must(H5Tinsert(pair, "i", 8, H5T_NATIVE_DOUBLE));
    H5Dclose(whole.dataset("complex", pair, {5}, layout(H5D_CONTIGUOUS)));
    const hid_t group = must(H5Gcreate2(whole.file, "g", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    for (const std::int64_t k : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}) // more than an object header takes
        whole.attribute(group, fmt::format("number {}", k).c_str(), H5T_NATIVE_INT64, 1, &k);
    H5Gclose(group);
    H5Dclose(whole.dataset("g/inner", H5T_NATIVE_INT8, {20}, layout(H5D_CONTIGUOUS)));
    H5Dclose(whole.dataset("g/growing", H5T_NATIVE_INT8, {20}, layout(H5D_CHUNKED, {3})));
    const hsize_t all[] = {10, 7};
    const hid_t space = must(H5Screate_simple(2, all, nullptr));
    made = layout(H5D_VIRTUAL);
    must(H5Pset_virtual(made, space, ".", "plain", space));
    H5Dclose(whole.dataset("virtual", H5T_NATIVE_DOUBLE, {10, 7}, made, false));
    made = layout(H5D_CONTIGUOUS);
    must(H5Pset_external(made, (folder / "elements.raw").c_str(), 16, 80));
    H5Dclose(whole.dataset("external", H5T_NATIVE_DOUBLE, {10}, made));
}

std::string contents_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

// Bytes here and there become others; some files lose their end.
std::string damage(std::string bytes, std::uint64_t number) {
    test::random_numbers random(number);
    random.below(2);
    const auto size = static_cast<std::int64_t>(bytes.size());
    if (random.below(12) == 0) bytes.resize(static_cast<std::size_t>(random.below(size)));
    for (std::int64_t left = 1 + random.below(3); left > 0; --left) {
        const auto at = static_cast<std::size_t>(random.below(size));
        const std::int64_t kind = random.below(5);
        const std::size_t count = kind == 4 ? 8 : 1;
        for (std::size_t k = at; k < at + count && k < bytes.size(); ++k) {
            char& byte = bytes[k];
            if (kind == 0) byte = static_cast<char>(byte ^ (1 << random.below(8)));
            if (kind == 1 || kind == 4) byte = static_cast<char>(random.below(256));
            if (kind == 2) byte = '\xff';
            if (kind == 3) byte = static_cast<char>(byte + 1);
        }
    }
    return bytes;
}

std::size_t hash_of(const attributes& all) {
    std::size_t hash = all.size();
    for (const auto& [name, value] : all) {
        boost::hash_combine(hash, name);
        std::visit(
            [&](const auto& v) {
                using V = std::decay_t<decltype(v)>;
                if constexpr (std::is_arithmetic_v<V> || std::same_as<V, std::string>)
                    boost::hash_combine(hash, v);
                else
                    boost::hash_range(hash, v.begin(), v.end());
            },
            value);
    }
    return hash;
}

// What an array of these elements and dimensions makes of a dataset.
template <class T, int N>
std::size_t hash_elements(team& everyone, const fs::path& file, const dataset_info& what) {
    const auto read = nodespan::open_hdf5<T, N>(everyone, file, what.path);
    const std::uint64_t bytes = static_cast<std::uint64_t>(read.size()) * sizeof(T);
    if (what.chunk.empty() && what.stored_bytes > 0 && bytes > fs::file_size(file) + 4096)
        throw std::runtime_error("an array larger than the file");
    std::size_t hash = static_cast<std::size_t>(read.size());
    if (bytes > most_memory / 16) return hash;
    if (bytes == 0) return hash;
    const auto* const begin = reinterpret_cast<const char*>(read.local().span().data());
    boost::hash_range(hash, begin, begin + bytes);
    return hash;
}

template <class T>
std::size_t hash_elements(team& everyone, const fs::path& file, const dataset_info& what) {
    switch (what.extents.size()) {
    case 1:
        return hash_elements<T, 1>(everyone, file, what);
    case 2:
        return hash_elements<T, 2>(everyone, file, what);
    default:
        return 0;
    }
}

// The hash of what `body` adds to, or of its error.
template <class Body>
std::size_t attempt(Body&& body) {
    std::size_t hash = 0;
    try {
        body(hash);
    } catch (const error& failure) {
        return static_cast<std::size_t>(failure.code().value());
    }
    return hash;
}

std::size_t read_dataset(team& everyone, const fs::path& file, const char* name) {
    return attempt([&](std::size_t& hash) {
        const dataset_info what = describe_dataset(everyone, file, name);
        hash = hash_of(what.attributes);
        boost::hash_combine(hash, what.is_loadable);
        if (const auto type = find_dtype(what.type))
            visit(*type, [&]<class T>(std::type_identity<T>) {
                if constexpr (storable<T>)
                    boost::hash_combine(hash, attempt([&](std::size_t& elements) {
                                            elements = hash_elements<T>(everyone, file, what);
                                        }));
            });
    });
}

std::size_t read_all(team& everyone, const fs::path& file) {
    std::size_t hash = attempt([&](std::size_t& all) {
        for (const dataset_info& what : list_datasets(everyone, file)) {
            boost::hash_combine(all, what.path);
            boost::hash_combine(all, hash_of(what.attributes));
        }
    });
    for (const char* name : {"/", "g"})
        boost::hash_combine(
            hash, attempt([&](std::size_t& all) { all = hash_of(read_attributes(file, name)); }));
    for (const char* name : names) boost::hash_combine(hash, read_dataset(everyone, file, name));
    return hash;
}

// How files that once ended a process, or took its memory, are refused.
template <class Read>
bool is_refused(const char* file, const char* cause, Read&& read) {
    try {
        read(fs::path(NODESPAN_DAMAGED_FILES) / file);
    } catch (const error& failure) {
        if (std::strstr(failure.what(), cause) != nullptr) return true;
        if (std::strstr(failure.what(), "H5Dopen2: ") != nullptr)
            return true; // HDF5 1.14 sees it by itself
        std::printf("%s: %s\n", file, failure.what());
        return false;
    }
    std::printf("%s is read\n", file);
    return false;
}

bool refuses_known(team& everyone) {
    const auto open = [&]<class T>(std::type_identity<T>, const char* name) {
        return [&everyone, name](const fs::path& file) {
            static_cast<void>(nodespan::open_hdf5<T, 1>(everyone, file, name));
        };
    };
    const bool compact = is_refused("compact_too_short.h5", "need 540 bytes, 28 are stored",
                                    open(std::type_identity<std::int32_t>{}, "k"));
    const bool extent = is_refused("extent_16_gib.h5", "the dataset is damaged",
                                   open(std::type_identity<std::int64_t>{}, "m3"));
    const bool endless =
        is_refused("endless_string_attribute.h5", "attribute \"units\": a heap of the file",
                   [](const fs::path& file) { static_cast<void>(list_datasets(file)); });
    const bool member =
        is_refused("member_behind_its_struct.h5", "holds a struct of members that overlap",
                   open(std::type_identity<std::complex<double>>{}, "complex"));
    return compact && extent && endless && member;
}

// What both sides know of the files: which one is being read, and what came out of each.
struct board {
    volatile std::uint64_t at;
    volatile std::uint64_t results[1];
};

constexpr std::uint64_t no_result = 0, other_exception = 1;

void limit_memory() {
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlimit limit{pages * 4096 + most_memory, pages * 4096 + most_memory};
    setrlimit(RLIMIT_AS, &limit);
}

int work(const fs::path& folder, board& shared, std::uint64_t count, std::uint64_t seed,
         int filler) {
    mallopt(M_PERTURB, filler); // what is freed, or not written yet, is full of it
    int argc = 0;
    char** argv = nullptr;
    environment mpi{argc, argv};
    team everyone(MPI_COMM_SELF);
    std::vector<std::string> bytes;
    for (const char* name : wholes) bytes.push_back(contents_of(folder / name));
    limit_memory();
    if (shared.at == 0 && !refuses_known(everyone)) return 1;
    for (std::uint64_t k = shared.at; k < count;) {
        const fs::path file = folder / fmt::format("damaged{}.h5", getpid());
        std::ofstream(file, std::ios::binary)
            << damage(bytes[k % bytes.size()], seed + k / bytes.size());
        std::uint64_t result = no_result;
        try {
            result = read_all(everyone, file) | 4;
        } catch (const std::exception& failure) {
            std::fprintf(stderr, "file %llu: %s\n", static_cast<unsigned long long>(k),
                         failure.what());
            result = other_exception;
        }
        shared.results[k] = result;
        fs::remove(file);
        shared.at = ++k;
    }
    return 0;
}

// Until a worker is done, dead, or has been at one file for too long.
bool wait_for(pid_t worker, const board& shared) {
    std::uint64_t last = shared.at;
    for (unsigned waited_ms = 0; waited_ms < patience_s * 1000; waited_ms += 20) {
        int status = 0;
        if (waitpid(worker, &status, WNOHANG) == worker)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        if (shared.at != last) waited_ms = 0;
        last = shared.at;
        usleep(20000);
    }
    kill(worker, SIGKILL);
    waitpid(worker, nullptr, 0);
    std::printf("file %llu hangs\n", static_cast<unsigned long long>(last));
    return false;
}

} // namespace

int main(int argc, char** argv) {
    const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 1000;
    const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
    const std::uint64_t first = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : 0;
    std::string pattern = (fs::temp_directory_path() / "nodespan_damage_XXXXXX").string();
    const fs::path folder = mkdtemp(pattern.data());
    make_whole(folder, wholes[0], false);
    make_whole(folder, wholes[1], true);

    int lost = 0, differing = 0, foreign = 0;
    std::vector<std::uint64_t> before(count, no_result);
    for (const int filler : {85, 170}) {
        const test::shared_memory memory(sizeof(board) + count * sizeof(std::uint64_t));
        auto& shared = memory.as<board>();
        shared.at = first;
        while (shared.at < count) {
            std::fflush(nullptr);
            const pid_t worker = fork();
            if (worker == 0) {
                const int code = work(folder, shared, count, seed, filler);
                std::fflush(stdout);
                _exit(code);
            }
            if (wait_for(worker, shared)) continue;
            std::printf("file %llu ends the process\n", static_cast<unsigned long long>(shared.at));
            ++lost;
            shared.at = shared.at + 1;
        }
        for (std::uint64_t k = 0; k < count; ++k) {
            foreign += shared.results[k] == other_exception;
            if (before[k] != no_result && before[k] != shared.results[k]) {
                std::printf("file %llu gives another result\n", static_cast<unsigned long long>(k));
                ++differing;
            }
            before[k] = shared.results[k];
        }
    }
    fs::remove_all(folder);
    std::printf("%llu files, twice: %d ended or held up the process, %d gave different "
                "results, %d other exceptions\n",
                static_cast<unsigned long long>(count), lost, differing, foreign);
    return lost + differing + foreign == 0 ? 0 : 1;
}
