#include "unpack.hpp"

#include "cause_of.hpp"
#include "collective_io.hpp"
#include "nodespan/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

namespace nodespan::detail {
namespace {

// A filter that changes nothing. It fails unless it gets as many bytes as its settings say, in two
// halves. It is the last one to undo, so it sees a chunk as all other filters leave it.
std::size_t count_bytes(unsigned flags, std::size_t, const unsigned settings[], std::size_t bytes,
                        std::size_t*, void**) {
    const std::uint64_t wanted = settings[0] | std::uint64_t{settings[1]} << 32;
    return (flags & H5Z_FLAG_REVERSE) == 0 || bytes == wanted ? bytes : 0;
}

H5Z_filter_t counting_filter() {
    static const H5Z_filter_t id = [] { // a number for private use that no other filter has
        H5Z_filter_t free = 511;
        while (free > 256 && H5Zfilter_avail(free) > 0) --free;
        return free;
    }();
    const H5Z_class2_t filter{H5Z_CLASS_T_VERS, id,      1,       1,
                              "bytes counted",  nullptr, nullptr, &count_bytes};
    hdf5_check(H5Zregister(&filter), "H5Zregister");
    return id;
}

struct filter_settings {
    H5Z_filter_t id;
    unsigned flags;
    std::vector<unsigned> values;
};

filter_settings nth_filter(hid_t made, unsigned k) {
    filter_settings found{};
    std::size_t count = 0;
    unsigned config = 0;
    hdf5_check(H5Pget_filter2(made, k, &found.flags, &count, nullptr, 0, nullptr, &config),
               "H5Pget_filter2");
    found.values.resize(count + 1);
    found.id = static_cast<H5Z_filter_t>(hdf5_check(
        H5Pget_filter2(made, k, &found.flags, &count, found.values.data(), 0, nullptr, &config),
        "H5Pget_filter2"));
    found.values.resize(count);
    return found;
}

// Properties that say how one chunk is stored, with the filter that counts its bytes.
hdf5_handle counted_properties(const hdf5_source& source, std::uint64_t chunk_bytes) {
    hdf5_handle made(H5Pcopy(source.made.get()), "H5Pcopy");
    hdf5_check(H5Premove_filter(made.get(), H5Z_FILTER_ALL), "H5Premove_filter");
    const unsigned wanted[2] = {static_cast<unsigned>(chunk_bytes),
                                static_cast<unsigned>(chunk_bytes >> 32)};
    hdf5_check(H5Pset_filter(made.get(), counting_filter(), 0, 2, wanted), "H5Pset_filter");
    const auto count = hdf5_check(H5Pget_nfilters(source.made.get()), "H5Pget_nfilters");
    for (unsigned k = 0; k < static_cast<unsigned>(count); ++k) {
        const filter_settings one = nth_filter(source.made.get(), k);
        // Optional, since nothing is packed here: so the filter need not be able to pack.
        hdf5_check(H5Pset_filter(made.get(), one.id, one.flags | H5Z_FLAG_OPTIONAL,
                                 one.values.size(), one.values.data()),
                   "H5Pset_filter");
    }
    hdf5_check(H5Pset_alloc_time(made.get(), H5D_ALLOC_TIME_INCR), "H5Pset_alloc_time");
    hdf5_check(H5Pset_fill_time(made.get(), H5D_FILL_TIME_NEVER), "H5Pset_fill_time");
    return made;
}

// Undoes the filters of chunks, by means of a file in memory that holds one chunk.
class chunk_unpacker {
public:
    chunk_unpacker(const hdf5_source& source, const std::vector<hsize_t>& chunk,
                   std::uint64_t chunk_bytes)
        : zero_(chunk.size(), 0),
          space_(space_of(chunk)) {
        const hdf5_handle access(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate");
        hdf5_check(H5Pset_fapl_core(access.get(), std::size_t{1} << 20, false), "H5Pset_fapl_core");
        file_ = {H5Fcreate("chunk", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), "H5Fcreate"};
        const hdf5_handle uncached(H5Pcreate(H5P_DATASET_ACCESS), "H5Pcreate");
        hdf5_check(H5Pset_chunk_cache(uncached.get(), 1, 0, 0), "H5Pset_chunk_cache");
        data_ = {H5Dcreate2(file_.get(), "chunk", source.type.get(), space_.get(), H5P_DEFAULT,
                            counted_properties(source, chunk_bytes).get(), uncached.get()),
                 "H5Dcreate2"};
    }

    /// Copies the elements of a stored chunk that lie in `part` into the selection `memory`.
    void unpack(const std::vector<std::byte>& stored, std::uint32_t left_out,
                const box<dynamic_rank>& part, const index_list& origin, hid_t native, hid_t memory,
                void* to) {
        hdf5_check(H5Dwrite_chunk(data_.get(), H5P_DEFAULT, left_out << 1, zero_.data(),
                                  stored.size(), stored.data()),
                   "H5Dwrite_chunk");
        select(space_, part, origin);
        hdf5_check(H5Dread(data_.get(), native, memory, space_.get(), H5P_DEFAULT, to), "H5Dread");
    }

private:
    std::vector<hsize_t> zero_;
    hdf5_handle space_;
    hdf5_handle file_, data_;
};

// The fill value as elements of type `native`; zero if there is none.
std::vector<std::byte> fill_value_of(const hdf5_source& source, hid_t native) {
    H5D_fill_value_t state = H5D_FILL_VALUE_UNDEFINED;
    hdf5_check(H5Pfill_value_defined(source.made.get(), &state), "H5Pfill_value_defined");
    if (state == H5D_FILL_VALUE_UNDEFINED) return {};
    std::vector<std::byte> value(H5Tget_size(native));
    hdf5_check(H5Pget_fill_value(source.made.get(), native, value.data()), "H5Pget_fill_value");
    return value;
}

void fill(const hdf5_target& to, const hdf5_handle& memory, const std::vector<std::byte>& value) {
    hdf5_check(H5Dfill(value.empty() ? nullptr : value.data(), to.native, to.data, to.native,
                       memory.get()),
               "H5Dfill");
}

herr_t note_missing(unsigned depth, const H5E_error2_t* entry, void* data) {
    if (depth == 0 && entry->desc != nullptr) // the cause; error numbers differ between versions
        *static_cast<bool*>(data) = std::strstr(entry->desc, "not allocated") != nullptr;
    return 0;
}

// The bytes that a chunk takes in the file; 0 for a chunk that was never written. HDF5 reports that
// as an error, which must be told from an index that cannot be read.
hsize_t stored_bytes(hid_t data, const std::vector<hsize_t>& corner) {
    hsize_t bytes = 0;
    const herr_t result = H5Dget_chunk_storage_size(data, corner.data(), &bytes);
    if (result >= 0) return bytes;
    bool is_missing = false;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, &note_missing, &is_missing);
    if (!is_missing) hdf5_check(result, "H5Dget_chunk_storage_size");
    H5Eclear2(H5E_DEFAULT);
    return 0;
}

class chunk_reader {
public:
    chunk_reader(const hdf5_source& source, const hdf5_target& to)
        : source_(source),
          to_(to),
          memory_(space_of(to.extents)),
          fill_(fill_value_of(source, to.native)),
          chunk_(source.extents.size()),
          chunk_bytes_(H5Tget_size(source.type.get())) {
        hdf5_check(H5Pget_chunk(source.made.get(), static_cast<int>(chunk_.size()), chunk_.data()),
                   "H5Pget_chunk");
        for (const hsize_t n : chunk_) chunk_bytes_ *= n;
        if (chunk_bytes_ == 0) refuse("the dataset is damaged: its chunks have no elements");
        is_filtered_ = hdf5_check(H5Pget_nfilters(source.made.get()), "H5Pget_nfilters") > 0;
        most_bytes_ = posix_file::open_to_read(file_of(source.data.get())).size();
    }

