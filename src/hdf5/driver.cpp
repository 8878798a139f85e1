#include "driver.hpp"

#include "heap.hpp"
#include "nodespan/error.hpp"

#include <H5FDpublic.h>
#if H5_VERSION_GE(1, 14, 0)
#include <H5FDdevelop.h>
#endif

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <sys/file.h>
#include <sys/stat.h>
#include <unordered_map>

namespace nodespan::detail {
namespace {

// Our record of an open file. HDF5's own part comes first, since HDF5 uses the address of one for
// the other.
struct read_file : H5FD_t {
    posix_file file;
    std::uint64_t length = 0;
    haddr_t end = 0;            // of the space that HDF5 has allocated
    std::size_t size_bytes = 8; // of sizes in the file
    dev_t device = 0;
    ino_t inode = 0;
    std::unordered_map<haddr_t, std::uint64_t> heaps; // begins and lengths of heaps that are sound
};

read_file& of(H5FD_t* file) {
    return *static_cast<read_file*>(file);
}
const read_file& of(const H5FD_t* file) {
    return *static_cast<const read_file*>(file);
}

// Runs `body`. HDF5 is C, so no exception may pass through it; HDF5's error gets the exception's
// text.
template <class Body>
herr_t guarded(const char* where, Body&& body) {
    try {
        body();
        return 0;
    } catch (const std::exception& failure) {
        H5Epush2(H5E_DEFAULT, __FILE__, where, __LINE__, H5E_ERR_CLS, H5E_IO, H5E_READERROR, "%s",
                 failure.what());
        return -1;
    }
}

// The size of sizes, from the superblock at 0, 512, 1024, ...; 8 if there is none.
std::size_t size_bytes_of(const posix_file& file, std::uint64_t length) {
    std::array<std::byte, 16> head{};
    for (std::uint64_t at = 0; length >= head.size() && at <= length - head.size();
         at = at == 0 ? 512 : 2 * at) {
        file.read(at, head.data(), head.size());
        if (std::memcmp(head.data(), "\211HDF\r\n\032\n", 8) == 0)
            return std::to_integer<std::size_t>(head[head[8] < std::byte{2} ? 14 : 10]);
    }
    return 8;
}

H5FD_t* open_file(const char* name, unsigned flags, hid_t, haddr_t) {
    std::unique_ptr<read_file> result;
    const herr_t problem = guarded("open", [&] {
        if ((flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT)) != 0)
            throw error(errc::io, "write");
        auto made = std::make_unique<read_file>();
        made->file = posix_file::open_to_read(name);
        made->length = made->file.size();
        made->size_bytes = size_bytes_of(made->file, made->length);
        struct stat status {};
        if (fstat(made->file.descriptor(), &status) != 0)
            throw error(errc::io, std::strerror(errno));
        made->device = status.st_dev;
        made->inode = status.st_ino;
        result = std::move(made);
    });
    return problem < 0 ? nullptr : result.release();
}

herr_t close_file(H5FD_t* file) {
    delete &of(file);
    return 0;
}

int compare(const H5FD_t* a, const H5FD_t* b) {
    const read_file &one = of(a), &other = of(b);
    if (one.device != other.device) return one.device < other.device ? -1 : 1;
    return one.inode == other.inode ? 0 : one.inode < other.inode ? -1 : 1;
}

// HDF5 must not collect its reads into larger ones: each heap has to be read as it is.
herr_t query(const H5FD_t*, unsigned long* flags) {
    *flags = H5FD_FEAT_DATA_SIEVE | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

haddr_t get_end(const H5FD_t* file, H5FD_mem_t) {
    return of(file).end;
}
herr_t set_end(H5FD_t* file, H5FD_mem_t, haddr_t end) {
    of(file).end = end;
    return 0;
}
haddr_t get_length(const H5FD_t* file, H5FD_mem_t) {
    return of(file).length;
}

// What HDF5 reads as elements may be a heap, which it will then walk through.
void look_for_heap(read_file& from, haddr_t at, const std::byte* found, std::size_t bytes) {
    constexpr char begin[] = "GCOL\1\0\0"; // and the zero at the end
    if (bytes < 16 || std::memcmp(found, begin, sizeof begin) != 0) return;
    for (const auto& [known, length] : from.heaps)
        if (at >= known && at - known < length) return; // later reads inside a heap that is known
    objects_of_heap(from.file, from.length, at, from.size_bytes);
    from.heaps[at] = number_at(found + 8, from.size_bytes);
}

herr_t read_bytes(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, std::size_t bytes, void* to) {
    return guarded("read", [&] {
        of(file).file.read(at, to, bytes);
        look_for_heap(of(file), at, static_cast<const std::byte*>(to), bytes);
    });
}

herr_t write_nothing(H5FD_t*, H5FD_mem_t, hid_t, haddr_t, std::size_t, const void*) {
    return -1;
}

herr_t lock(H5FD_t* file, hbool_t is_to_write) {
    const int kind = is_to_write ? LOCK_EX : LOCK_SH;
    if (flock(of(file).file.descriptor(), kind | LOCK_NB) == 0 || errno == ENOSYS) return 0;
    return guarded("lock", [] { throw error(errc::io, "another program is writing the file"); });
}
herr_t unlock(H5FD_t* file) {
    return flock(of(file).file.descriptor(), LOCK_UN) == 0 || errno == ENOSYS ? 0 : -1;
}

H5FD_class_t driver() {
    H5FD_class_t result{};
#if H5_VERSION_GE(1, 14, 0)
    result.version = H5FD_CLASS_VERSION;
    result.value = H5FD_class_value_t(509); // one of those for private use
#endif
    result.name = "nodespan_read";
    result.maxaddr = (haddr_t{1} << 63) - 1;
    result.fc_degree = H5F_CLOSE_WEAK;
    result.open = &open_file;
    result.close = &close_file;
    result.cmp = &compare;
    result.query = &query;
    result.get_eoa = &get_end;
    result.set_eoa = &set_end;
    result.get_eof = &get_length;
    result.read = &read_bytes;
    result.write = &write_nothing;
    result.lock = &lock;
    result.unlock = &unlock;
    const H5FD_mem_t one_kind[] = H5FD_FLMAP_DICHOTOMY; // as HDF5's own drivers have it
    std::copy(std::begin(one_kind), std::end(one_kind), std::begin(result.fl_map));
    return result;
}

} // namespace

hdf5_handle access_to_read() {
    static const H5FD_class_t ours = driver();
    static hid_t id = -1; // stays for good: HDF5 uses the driver while it closes its last file
    if (H5Iget_type(id) != H5I_VFL) id = hdf5_check(H5FDregister(&ours), "H5FDregister");
    hdf5_handle access(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate");
    hdf5_check(H5Pset_driver(access.get(), id, nullptr), "H5Pset_driver");
    return access;
}

} // namespace nodespan::detail
