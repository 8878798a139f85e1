#include "file_share.hpp"
#include "hdf5_output.hpp"
#include "hdf5_types.hpp"
#include "nodespan/hdf5.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cerrno>
#include <fcntl.h>

namespace nodespan::detail {
namespace {

// A dataset opened for reading, by this rank alone.
struct open_dataset {
    hdf5_handle file, data, type;
    std::vector<hsize_t> extents;

    open_dataset(const std::string& name, const std::string& dataset) {
        const posix_file possible =
            posix_file::open_to_read(name); // the system's words are clearer
        if (hdf5_check(H5Fis_hdf5(name.c_str()), "H5Fis_hdf5") == 0)
            refuse("this is no HDF5 file, or a truncated one");
        file = {H5Fopen(name.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), "H5Fopen"};
        data = {H5Dopen2(file.get(), dataset.c_str(), H5P_DEFAULT), "H5Dopen2"};
        type = {H5Dget_type(data.get()), "H5Dget_type"};
        extents = extents_of(hdf5_handle(H5Dget_space(data.get()), "H5Dget_space").get());
    }

    void require(const file_type& wanted, std::size_t dimensions) const {
        if (extents.size() != dimensions)
            refuse(fmt::format("the dataset has {} dimensions, the array {}", extents.size(),
                               dimensions));
        const file_type found = type_in_file(type.get());
        if (!is_same_type(found, wanted))
            refuse(
                fmt::format("the dataset holds {}, the array {}", to_text(found), to_text(wanted)));
    }

    /// Where its elements lie as they do in memory, one after the other; HADDR_UNDEF if nowhere.
    std::uint64_t plain_place(const file_type& wanted) const {
        const hdf5_handle made(H5Dget_create_plist(data.get()), "H5Dget_create_plist");
        if (H5Pget_layout(made.get()) != H5D_CONTIGUOUS || H5Pget_external_count(made.get()) != 0 ||
            H5Tequal(type.get(), native_type(wanted).get()) <= 0)
            return HADDR_UNDEF;
        // H5Dget_offset adds the length of a user block even to "nowhere".
        H5D_space_status_t space = H5D_SPACE_STATUS_NOT_ALLOCATED;
        hdf5_check(H5Dget_space_status(data.get(), &space), "H5Dget_space_status");
        if (space != H5D_SPACE_STATUS_ALLOCATED) return HADDR_UNDEF;
        return H5Dget_offset(data.get());
    }
};

struct load_request {
    array_core& to;
    const file_type& type;
    box<dynamic> patch;
    std::string file, dataset;
    box<dynamic> from; // of the dataset
};

void require_shape(const load_request& r, const std::vector<hsize_t>& found) {
    const index_list wanted = r.patch.extents();
    for (std::size_t d = 0; d < found.size(); ++d) {
        const auto extent = static_cast<index_t>(found[d]);
        if (r.from.lo[d] < 0 || r.from.hi[d] < r.from.lo[d] || r.from.hi[d] > extent)
            refuse(fmt::format("the dataset has extents {{{}}}; {} is outside",
                               fmt::join(found, ", "), to_text(r.from)));
    }
    const index_list given = r.from.extents();
    if (given == wanted) return;
    const bool is_whole = to_sizes(given) == found;
    const bool is_all = wanted == r.to.cut().extents();
    refuse(fmt::format("the {} has extents {}, the {} {}", is_whole ? "dataset" : "dataset's box",
                       to_text(given), is_all ? "array" : "array's box", to_text(wanted)));
}

// The elements of this rank's box: HDF5 unpacks and converts them.
void read_own_box(const load_request& r) {
    const box<dynamic> mine = r.to.rank_box().intersection(r.patch);
    if (mine.empty()) return;
    const open_dataset source(r.file, r.dataset);
    const hdf5_handle memory = space_of(to_sizes(r.to.stored_box().extents()));
    const hdf5_handle in_file = space_of(source.extents);
    select(memory, mine, r.to.stored_box().lo);
    index_list origin = r.patch.lo; // the array's index of the dataset's first element
    for (std::size_t d = 0; d < origin.size(); ++d) origin[d] -= r.from.lo[d];
    select(in_file, mine, origin);
    hdf5_check(H5Dread(source.data.get(), native_type(r.type).get(), memory.get(), in_file.get(),
                       H5P_DEFAULT, r.to.node_data()),
               "H5Dread");
}

} // namespace

void load_array(array_core& to, const file_type& type, const box<dynamic>& patch,
                const std::filesystem::path& file, const std::string& dataset,
                const box<dynamic>& from) {
    load_request r{to, type, patch, file.string(), dataset, from};
    const io_call call(to.get_team().core(),
                       quote_call("load", to, type, patch, r.file, dataset,
                                  from.lo.size() > 0 ? ", " + to_text(from) : ""));
    call.agree([&] { require_patch(to, patch); });
    const quiet_hdf5 quiet;
    call.fence();
    const posix_file bytes = call.open_to_read(r.file);

    const std::size_t dimensions = patch.lo.size();
    index_list extents(static_cast<int>(dimensions), 0);
    std::uint64_t place = HADDR_UNDEF;
    call.on_first_rank([&] {
        const open_dataset source(r.file, r.dataset);
        source.require(type, dimensions);
        for (std::size_t d = 0; d < dimensions; ++d)
            extents[d] = static_cast<index_t>(source.extents[d]);
        if (r.from.lo.size() == 0) r.from = {index_list(static_cast<int>(dimensions), 0), extents};
        require_shape(r, source.extents);
        place = source.plain_place(type);
    });
    for (std::size_t d = 0; d < dimensions; ++d)
        extents[d] =
            static_cast<index_t>(call.from_first_rank(static_cast<std::uint64_t>(extents[d])));
    place = call.from_first_rank(place);
    if (r.from.lo.size() == 0) r.from = {index_list(static_cast<int>(dimensions), 0), extents};

    call.agree([&] {
        if (place != HADDR_UNDEF)
            read_share(r.to, {r.patch, place, extents, r.from.lo}, bytes);
        else
            read_own_box(r);
    });
    call.fence();
}

index_list stored_extents(const team& team, const file_type& type, int dimensions,
                          const std::filesystem::path& file, const std::string& dataset) {
    const io_call call(team.core(), fmt::format("open({}, {} dimensions, \"{}\", \"{}\")",
                                                to_text(type), dimensions, file.string(), dataset));
    const quiet_hdf5 quiet;
    std::vector<std::uint64_t> found(static_cast<std::size_t>(dimensions));
    call.on_first_rank([&] {
        const open_dataset source(file.string(), dataset);
        source.require(type, found.size());
        found.assign(source.extents.begin(), source.extents.end());
    });
    index_list result(dimensions, 0);
    for (std::size_t d = 0; d < found.size(); ++d)
        result[d] = static_cast<index_t>(call.from_first_rank(found[d]));
    return result;
}

} // namespace nodespan::detail
