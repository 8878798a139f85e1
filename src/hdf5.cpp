#include "nodespan/hdf5.hpp"

#include "agreement.hpp"
#include "hdf5_handle.hpp"
#include "mpi_check.hpp"
#include "pieces.hpp"
#include "team_core.hpp"

#include <boost/functional/hash.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace nodespan::detail {
namespace {

// MPI counts are ints: no rank moves more than this in one call.
constexpr std::size_t most_bytes_a_call = std::size_t{1} << 30;

// What one collective call works on.
struct request {
    const char* operation;
    const array_core& array;
    file_type type;
    std::string file;
    std::string dataset;

    MPI_Comm comm() const { return array.get_team().comm(); }
    bool first_rank() const { return array.get_team().rank() == 0; }
    std::string part() const { return file + ".part"; }
    team_core& core() const { return *array.get_team().core(); }
};

std::string braces(const index_list& values) {
    return fmt::format("{{{}}}", fmt::join(values, ", "));
}

std::string to_text(file_type type) {
    switch (type.kind) {
    case 'i':
        return fmt::format("int{}", type.bytes * 8);
    case 'u':
        return fmt::format("uint{}", type.bytes * 8);
    case 'f':
        return fmt::format("float{}", type.bytes * 8);
    default:
        return fmt::format("complex{}", type.bytes * 8);
    }
}

// The call as messages quote it.
std::string quote(const request& r) {
    return fmt::format("{}({}{}, \"{}\", \"{}\")", r.operation, to_text(r.type),
                       braces(r.array.cut().extents()), r.file, r.dataset);
}

std::string where(const request& r) {
    const team& t = r.array.get_team();
    return fmt::format("[rank {} of {}, node {} of {}]", t.rank(), t.size(), t.node(), t.nodes());
}

// What a rank could not do, before the ranks agree; quoted and placed by agree().
[[noreturn]] void refuse(const std::string& cause) {
    throw error(errc::io, cause);
}
[[noreturn]] void refuse_by_system(const char* what, const std::string& file) {
    refuse(fmt::format("{} {}: {}", what, file, std::strerror(errno)));
}

// Runs `body` on this rank and lets all ranks agree on its success; errors say which call failed.
template <class Body>
void agree(const request& r, Body&& body) {
    std::optional<error> mine = attempt(std::forward<Body>(body));
    if (mine) {
        const std::string cause = std::string(mine->what()).substr(std::strlen("nodespan: "));
        mine = error(mine->code(), fmt::format("{}: {} {}", quote(r), cause, where(r)));
    }
    agree_or_throw(r.comm(), mine);
}

void require_same_arguments(const request& r) {
    const std::string call = quote(r);
    const std::uint64_t mine = boost::hash<std::string>{}(call);
    std::uint64_t most[2] = {mine, ~mine}; // the second is the complement of the least
    agree(r, [&] {
        mpi_check(MPI_Allreduce(MPI_IN_PLACE, most, 2, MPI_UINT64_T, MPI_MAX, r.comm()),
                  "MPI_Allreduce");
    });
    if (most[0] != ~most[1]) throw_mismatch(r.comm(), mine, call);
}

hdf5_handle make_complex(hid_t part, std::size_t part_bytes) {
    hdf5_handle type(H5Tcreate(H5T_COMPOUND, 2 * part_bytes), "H5Tcreate");
    hdf5_check(H5Tinsert(type.get(), "r", 0, part), "H5Tinsert");
    hdf5_check(H5Tinsert(type.get(), "i", part_bytes, part), "H5Tinsert");
    return type;
}

hdf5_handle native_type(file_type type) {
    const auto copy = [](hid_t id) { return hdf5_handle(H5Tcopy(id), "H5Tcopy"); };
    switch (type.kind) {
    case 'c':
        return type.bytes == 8 ? make_complex(H5T_NATIVE_FLOAT, 4)
                               : make_complex(H5T_NATIVE_DOUBLE, 8);
    case 'f':
        return copy(type.bytes == 4 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE);
    default:
        break;
    }
    const bool is_signed = type.kind == 'i';
    switch (type.bytes) {
    case 1:
        return copy(is_signed ? H5T_NATIVE_INT8 : H5T_NATIVE_UINT8);
    case 2:
        return copy(is_signed ? H5T_NATIVE_INT16 : H5T_NATIVE_UINT16);
    case 4:
        return copy(is_signed ? H5T_NATIVE_INT32 : H5T_NATIVE_UINT32);
    default:
        return copy(is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64);
    }
}

std::vector<hsize_t> to_sizes(const index_list& values) {
    return {values.begin(), values.end()};
}

hdf5_handle space_of(const index_list& extents) {
    const std::vector<hsize_t> sizes = to_sizes(extents);
    return {H5Screate_simple(static_cast<int>(sizes.size()), sizes.data(), nullptr),
            "H5Screate_simple"};
}

// Selects `part` in a space whose first element is at `origin`; nothing for an empty part.
void select(const hdf5_handle& space, const box<dynamic>& part, const index_list& origin) {
    if (part.empty()) {
        hdf5_check(H5Sselect_none(space.get()), "H5Sselect_none");
        return;
    }
    std::vector<hsize_t> start;
    for (std::size_t d = 0; d < part.lo.size(); ++d)
        start.push_back(static_cast<hsize_t>(part.lo[d] - origin[d]));
    const std::vector<hsize_t> count = to_sizes(part.extents());
    hdf5_check(H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                                   nullptr),
               "H5Sselect_hyperslab");
}