    void read(const box<dynamic_rank>& part) {
        box<dynamic_rank> at = part; // of the chunk
        for (std::size_t d = 0; d < chunk_.size(); ++d) set(at, d, part.lo[d] / step(d) * step(d));
        for (;;) {
            read_chunk(at, at.intersection(part));
            std::size_t d = chunk_.size(); // on to the next one, the last dimension first
            while (d-- > 0) {
                set(at, d, at.lo[d] + step(d));
                if (at.lo[d] < part.hi[d]) break;
                set(at, d, part.lo[d] / step(d) * step(d));
            }
            if (d > chunk_.size()) break;
        }
        if (!is_filtered_) read_plain(part);
    }

private:
    index_t step(std::size_t d) const { return static_cast<index_t>(chunk_[d]); }

    void set(box<dynamic_rank>& at, std::size_t d, index_t lo) const {
        at.lo[d] = lo;
        at.hi[d] = lo + step(d);
    }

    void read_chunk(const box<dynamic_rank>& chunk, const box<dynamic_rank>& part) {
        const std::vector<hsize_t> corner = to_sizes(chunk.lo);
        const hsize_t bytes = stored_bytes(source_.data.get(), corner);
        if (bytes == 0) {
            select(memory_, part, to_.origin);
            return fill(to_, memory_, fill_);
        }
        if (bytes > most_bytes_ || (!is_filtered_ && bytes != chunk_bytes_))
            refuse(fmt::format("the chunk at {{{}}} is damaged: it has {} bytes of {}",
                               fmt::join(corner, ", "), bytes, chunk_bytes_));
        if (!is_filtered_) return;
        try {
            unpack(corner, bytes, part);
        } catch (const error& failure) {
            refuse(fmt::format("the chunk at {{{}}} cannot be unpacked, or does not hold {} bytes: "
                               "{}",
                               fmt::join(corner, ", "), chunk_bytes_, cause_of(failure)));
        }
    }

