#include "chunks.hpp"

#include "mpi_check.hpp"
#include "mpi_turn.hpp"
#include "mpi_wait.hpp"
#include "strided.hpp"
#include "tags.hpp"
#include "types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace nodespan::detail {
namespace {

constexpr index_t usual_chunk_bytes = 1024 * 1024;
constexpr index_t most_chunk_bytes = index_t{1} << 30; // MPI counts are ints
constexpr index_t round_bytes = 16 * 1024 * 1024;      // what a rank filters between messages

index_list usual_chunk(const index_list& extents, std::size_t element_bytes) {
    index_list chunk = extents;
    const auto bytes = [&] {
        return box<dynamic_rank>{index_list(static_cast<int>(chunk.size()), 0), chunk}.size() *
               static_cast<index_t>(element_bytes);
    };
    for (std::size_t d = 0; d < chunk.size() && bytes() > usual_chunk_bytes;) {
        if (chunk[d] > 1)
            chunk[d] = (chunk[d] + 1) / 2;
        else
            ++d;
    }
    return chunk;
}

// The chunks of a patch, numbered row-major.
class chunk_grid {
public:
    chunk_grid(const box<dynamic_rank>& patch, const index_list& chunk)
        : patch_(patch),
          chunk_(chunk) {
        counts_ = patch.extents();
        for (std::size_t d = 0; d < chunk.size(); ++d) {
            counts_[d] = (counts_[d] + chunk[d] - 1) / chunk[d];
            size_ *= counts_[d];
        }
    }

    index_t size() const noexcept { return size_; }

    /// The box of chunk k, as far as there are elements.
    box<dynamic_rank> at(index_t k) const {
        box<dynamic_rank> result = patch_;
        for (std::size_t d = chunk_.size(); d-- > 0; k /= counts_[d]) {
            result.lo[d] = patch_.lo[d] + k % counts_[d] * chunk_[d];
            result.hi[d] = std::min(result.lo[d] + chunk_[d], patch_.hi[d]);
        }
        return result;
    }

private:
    box<dynamic_rank> patch_;
    index_list chunk_, counts_;
    index_t size_ = 1;
};

// Applies HDF5's own filters to chunks, by means of a file in memory that holds one chunk.
class chunk_filter {
public:
    chunk_filter(const file_type& type, const chunk_layout& layout)
        : type_(native_type(type)),
          zero_(layout.extents.size(), 0) {
        const hdf5_handle access(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate");
        hdf5_check(H5Pset_fapl_core(access.get(), std::size_t{1} << 20, false), "H5Pset_fapl_core");
        file_ = {H5Fcreate("chunk", H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), "H5Fcreate"};
        const hdf5_handle uncached(H5Pcreate(H5P_DATASET_ACCESS), "H5Pcreate");
        hdf5_check(H5Pset_chunk_cache(uncached.get(), 1, 0, 0), "H5Pset_chunk_cache");
        data_ = {H5Dcreate2(file_.get(), "chunk", type_.get(),
                            space_of(to_sizes(layout.extents)).get(), H5P_DEFAULT,
                            creation_properties(layout).get(), uncached.get()),
                 "H5Dcreate2"};
    }

    /// Appends the filtered chunk to `out`; returns which filters HDF5 left out.
    std::uint32_t append(const std::byte* chunk, std::vector<std::byte>& out) {
        hdf5_check(H5Dwrite(data_.get(), type_.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, chunk),
                   "H5Dwrite");
        hsize_t bytes = 0;
        hdf5_check(H5Dget_chunk_storage_size(data_.get(), zero_.data(), &bytes),
                   "H5Dget_chunk_storage_size");
        const std::size_t begin = out.size();
        out.resize(begin + bytes);
        std::uint32_t left_out = 0;
        hdf5_check(
            H5Dread_chunk(data_.get(), H5P_DEFAULT, zero_.data(), &left_out, out.data() + begin),
            "H5Dread_chunk");
        return left_out;
    }

private:
    hdf5_handle type_;
    std::vector<hsize_t> zero_;
    hdf5_handle file_, data_;
};

// What one rank has ready: the chunks' numbers, sizes and filter masks, and then their bytes.
struct parcel {
    struct entry {
        std::uint64_t chunk, bytes, left_out;
    };
    std::vector<entry> entries;
    std::vector<std::byte> bytes;
};

// Sends parcels to the first rank. Their memory is lent to MPI until they have arrived.
class parcel_post {
public:
    explicit parcel_post(const collective_io& call) : call_(call) {}

