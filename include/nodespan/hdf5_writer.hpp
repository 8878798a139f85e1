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

/// What becomes of a file that is there already.
enum class save_mode {
    replace_file, ///< A new file takes its place once it is complete.
    add,          ///< It gets another dataset; an error if it has one of that name.
    overwrite     ///< As add, but a dataset of that name is replaced, under all its names.
};

/// How a dataset is laid out in its file, and what an existing one of its name means.
struct save_options {
    /// Where there is no file yet, all modes make a new one.
    save_mode mode = save_mode::replace_file;

    /// What else the file says about the dataset, such as {{"units", "K"}}.
    nodespan::attributes attributes = {};

    /// Extents of the chunks that the dataset is stored in, one for each dimension. Empty: one
    /// dense block, the fastest to write and to read; chunks of about 1 MiB if there are filters.
    std::vector<index_t> chunk = {};

    /// Compression, 1 (fast) to 9 (small); 0: none. `shuffle` sorts bytes by significance before,
    /// which mostly helps; `checksum` lets readers find damaged chunks (Fletcher's, of 32 bits).
    int deflate = 0;
    bool shuffle = false;
    bool checksum = false;
};

namespace detail {
class hdf5_output;
} // namespace detail

/// An HDF5 file being written: takes any number of datasets, which all appear by `commit`, or not
/// at all.
///
/// A new file is called `file`.part until then. An existing one keeps all its bytes until then:
/// what is new lies behind its end. Without a commit, or after an error, that is taken away, and
/// the file has its old length too. Meanwhile others cannot open the file, where the file system
/// has locks.
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

    /// Writes an array, or a box of it, as the dataset `dataset`; see nodespan::save. What the
    /// options say of the mode is the constructor's affair.
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

    /// Gives a dataset or group, of this writer or of the file, an attribute; the file itself for
    /// "/". Replaces one of that name. What cannot be set is found by commit, except for texts with
    /// a zero byte: errc::invalid_argument at once.
    void set_attribute(const std::string& object, const std::string& name, const attribute& value);

    /// Has everything on the disk and read back by HDF5, then lets it be the file: a new one gets
    /// its name; in an existing one some KiB of HDF5's own are written, the only moment in which a
    /// kill or a crash can damage it. Nothing can be written afterwards.
    /// Cost:   an fsync on every rank that wrote, and two of the first rank, which reads back
    ///         headers, attributes, and two elements of each dataset.
    void commit();

private:
    void write(const detail::array_core& from, const detail::file_type& type,
               const box<dynamic_rank>& patch, const std::string& dataset,
               const save_options& options);

    std::unique_ptr<detail::hdf5_output> output_;
};

} // namespace nodespan
