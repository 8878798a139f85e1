#pragma once

#include "file_replacement.hpp"
#include "file_share.hpp"
#include "hdf5_chunks.hpp"
#include "hdf5_handle.hpp"
#include "io_call.hpp"
#include "nodespan/hdf5_writer.hpp"

#include <functional>
#include <string>
#include <vector>

namespace nodespan::detail {

/// The state behind hdf5_writer. The first rank alone has the file open in HDF5, so that no rank
/// can wait inside it for another; all ranks write elements to places that it tells them.
class hdf5_output {
public:
    /// A new file begins with `user_block` bytes that HDF5 leaves alone: 0, or a power of 2 from
    /// 512.
    hdf5_output(const io_call& call, std::string file, save_mode mode, std::size_t user_block = 0);
    ~hdf5_output(); // takes away what was not committed
    hdf5_output(const hdf5_output&) = delete;
    hdf5_output& operator=(const hdf5_output&) = delete;

    // Collective, with the same arguments on all ranks. After an error only the end is left.
    void write(const io_call& call, const array_core& from, const file_type& type,
               const box<dynamic>& patch, const std::string& dataset, const save_options& options);
    void set_attribute(const std::string& object, const std::string& name, const attribute& value);
    /// `before_naming` is called on all ranks with the name that a new file has until then.
    void commit(const io_call& call,
                const std::function<void(const std::string&)>& before_naming = {});

    const std::string& file() const noexcept { return file_; }
    const std::shared_ptr<team_core>& shared_team() const noexcept { return team_; }
    bool is_open() const noexcept { return is_open_; }

private:
    struct nameless_dataset {
        std::string name; // that it gets by commit
        hdf5_handle data; // the first rank's
    };
    struct file_bytes {
        std::uint64_t offset = 0;
        std::string bytes;
    };
    struct wanted_attribute {
        std::string object, name;
        attribute value;
    };

    static file_bytes superblock_of(const posix_file& file);

    void open_file();
    void require_new_name(const std::string& dataset) const;
    std::uint64_t create(const array_core& from, const file_type& type, const box<dynamic>& patch,
                         const chunk_layout& layout, const std::string& dataset,
                         const save_options& options);
    void set_attributes_before_names();
    void give_names();
    void finish_file();
    void drop() noexcept;

    std::shared_ptr<team_core> team_;
    std::string file_;
    save_mode mode_;
    std::size_t user_block_;
    bool is_new_ = true; // written under another name
    bool is_open_ = false;
    bool has_names_ = false;      // some of what is new can be found
    std::uint64_t old_bytes_ = 0; // of the file when it was opened
    file_bytes old_superblock_;
    file_replacement place_;
    std::string written_; // the name meanwhile
    hdf5_handle hdf5_;    // the first rank's
    std::vector<nameless_dataset> datasets_;
    std::vector<wanted_attribute> attributes_;
    posix_file elements_; // this rank's way to the same file
};

/// The call as messages quote it: save(float64{4, 3}, "a.h5", "b"), with a box that is not all.
std::string quote_call(const char* operation, const array_core& array, const file_type& type,
                       const box<dynamic>& patch, const std::string& file,
                       const std::string& dataset, const std::string& more = {});

/// Throws errc::out_of_range unless 0 <= lo <= hi <= extents.
void require_patch(const array_core& array, const box<dynamic>& patch);

} // namespace nodespan::detail