    /// Errors: errc::peer_lost, MPI category.
    void send(parcel&& mine) const {
        const mpi_turn call;
        lent_memory<letter> out(letter{{mine.entries.size(), mine.bytes.size()}, std::move(mine)});
        letter& l = *out;
        std::array<MPI_Request, 3> requests = none;
        out.lend();
        const int sent[] = {
            MPI_Isend(l.head.data(), 2, MPI_UINT64_T, 0, tags::hdf5_chunks, comm(), &requests[0]),
            l.head[0] == 0 ? MPI_SUCCESS
                           : MPI_Isend(l.body.entries.data(), static_cast<int>(3 * l.head[0]),
                                       MPI_UINT64_T, 0, tags::hdf5_chunks, comm(), &requests[1]),
            l.head[0] == 0 ? MPI_SUCCESS
                           : MPI_Isend(l.body.bytes.data(), static_cast<int>(l.head[1]), MPI_BYTE,
                                       0, tags::hdf5_chunks, comm(), &requests[2])};
        wait(requests, 0);
        out.mine_again();
        for (const int code : sent) mpi_check(code, "MPI_Isend");
    }

    parcel receive(int from) const {
        const mpi_turn call;
        lent_memory<letter> in;
        letter& l = *in;
        std::array<MPI_Request, 3> requests = none;
        in.lend();
        const int head = MPI_Irecv(l.head.data(), 2, MPI_UINT64_T, from, tags::hdf5_chunks, comm(),
                                   &requests[0]);
        wait(requests, from);
        mpi_check(head, "MPI_Irecv");
        l.body.entries.resize(l.head[0]);
        l.body.bytes.resize(l.head[1]);
        if (!l.body.entries.empty()) {
            const int received[] = {
                MPI_Irecv(l.body.entries.data(), static_cast<int>(3 * l.head[0]), MPI_UINT64_T,
                          from, tags::hdf5_chunks, comm(), &requests[1]),
                MPI_Irecv(l.body.bytes.data(), static_cast<int>(l.head[1]), MPI_BYTE, from,
                          tags::hdf5_chunks, comm(), &requests[2])};
            wait(requests, from);
            for (const int code : received) mpi_check(code, "MPI_Irecv");
        }
        in.mine_again();
        return std::move(l.body);
    }

private:
    struct letter {
        std::array<std::uint64_t, 2> head{};
        parcel body;
    };
    static constexpr std::array<MPI_Request, 3> none{MPI_REQUEST_NULL, MPI_REQUEST_NULL,
                                                     MPI_REQUEST_NULL};

    MPI_Comm comm() const noexcept { return call_.team().traffic(); }
    void wait(std::span<MPI_Request> requests, int peer) const {
        call_.team().wait(requests, call_.why(), [peer](std::size_t) { return peer; });
    }

    const collective_io& call_;
};

// Fills parcels with this rank's chunks.
class chunk_packer {
public:
    chunk_packer(const array_core& from, const file_type& type, const chunk_layout& layout,
                 const chunk_grid& grid)
        : from_(from),
          layout_(layout),
          grid_(grid) {
        const box<dynamic_rank> whole{index_list(static_cast<int>(layout.extents.size()), 0),
                                      layout.extents};
        chunk_.resize(static_cast<std::size_t>(whole.size()) * from.element_bytes());
        if (layout.has_filters()) filter_.emplace(type, layout);
    }