// Rank 0 alone makes the file and its empty dataset: what fails here fails before any collective
// call to HDF5, which could leave some ranks waiting inside it.
void create_dataset(const request& r) {
    hdf5_handle file(H5Fcreate(r.part().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT),
                     "H5Fcreate");
    const hdf5_handle links(H5Pcreate(H5P_LINK_CREATE), "H5Pcreate");
    hdf5_check(H5Pset_create_intermediate_group(links.get(), 1),
               "H5Pset_create_intermediate_group");
    const hdf5_handle layout(H5Pcreate(H5P_DATASET_CREATE), "H5Pcreate");
    hdf5_check(H5Pset_alloc_time(layout.get(), H5D_ALLOC_TIME_EARLY), "H5Pset_alloc_time");
    hdf5_check(H5Pset_fill_time(layout.get(), H5D_FILL_TIME_NEVER), "H5Pset_fill_time");
    const hdf5_handle type = native_type(r.type), space = space_of(r.array.cut().extents());
    hdf5_handle data(H5Dcreate2(file.get(), r.dataset.c_str(), type.get(), space.get(), links.get(),
                                layout.get(), H5P_DEFAULT),
                     "H5Dcreate2");
    data.close("H5Dclose");
    file.close("H5Fclose");
}

// Backs the file with disk space now, so that a full disk is found before the data are written.
void reserve_space(const std::string& file) {
    const int descriptor = open(file.c_str(), O_RDWR | O_CLOEXEC);
    if (descriptor < 0) refuse_by_system("cannot open", file);
    struct stat status {};
    int result = fstat(descriptor, &status);
    if (result == 0) result = fallocate(descriptor, 0, 0, std::max<off_t>(1, status.st_size));
    const int cause = errno;
    close(descriptor);
    if (result == 0 || cause == EOPNOTSUPP || cause == ENOSYS) return; // not every file system can
    errno = cause;
    refuse_by_system(fmt::format("cannot reserve {} bytes for", status.st_size).c_str(), file);
}

// A collective H5Fopen hangs where one rank cannot open the file: so every rank tries before.
void require_open(const request& r, const std::string& file, int flags) {
    const int descriptor = open(file.c_str(), flags | O_CLOEXEC);
    if (descriptor >= 0) {
        close(descriptor);
        return;
    }
    if (errno == ENOENT && !r.first_rank())
        refuse(fmt::format("cannot open {} on this node: No such file or directory; the file must "
                           "be in a folder that all nodes share",
                           file));
    refuse_by_system("cannot open", file);
}

