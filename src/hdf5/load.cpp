#include "contiguous_io.hpp"
#include "nodespan/hdf5.hpp"
#include "output.hpp"
#include "pieces.hpp"
#include "source.hpp"
#include "stored.hpp"
#include "unpack.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <vector>

namespace nodespan::detail {
namespace {

void require(const hdf5_source& source, const file_type& wanted, std::size_t dimensions) {
    if (source.extents.size() != dimensions)
        refuse(fmt::format("the dataset has {} dimensions, the array {}", source.extents.size(),
                           dimensions));
    if (!is_same_type(source.element, wanted))
        refuse(fmt::format("the dataset holds {}, the array {}", to_text(source.element),
                           to_text(wanted)));
    source.require_array();
    require_stored(source);
}

bool is_one_file(const std::string& a, const std::string& b) {
    std::error_code problem;
    return std::filesystem::equivalent(a, b, problem) && !problem;
}

// The offset in `file` at which the elements lie as in memory, one after the other; HADDR_UNDEF if
// they do not.
std::uint64_t plain_address(const hdf5_source& source, const file_type& wanted,
                            const std::string& file) {
    if (H5Pget_layout(source.made.get()) != H5D_CONTIGUOUS ||
        H5Pget_external_count(source.made.get()) != 0 ||
        H5Tequal(source.type.get(), native_type(wanted).get()) <= 0)
        return HADDR_UNDEF;
    // H5Dget_offset adds the length of a user block even if there is no offset.
    if (H5Dget_storage_size(source.data.get()) == 0) return HADDR_UNDEF;
    if (!is_one_file(file_of(source.data.get()), file)) return HADDR_UNDEF; // an external link
    return H5Dget_offset(source.data.get());
}

// How much of a share that is not one box is read at once.
constexpr index_t piece_bytes = index_t{4} << 20;

struct load_request {
    array_core& to;
    const file_type& type;
    box<dynamic_rank> patch;
    std::string file, dataset;
    box<dynamic_rank> from; // of the dataset
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

// For a block-cyclic array reads an equal share of the patch, whose elements are then sent to
// where they belong.
void read_share_in_pieces(const load_request& r) {
    const team& ranks = r.to.get_team();
    const box<dynamic_rank> mine = nth_piece(r.patch, ranks.rank(), ranks.size());
    if (mine.empty()) return;
    const hdf5_handle file = open_hdf5(r.file);
    const hdf5_source source(file.get(), r.dataset);
    require(source, r.type, r.patch.lo.size());
    const hdf5_handle native = native_type(r.type);
    const std::size_t bytes = r.to.element_bytes();
    const index_t most = std::max<index_t>(1, piece_bytes / static_cast<index_t>(bytes));
    std::vector<std::byte> buffer;
    for_each_piece(mine, most, [&](const box<dynamic_rank>& piece) {
        box<dynamic_rank> part = piece; // of the dataset
        for (std::size_t d = 0; d < part.lo.size(); ++d) {
            part.lo[d] += r.from.lo[d] - r.patch.lo[d];
            part.hi[d] += r.from.lo[d] - r.patch.lo[d];
        }
        buffer.resize(static_cast<std::size_t>(piece.size()) * bytes);
        read_box(source, part, {native.get(), to_sizes(part.extents()), part.lo, buffer.data()});
        r.to.put(piece, {buffer.data(), piece.size(), false, {}, {}});
    });
}

// Reads the elements of this rank's box through HDF5, which unpacks and converts them.
void read_own_box(const load_request& r) {
    if (r.to.cut().is_cyclic()) return read_share_in_pieces(r);
    const box<dynamic_rank> mine = r.to.rank_box().intersection(r.patch);
    if (mine.empty()) return;
    const hdf5_handle file = open_hdf5(r.file);
    const hdf5_source source(file.get(), r.dataset);
    require(source, r.type, r.patch.lo.size()); // this node may see other files
    box<dynamic_rank> part = mine;              // of the dataset
    index_list first = r.to.stored_box().lo;    // as indices of the dataset
    for (std::size_t d = 0; d < first.size(); ++d) {
        const index_t shift = r.from.lo[d] - r.patch.lo[d];
        part.lo[d] += shift;
        part.hi[d] += shift;
        first[d] += shift;
    }
    const hdf5_handle native = native_type(r.type);
    read_box(source, part,
             {native.get(), to_sizes(r.to.stored_box().extents()), first, r.to.node_data()});
}

} // namespace

void load_array(array_core& to, const file_type& type, const box<dynamic_rank>& patch,
                const std::filesystem::path& file, const std::string& dataset,
                const box<dynamic_rank>& from) {
    load_request r{to, type, patch, file.string(), dataset, from};
    const collective_io call(detail::access::core(to.get_team()),
                             quote_call("load_hdf5", to, type, patch, r.file, dataset,
                                        from.lo.size() > 0 ? ", " + to_text(from) : ""));
    call.agree([&] { require_patch(to, patch); });
    const quiet_hdf5 quiet;
    call.fence();
    const posix_file bytes = call.open_to_read(r.file);

    const std::size_t dimensions = patch.lo.size();
    index_list extents(static_cast<int>(dimensions), 0);
    std::uint64_t address = HADDR_UNDEF;
    call.on_first_rank([&] {
        const hdf5_handle open = open_hdf5(r.file);
        const hdf5_source source(open.get(), r.dataset);
        require(source, type, dimensions);
        for (std::size_t d = 0; d < dimensions; ++d)
            extents[d] = static_cast<index_t>(source.extents[d]);
        if (r.from.lo.size() == 0) r.from = {index_list(static_cast<int>(dimensions), 0), extents};
        require_shape(r, source.extents);
        address = plain_address(source, type, r.file);
    });
    for (std::size_t d = 0; d < dimensions; ++d)
        extents[d] =
            static_cast<index_t>(call.from_first_rank(static_cast<std::uint64_t>(extents[d])));
    address = call.from_first_rank(address);
    if (r.from.lo.size() == 0) r.from = {index_list(static_cast<int>(dimensions), 0), extents};

    call.agree([&] {
        if (address != HADDR_UNDEF)
            read_share(r.to, {r.patch, address, extents, r.from.lo}, bytes);
        else
            read_own_box(r);
    });
    call.fence();
}

index_list stored_extents(const team& team, const file_type& type, int dimensions,
                          const std::filesystem::path& file, const std::string& dataset) {
    const collective_io call(detail::access::core(team),
                             fmt::format("open_hdf5({}, {} dimensions, \"{}\", \"{}\")",
                                         to_text(type), dimensions, file.string(), dataset));
    const quiet_hdf5 quiet;
    std::vector<std::uint64_t> found(static_cast<std::size_t>(dimensions));
    call.on_first_rank([&] {
        const hdf5_handle open = open_hdf5(file.string());
        const hdf5_source source(open.get(), dataset);
        require(source, type, found.size());
        found.assign(source.extents.begin(), source.extents.end());
    });
    index_list result(dimensions, 0);
    for (std::size_t d = 0; d < found.size(); ++d)
        result[d] = static_cast<index_t>(call.from_first_rank(found[d]));
    return result;
}

} // namespace nodespan::detail