    void pack(index_t number, parcel& into) {
        const box<dynamic_rank> part = grid_.at(number);
        if (part.extents() != layout_.extents) std::fill(chunk_.begin(), chunk_.end(), std::byte{});
        const index_list strides = row_major_strides(layout_.extents);
        from_.get(part, {chunk_.data(), 0, true, part.extents(), strides});
        const std::size_t begin = into.bytes.size();
        std::uint32_t left_out = 0;
        if (filter_)
            left_out = filter_->append(chunk_.data(), into.bytes);
        else
            into.bytes.insert(into.bytes.end(), chunk_.begin(), chunk_.end());
        into.entries.push_back(
            {static_cast<std::uint64_t>(number), into.bytes.size() - begin, left_out});
    }

private:
    const array_core& from_;
    const chunk_layout& layout_;
    const chunk_grid& grid_;
    std::vector<std::byte> chunk_;
    std::optional<chunk_filter> filter_;
};

void write_parcel(const parcel& ready, const chunk_grid& grid, const box<dynamic_rank>& patch,
                  hid_t dataset) {
    const std::byte* from = ready.bytes.data();
    for (const parcel::entry& e : ready.entries) {
        std::vector<hsize_t> at;
        const index_list lo = grid.at(static_cast<index_t>(e.chunk)).lo;
        for (std::size_t d = 0; d < lo.size(); ++d)
            at.push_back(static_cast<hsize_t>(lo[d] - patch.lo[d]));
        hdf5_check(H5Dwrite_chunk(dataset, H5P_DEFAULT, static_cast<std::uint32_t>(e.left_out),
                                  at.data(), e.bytes, from),
                   "H5Dwrite_chunk");
        from += e.bytes;
    }
}

} // namespace

chunk_layout chunk_layout_of(const save_options& options, const index_list& extents,
                             std::size_t element_bytes) {
    chunk_layout layout{{}, options.deflate, options.shuffle, options.checksum};
    if (options.deflate < 0 || options.deflate > 9)
        throw error(errc::invalid_argument,
                    fmt::format("deflate is {}, not 0 to 9", options.deflate));
    if (options.chunk.empty()) {
        if (layout.has_filters()) layout.extents = usual_chunk(extents, element_bytes);
    } else {
        if (options.chunk.size() != extents.size())
            throw error(errc::invalid_argument,
                        fmt::format("chunk has {} dimensions, the dataset {}", options.chunk.size(),
                                    extents.size()));
        layout.extents = extents;
        for (std::size_t d = 0; d < extents.size(); ++d) {
            if (options.chunk[d] < 1)
                throw error(errc::invalid_argument,
                            fmt::format("chunk[{}] is {}, not positive", d, options.chunk[d]));
            layout.extents[d] = std::min(options.chunk[d], extents[d]);
        }
    }
    auto bytes = static_cast<index_t>(element_bytes);
    for (const index_t extent : layout.extents) {
        if (extent == 0) return {}; // no elements, no chunks
        if (extent > most_chunk_bytes / bytes)
            throw error(errc::invalid_argument, "a chunk is larger than 1 GiB");
        bytes *= extent;
    }
    return layout;
}

hdf5_handle creation_properties(const chunk_layout& layout) {
    hdf5_handle result(H5Pcreate(H5P_DATASET_CREATE), "H5Pcreate");
    hdf5_check(H5Pset_fill_time(result.get(), H5D_FILL_TIME_NEVER), "H5Pset_fill_time");
    if (!layout.is_used()) {
        hdf5_check(H5Pset_alloc_time(result.get(), H5D_ALLOC_TIME_EARLY), "H5Pset_alloc_time");
        return result;
    }
    const std::vector<hsize_t> chunk = to_sizes(layout.extents);
    hdf5_check(H5Pset_chunk(result.get(), static_cast<int>(chunk.size()), chunk.data()),
               "H5Pset_chunk");
    if (layout.shuffle) hdf5_check(H5Pset_shuffle(result.get()), "H5Pset_shuffle");
    if (layout.deflate > 0)
        hdf5_check(H5Pset_deflate(result.get(), static_cast<unsigned>(layout.deflate)),
                   "H5Pset_deflate");
    if (layout.checksum) hdf5_check(H5Pset_fletcher32(result.get()), "H5Pset_fletcher32");
    return result;
}

void write_chunks(const collective_io& call, const array_core& from, const file_type& type,
                  const box<dynamic_rank>& patch, const chunk_layout& layout, hid_t dataset,
                  const std::function<void()>& require_written) {
    const parcel_post post(call);
    const chunk_grid grid(patch, layout.extents);
    const index_t ranks = from.get_team().size(), rank = from.get_team().rank();
    const auto first_of = [&](index_t r) {
        return grid.size() / ranks * r + grid.size() % ranks * r / ranks;
    };
    auto chunk_bytes = static_cast<index_t>(from.element_bytes());
    for (const index_t extent : layout.extents) chunk_bytes *= extent;
    const index_t a_round = std::max<index_t>(1, round_bytes / chunk_bytes);
    const index_t most = (grid.size() + ranks - 1) / ranks;

    std::optional<error> failure;
    const auto keep_going = [&](auto&& body) { // others wait for this rank's messages
        auto now = attempt(body);
        if (now && now->code() == errc::peer_lost) throw error(*now); // but not for ever
        if (now && !failure) failure = std::move(now);
    };
    std::optional<chunk_packer> packer;
    keep_going([&] { packer.emplace(from, type, layout, grid); });
    parcel ready;
    index_t next = first_of(rank);
    for (index_t done = 0; done < most; done += a_round) {
        ready = {};
        keep_going([&] {
            const index_t end = std::min(next + a_round, first_of(rank + 1));
            for (; !failure && next < end; ++next) packer->pack(next, ready);
        });
        if (failure) ready = {};
        if (rank != 0) {
            keep_going([&] { post.send(std::move(ready)); });
            continue;
        }
        for (int r = 0; r < ranks; ++r)
            keep_going([&] {
                if (r != 0) ready = post.receive(r);
                if (!failure) write_parcel(ready, grid, patch, dataset);
                require_written();
            });
    }
    call.agree_on(failure);
}

} // namespace nodespan::detail