file_type type_in_file(hid_t type) {
    const auto bytes = H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        return {H5Tget_sign(type) == H5T_SGN_2 ? 'i' : 'u', bytes};
    case H5T_FLOAT:
        return {'f', bytes};
    case H5T_COMPOUND:
        break;
    default:
        return {};
    }
    if (H5Tget_nmembers(type) != 2) return {};
    const int real = H5Tget_member_index(type, "r"), imaginary = H5Tget_member_index(type, "i");
    if (real < 0 || imaginary < 0) return {};
    for (const int place : {real, imaginary}) {
        const hdf5_handle member(H5Tget_member_type(type, static_cast<unsigned>(place)),
                                 "H5Tget_member_type");
        if (type_in_file(member.get()) != file_type{'f', bytes / 2}) return {};
    }
    return {'c', bytes};
}

// Rank 0 alone looks whether the dataset is what the array needs.
void require_fitting_dataset(const request& r) {
    const htri_t is_hdf5 = H5Fis_hdf5(r.file.c_str());
    if (hdf5_check(is_hdf5, "H5Fis_hdf5") == 0) refuse("this is no HDF5 file, or a truncated one");
    const hdf5_handle file(H5Fopen(r.file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), "H5Fopen");
    const hdf5_handle data(H5Dopen2(file.get(), r.dataset.c_str(), H5P_DEFAULT), "H5Dopen2");
    const hdf5_handle space(H5Dget_space(data.get()), "H5Dget_space");
    const hdf5_handle type(H5Dget_type(data.get()), "H5Dget_type");

    const index_list wanted = r.array.cut().extents();
    const auto rank =
        hdf5_check(H5Sget_simple_extent_ndims(space.get()), "H5Sget_simple_extent_ndims");
    if (rank != static_cast<hid_t>(wanted.size()))
        refuse(fmt::format("the dataset has {} dimensions, the array {}", rank, wanted.size()));
    std::vector<hsize_t> found(wanted.size());
    hdf5_check(H5Sget_simple_extent_dims(space.get(), found.data(), nullptr),
               "H5Sget_simple_extent_dims");
    if (found != to_sizes(wanted))
        refuse(fmt::format("the dataset has extents {{{}}}, the array {}", fmt::join(found, ", "),
                           braces(wanted)));
    const file_type in_file = type_in_file(type.get());
    if (in_file != r.type)
        refuse(fmt::format("the dataset holds {}, the array {}",
                           in_file == file_type{} ? "another type" : to_text(in_file),
                           to_text(r.type)));
}

// The file and dataset as opened by all ranks together.
struct shared_dataset {
    hdf5_handle file;
    hdf5_handle data;
};

