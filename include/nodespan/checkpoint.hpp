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

/// How many checkpoints are kept, and how they are checked.
struct checkpoint_options {
    /// How many finished checkpoints stay in the folder, at least 1.
    int keep = 2;

    /// Reads each checkpoint back from the disk, past the page cache if the file system allows it,
    /// before the checkpoint gets its name.
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
    /// Reads and makes nothing yet.
    /// Call:   any rank alone.
    /// Errors: errc::invalid_argument.
    checkpoint(const team& team, std::filesystem::path folder,
               const checkpoint_options& options = {});
    checkpoint(checkpoint&&) noexcept;
    checkpoint& operator=(checkpoint&&) noexcept;
    ~checkpoint();

    /// Adds an array. It remains the caller's and must outlive this object. It replaces what had
    /// this name. The name goes with the elements: after std::swap of two arrays it belongs to the
    /// other one.
    /// Call:   the same on all ranks.
    template <class T, int N>
    void add(const std::string& name, array<T, N>& field) {
        static_assert(storable<T>, "add(array<T, N>): T is no type that files hold; see storable");
        add_core(name, detail::access::core(field), detail::file_type_of<T>());
    }

    /// Adds a value. It remains the caller's and must outlive this object. It is a number, bool, a
    /// text, or a vector of index_t, double or texts (or of std::uint64_t or long double), with the
    /// same value on all ranks when it is written. Restoring gives exactly the value that was
    /// written, or an error.
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

    /// Takes the folder for this job at once, as the first `write` does: makes it if it is missing,
    /// finds out whether it can be written, and puts the file `lock` there, by which other jobs are
    /// refused until this object ends. What is wrong is so found before the computation, not after.
    /// The lock of a process that has certainly ended is broken: one of the same machine that is no
    /// more, or of an earlier start of the same Slurm job.
    /// Call:   collective.
    /// Errors: errc::io: another job holds the folder, with the way to break its lock by hand; no
    ///         permission; errc::mismatched_arguments, errc::peer_lost, errc::finalized, MPI
    ///         category: the same on all ranks.
    void reserve();

    /// Writes a checkpoint, and removes all but the latest ones. Makes the folder if it is missing,
    /// and reserves it.
    /// Call:   collective over the team. 0 <= step < 10^18; a checkpoint of this step is replaced.
    /// Epoch:  ends an epoch: all that was written before is in it.
    /// Errors: errc::io: full disk, no permission, another job's folder, the data read back differ;
    ///         errc::invalid_argument: the folder holds a checkpoint of a later step, from another
    ///         run; errc::mismatched_arguments, errc::peer_lost, errc::finalized, MPI category: the
    ///         same on all ranks. Checkpoints that were finished before stay, and the run can go
    ///         on.
    /// Cost:   as hdf5_writer; then all ranks read the file once to compute the checksum, and once
    ///         more with read_back.
    void write(index_t step);

    /// The step of the latest checkpoint that is whole, if there is one: its checksum is right, and
    /// HDF5 can open all that is in it.
    /// Call:   collective.
    /// Errors: as write. A damaged checkpoint is no error, see refused().
    /// Cost:   all ranks together read that file, and damaged files of later steps.
    std::optional<index_t> latest();

    /// Reads the latest checkpoint that is readable and that fits the arrays and values, and
    /// returns its step, if there is one. Later checkpoints are passed over, whatever is wrong with
    /// them, on all ranks; refused() says why.
    /// Call:   collective.
    /// Epoch:  ends one before it reads, and one after.
    /// Errors: as latest. errc::io if no checkpoint fits, and one is whole but lacks something, or
    ///         has it with other extents, or has a value that the variable's type does not have;
    ///         then nothing has been changed. errc::io if no checkpoint is left after one was read
    ///         in part; then arrays have been changed.
    std::optional<index_t> restore();

    /// Why checkpoints later than that of `latest` or `restore` were not used, each with its file.
    const std::vector<std::string>& refused() const;

    const std::filesystem::path& folder() const;

    /// The same as `add` of an array, for nodespan's own layers.
    void add_core(const std::string& name, detail::array_core& field,
                  const detail::file_type& type);

private:
    using getter = std::function<attribute()>;
    using setter = std::function<bool(const attribute&, bool only_asks)>; // false: it does not fit

    void add_value(const std::string& name, const std::string& type, getter get, setter set);

    struct state;
    state& live() const;
    std::unique_ptr<state> state_;
};

} // namespace nodespan
