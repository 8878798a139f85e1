#pragma once

#include "nodespan/array.hpp"
#include "nodespan/compound_type.hpp"
#include "nodespan/detail/attribute_value.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/hdf5_info.hpp"

#include <algorithm>
#include <concepts>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace NODESPAN_EXPORT nodespan {

/// How many checkpoints stay, and what is done to trust them.
struct checkpoint_options {
    /// Finished checkpoints that stay in the folder, at least 1.
    int keep = 2;

    /// Reads each checkpoint again from the disk, past the page cache where the file system allows,
    /// before it gets its name.
    bool read_back = true;
};

/// What a program needs to go on after it was stopped: named arrays and values, written together
/// with a step number, and restored on any team.
///
/// A checkpoint is one HDF5 file, `folder`/step-000000001200.h5: arrays are its datasets, values
/// attributes of its root. It is written under another name, read back by HDF5, checked, and then
/// renamed, so that a job that is killed at any moment leaves the checkpoints that were finished
/// before. A checksum of the whole file in its user block tells a damaged one.
///
///     nodespan::checkpoint saved(everyone, "run7");
///     saved.add("temperature", field);
///     saved.add("time", time);
///     index_t step = saved.restore().value_or(0);
///     for (; step < steps; ++step) {
///         if (step % 100 == 0) saved.write(step);
///         ...
class checkpoint {
public:
    /// Call:   any rank alone; nothing is read or made yet.
    /// Errors: errc::invalid_argument.
    checkpoint(const team& team, std::filesystem::path folder,
               const checkpoint_options& options = {});
    checkpoint(checkpoint&&) noexcept;
    checkpoint& operator=(checkpoint&&) noexcept;
    ~checkpoint();

    /// Adds an array, which stays the caller's and outlives this object; in place of what had this
    /// name. The name goes with the elements: after std::swap of two arrays, with the other one.
    /// Call:   the same on all ranks.
    template <class T, int N>
    void add(const std::string& name, array<T, N>& field) {
        static_assert(storable<T>, "add(array<T, N>): T is no type that files hold; see storable");
        add_array(name, detail::access::core(field), detail::file_type_of<T>());
    }

    /// Adds a value, which stays the caller's and outlives this object: a number, bool, a text, or
    /// a vector of index_t, double or texts (or of std::uint64_t or long double). The same value on
    /// all ranks when it is written. Restored, it is the very value that was written, or an error.
    /// Call:   the same on all ranks.
    template <class T>
    requires detail::attribute_value<T>
    void add(const std::string& name, T& value) {
        add_value(
            name, detail::attribute_type_name<T>(),
            [&value] { return detail::to_attribute(value); },
            [&value](const attribute& found, bool only_asks) {
                auto same = detail::from_attribute<T>(found);
                if (same && !only_asks) value = std::move(*same);
                return same.has_value();
            });
    }

    /// Writes a checkpoint, and removes all but the last ones. Makes the folder if need be.
    /// Call:   collective over the team. 0 <= step < 10^18; a checkpoint of this step is replaced.
    /// Epoch:  ends an epoch: all that was written before is in it.
    /// Errors: errc::io: full disk, no permission, what the disk gives back differs;
    ///         errc::invalid_argument: the folder holds a checkpoint of a later step, from another
    ///         run; errc::mismatched_arguments, errc::peer_lost, errc::finalized, MPI category: the
    ///         same on all ranks. What was finished before stays, and the run can go on.
    /// Cost:   as hdf5_writer; then all ranks read the file once to add up the checksum, and once
    ///         more with read_back.
    void write(index_t step);

    /// The step of the latest checkpoint that is whole, if there is any: its checksum is right, and
    /// HDF5 can open all that is in it.
    /// Call:   collective.
    /// Errors: as write; a damaged checkpoint is none, see refused().
    /// Cost:   all ranks together read that file, and the damaged ones after it.
    std::optional<index_t> latest();

    /// Reads the latest checkpoint into the arrays and values that can be read and that fits them;
    /// its step, if there is any. Whatever is wrong with a later one, it is passed over, on all
    /// ranks; refused() tells.
    /// Call:   collective.
    /// Epoch:  ends one before it reads, and one after.
    /// Errors: as latest; errc::io where none fits, and one is whole but lacks something, or has it
    ///         with other extents, or a value that the variable's type does not have: nothing has
    ///         been changed then. errc::io where none is left after one could be read in part: then
    ///         arrays have been changed.
    std::optional<index_t> restore();

    /// Why later checkpoints than that of `latest` or `restore` were not taken, each with its file.
    const std::vector<std::string>& refused() const noexcept;

    const std::filesystem::path& folder() const noexcept;

private:
    using getter = std::function<attribute()>;
    using setter = std::function<bool(const attribute&, bool only_asks)>; // false: it does not fit

    void add_array(const std::string& name, detail::array_core& field,
                   const detail::file_type& type);
    void add_value(const std::string& name, const std::string& type, getter get, setter set);

    struct state;
    std::unique_ptr<state> state_;
};

} // namespace nodespan
