#pragma once

#include "chunks.hpp"
#include "collective_io.hpp"
#include "contiguous_io.hpp"
#include "file_draft.hpp"
#include "file_replacement.hpp"
#include "handle.hpp"
#include "nodespan/hdf5_writer.hpp"
#include "proof.hpp"

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace nodespan::detail {

/// The state behind hdf5_writer. Only the first rank has the file open in HDF5, so that no rank can
/// wait inside HDF5 for another one; all ranks write elements to offsets that it tells them. HDF5's
/// changes of an existing file are a draft until `commit`; file_draft.cpp explains the order.
class hdf5_output {
public:
    /// A new file begins with `user_block` bytes that HDF5 does not use: 0, or a power of 2 from
    /// 512 on.
    hdf5_output(const collective_io& call, std::string file, save_mode mode,
                std::size_t user_block = 0);
    ~hdf5_output(); // removes what was not committed
    hdf5_output(const hdf5_output&) = delete;
    hdf5_output& operator=(const hdf5_output&) = delete;

    // Collective, with the same arguments on all ranks. After an error the object can only be
    // destroyed.
    void write(const collective_io& call, const array_core& from, const file_type& type,
               const box<dynamic_rank>& patch, const std::string& dataset,
               const save_options& options);
    void set_attribute(const std::string& object, const std::string& name, const attribute& value);
    /// `before_naming` is called on all ranks with the name that a new file has until it gets its
    /// own.
    void commit(const collective_io& call,
                const std::function<void(const std::string&)>& before_naming = {});

    const std::string& file() const noexcept { return file_; }
    const std::shared_ptr<team_core>& shared_team() const noexcept { return team_; }
    bool is_open() const noexcept { return is_open_; }

private:
    struct wanted_attribute {
        std::string object, name;
        attribute value;
    };

    void open_file();
    hdf5_handle create(const array_core& from, const file_type& type,
                       const box<dynamic_rank>& patch, const chunk_layout& layout,
                       const std::string& dataset, const save_options& options);
    std::vector<std::string> names_for(const std::string& dataset);
    hdf5_handle create_behind_the_old(const std::string& name, const hdf5_handle& type,
                                      const std::vector<hsize_t>& extents,
                                      const chunk_layout& layout);
    template <class Body>
    void with_draft(const collective_io& call, Body&& body);
    void set_attributes();
    void finish_file();
    void drop() noexcept;

    std::shared_ptr<team_core> team_;
    std::string file_;
    save_mode mode_;
    std::size_t user_block_;
    bool is_new_ = true; // a new file is written under another name
    bool is_open_ = false;
    file_replacement replacement_;
    std::string written_; // the name of the file until commit
    posix_file elements_; // this rank's descriptor of the same file
    std::vector<wanted_attribute> attributes_;

    // Of the first rank. They must be destroyed in this order, from below.
    std::unique_ptr<file_draft> draft_;
    hdf5_handle hdf5_;
    std::vector<hdf5_handle> replaced_; // without names; closing them frees their space
    std::set<haddr_t> own_;             // addresses of the new datasets' headers
    std::vector<written_dataset> datasets_;
    written_attributes set_;
};

/// The call as messages show it: save(float64{4, 3}, "a.h5", "b"), with the box if it is not all.
std::string quote_call(const char* operation, const array_core& array, const file_type& type,
                       const box<dynamic_rank>& patch, const std::string& file,
                       const std::string& dataset, const std::string& more = {});

/// Throws errc::out_of_range unless 0 <= lo <= hi <= extents.
void require_patch(const array_core& array, const box<dynamic_rank>& patch);

} // namespace nodespan::detail
