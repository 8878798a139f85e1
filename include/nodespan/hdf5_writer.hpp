#pragma once

#include "nodespan/array.hpp"
#include "nodespan/compound_type.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/hdf5_info.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace NODESPAN_EXPORT nodespan {

/// What happens to a file that exists already.
enum class save_mode {
    replace_file, ///< A new file takes its place once it is complete.
    add,          ///< It gets another dataset; an error if it has one of that name.
    overwrite     ///< As add, but a dataset of that name is replaced, under all its names.
};

/// How a dataset is laid out in its file, and what happens to an existing dataset of its name.
struct save_options {
    /// If there is no file yet, all modes make a new one.
    save_mode mode = save_mode::replace_file;

    /// Attributes of the dataset, such as {{"units", "K"}}.
    nodespan::attributes attributes = {};

    /// Extents of the chunks in which the dataset is stored, one for each dimension. Empty: one
    /// dense block, which is fastest to write and to read; chunks of about 1 MiB if there are
    /// filters.
    std::vector<index_t> chunk = {};

    /// Compression, from 1 (fast) to 9 (small); 0: none. `shuffle` first sorts bytes by
    /// significance, which mostly helps; with `checksum` readers find damaged chunks (Fletcher's,
    /// of 32 bits).
    int deflate = 0;
    bool shuffle = false;
    bool checksum = false;
};

namespace detail {
class hdf5_output;
} // namespace detail

/// An HDF5 file that is being written. It takes any number of datasets, which appear all together
/// at `commit`, or not at all.
///
/// A new file is called `file`.part until commit. An existing file keeps all its bytes until then:
/// new data lie behind its end. Without a commit, or after an error, they are removed, and the file
/// has its old length. In the meantime others cannot open the file, if the file system has locks.
class hdf5_writer {
public:
    /// Call:   collective over the team, same arguments on all ranks; so are all calls below.
    /// Errors: errc::io (with HDF5's own words, or the system's), errc::mismatched_arguments,
    ///         errc::peer_lost, errc::finalized, MPI category: the same on all ranks.
    hdf5_writer(const team& team, const std::filesystem::path& file,
                save_mode mode = save_mode::replace_file);
    hdf5_writer(hdf5_writer&&) noexcept;
    hdf5_writer& operator=(hdf5_writer&&) noexcept;
    ~hdf5_writer(); // local: does not wait

    /// Writes an array, or a box of it, as the dataset `dataset`; see nodespan::save_hdf5. The mode
    /// is that of the constructor; the one in the options is ignored.
    template <class T, int N>
    void save(const array<T, N>& from, const std::string& dataset,
              const save_options& options = {}) {
        save(from, box<N>{{}, from.extents()}, dataset, options);
    }
    template <class T, int N>
    void save(const array<T, N>& from, const box<N>& patch, const std::string& dataset,
              const save_options& options = {}) {
        static_assert(storable<T>, "save(array<T, N>): T is no type that files hold; see storable");
        write(detail::access::core(from), detail::file_type_of<T>(), to_dynamic(patch), dataset,
              options);
    }

    /// Sets an attribute of a dataset or group, of this writer or of the file; "/" stands for the
    /// file itself. An attribute of that name is replaced. commit finds attributes that cannot be
    /// set, except texts with a zero byte: errc::invalid_argument at once.
    void set_attribute(const std::string& object, const std::string& name, const attribute& value);

    /// Brings everything to the disk, has HDF5 read it back, and then makes it part of the file. A
    /// new file gets its name. In an existing file some KiB of HDF5's own data are written; this is
    /// the only moment in which a kill or a crash can damage it. Nothing can be written afterwards.
    /// Cost:   an fsync on every rank that wrote, and two of the first rank, which reads back
    ///         headers, attributes, and two elements of each dataset.
    void commit();

private:
    void write(const detail::array_core& from, const detail::file_type& type,
               const box<dynamic_rank>& patch, const std::string& dataset,
               const save_options& options);

    detail::hdf5_output& live() const;

    std::unique_ptr<detail::hdf5_output> output_;
};

} // namespace nodespan