    void unpack(const std::vector<hsize_t>& corner, hsize_t bytes, const box<dynamic_rank>& part) {
        if (!unpacker_) unpacker_.emplace(source_, chunk_, chunk_bytes_);
        stored_.resize(bytes);
        std::uint32_t left_out = 0;
        hdf5_check(H5Dread_chunk(source_.data.get(), H5P_DEFAULT, corner.data(), &left_out,
                                 stored_.data()),
                   "H5Dread_chunk");
        select(memory_, part, to_.origin);
        index_list origin = part.lo;
        for (std::size_t d = 0; d < corner.size(); ++d) origin[d] = static_cast<index_t>(corner[d]);
        unpacker_->unpack(stored_, left_out, part, origin, to_.native, memory_.get(), to_.data);
    }

    // Without filters HDF5 reads chunks straight to where they belong.
    void read_plain(const box<dynamic_rank>& part) {
        select(memory_, part, to_.origin);
        select(source_.space, part, index_list(static_cast<int>(chunk_.size()), 0));
        hdf5_check(H5Dread(source_.data.get(), to_.native, memory_.get(), source_.space.get(),
                           H5P_DEFAULT, to_.data),
                   "H5Dread");
    }

    const hdf5_source& source_;
    const hdf5_target& to_;
    hdf5_handle memory_;
    std::vector<std::byte> fill_;
    std::vector<hsize_t> chunk_;
    std::uint64_t chunk_bytes_;
    std::uint64_t most_bytes_ = 0; // of the file
    bool is_filtered_ = false;
    std::optional<chunk_unpacker> unpacker_;
    std::vector<std::byte> stored_;
};

} // namespace

void read_box(const hdf5_source& source, const box<dynamic_rank>& part, const hdf5_target& to) {
    if (part.empty()) return;
    if (H5Pget_layout(source.made.get()) == H5D_CHUNKED) return chunk_reader(source, to).read(part);
    const hdf5_handle memory = space_of(to.extents);
    select(memory, part, to.origin);
    select(source.space, part, index_list(static_cast<int>(source.extents.size()), 0));
    if (H5Dget_storage_size(source.data.get()) == 0) // HDF5 may leave what nobody wrote as it was
        fill(to, memory, fill_value_of(source, to.native));
    hdf5_check(H5Dread(source.data.get(), to.native, memory.get(), source.space.get(), H5P_DEFAULT,
                       to.data),
               "H5Dread");
}

} // namespace nodespan::detail