// All ranks have found that they can open the file.
shared_dataset open_together(const request& r, const std::string& name, unsigned mode) {
    shared_dataset result;
    try {
        agree(r, [&] {
            const hdf5_handle access(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate");
            hdf5_check(H5Pset_fapl_mpio(access.get(), r.comm(), MPI_INFO_NULL), "H5Pset_fapl_mpio");
            hdf5_check(H5Pset_all_coll_metadata_ops(access.get(), true),
                       "H5Pset_all_coll_metadata_ops");
            result.file = {H5Fopen(name.c_str(), mode, access.get()), "H5Fopen"};
        });
    } catch (...) {
        result.file.leak(); // closing is collective, and not every rank has it open
        throw;
    }
    agree(r, [&] {
        result.data = {H5Dopen2(result.file.get(), r.dataset.c_str(), H5P_DEFAULT), "H5Dopen2"};
    });
    return result;
}

// How often all ranks call HDF5: as often as the one with the most pieces.
std::size_t most_pieces(const request& r, std::size_t mine) {
    std::uint64_t count = mine;
    agree(r, [&] {
        mpi_check(MPI_Allreduce(MPI_IN_PLACE, &count, 1, MPI_UINT64_T, MPI_MAX, r.comm()),
                  "MPI_Allreduce");
    });
    return static_cast<std::size_t>(count);
}

// Calls transfer(type, memory space, file space, transfer properties) collectively for each piece
// of this rank's box; with nothing selected for the ranks that have fewer pieces. A rank that fails
// goes on, since the others wait for it in the next collective call.
template <class Transfer>
void move_pieces(const request& r, Transfer&& transfer) {
    const auto most = static_cast<index_t>(most_bytes_a_call / r.array.element_bytes());
    const std::vector<box<dynamic>> mine = pieces(r.array.rank_box(), most);
    const std::size_t calls = most_pieces(r, mine.size());
    hdf5_handle type, memory, in_file, how;
    agree(r, [&] {
        type = native_type(r.type);
        memory = space_of(r.array.stored_box().extents());
        in_file = space_of(r.array.cut().extents());
        how = {H5Pcreate(H5P_DATASET_XFER), "H5Pcreate"};
        hdf5_check(H5Pset_dxpl_mpio(how.get(), H5FD_MPIO_COLLECTIVE), "H5Pset_dxpl_mpio");
    });
    const index_list zero(static_cast<int>(r.array.cut().extents().size()), 0);
    std::optional<error> failure;
    for (std::size_t k = 0; k < calls; ++k) {
        const box<dynamic> part = k < mine.size() ? mine[k] : box<dynamic>{zero, zero};
        const std::optional<error> now = attempt([&] {
            select(memory, part, r.array.stored_box().lo);
            select(in_file, part, zero);
            transfer(type.get(), memory.get(), in_file.get(), how.get());
        });
        if (now && !failure) failure = now;
    }
    agree(r, [&] {
        if (failure) throw error(*failure);
    });
}

void close_together(const request& r, shared_dataset& open) {
    agree(r, [&] { open.data.close("H5Dclose"); });
    agree(r, [&] { open.file.close("H5Fclose"); });
}

void write_part(const request& r) {
    agree(r, [&] {
        if (!r.first_rank()) return;
        create_dataset(r);
        reserve_space(r.part());
    });
    agree(r, [&] { require_open(r, r.part(), O_RDWR); });
    shared_dataset open = open_together(r, r.part(), H5F_ACC_RDWR);
    std::byte nothing{}; // HDF5 wants an address even of no elements
    const std::byte* from = r.array.node_data() != nullptr ? r.array.node_data() : &nothing;
    move_pieces(r, [&](hid_t type, hid_t memory, hid_t in_file, hid_t how) {
        hdf5_check(H5Dwrite(open.data.get(), type, memory, in_file, how, from), "H5Dwrite");
    });
    // On the disk before the file gets its name, or a crash could leave a name without contents.
    agree(r, [&] { hdf5_check(H5Fflush(open.file.get(), H5F_SCOPE_GLOBAL), "H5Fflush"); });
    close_together(r, open);
}

void rename_part(const request& r) {
    agree(r, [&] {
        if (r.first_rank() && std::rename(r.part().c_str(), r.file.c_str()) != 0)
            refuse_by_system("cannot rename the finished file to", r.file);
    });
}

request begin(const char* operation, const array_core& array, file_type type,
              const std::filesystem::path& file, const std::string& dataset) {
    require_mpi(operation);
    request result{operation, array, type, file.string(), dataset};
    require_same_arguments(result);
    result.core().fence();
    return result;
}

} // namespace

void save_array(const array_core& from, file_type type, const std::filesystem::path& file,
                const std::string& dataset) {
    const request r = begin("save", from, type, file, dataset);
    const quiet_hdf5 quiet;
    try {
        write_part(r);
        rename_part(r);
    } catch (...) {
        if (r.first_rank()) std::remove(r.part().c_str());
        throw;
    }
}

void load_array(const array_core& to, file_type type, const std::filesystem::path& file,
                const std::string& dataset) {
    const request r = begin("load", to, type, file, dataset);
    const quiet_hdf5 quiet;
    agree(r, [&] { require_open(r, r.file, O_RDONLY); });
    agree(r, [&] {
        if (r.first_rank()) require_fitting_dataset(r);
    });
    shared_dataset open = open_together(r, r.file, H5F_ACC_RDONLY);
    std::byte nothing{}; // HDF5 wants an address even of no elements
    std::byte* const into = to.node_data() != nullptr ? to.node_data() : &nothing;
    move_pieces(r, [&](hid_t type_id, hid_t memory, hid_t in_file, hid_t how) {
        hdf5_check(H5Dread(open.data.get(), type_id, memory, in_file, how, into), "H5Dread");
    });
    close_together(r, open);
    r.core().fence();
}

} // namespace nodespan::detail
