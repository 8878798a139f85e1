#pragma once

#include "agreement.hpp"
#include "malformed.hpp"
#include "nodespan/box.hpp"
#include "nodespan/detail/export.hpp"
#include "posix_file.hpp"
#include "team_core.hpp"

#include <memory>
#include <string>
#include <utility>

namespace NODESPAN_EXPORT nodespan { // nodespan_hdf5 uses it
namespace detail {

/// Throws what a rank could not do, before the ranks agree; collective_io adds which call failed
/// and where. A second form adds the system's words for errno: "cannot open x: No such file or
/// directory".
[[noreturn]] void refuse(const std::string& cause);
[[noreturn]] void refuse_by_system(const std::string& what);

/// Refuses a call whose text, and therefore a name or text in it, has a zero byte: the system and
/// HDF5 would take only what stands before it.
/// Errors: errc::invalid_argument.
void refuse_zero_bytes(const std::string& call, bool is_collective = false);

/// A collective call that works on files: its name in errors, and the ranks that take part.
class collective_io {
public:
    /// Call:   collective.
    /// Errors: errc::mismatched_arguments unless all ranks pass the same text, which contains their
    ///         arguments; errc::invalid_argument if it has a zero byte; errc::finalized,
    ///         errc::peer_lost, MPI category.
    collective_io(std::shared_ptr<team_core> team, std::string text);

    int rank() const noexcept { return team_->rank(); }
    int size() const noexcept { return team_->placement()->size(); }
    bool is_first_rank() const noexcept { return team_->rank() == 0; }
    team_core& team() const noexcept { return *team_; }
    const std::shared_ptr<team_core>& shared_team() const noexcept { return team_; }
    MPI_Comm comm() const { return team_->comm(); }
    const std::string& text() const noexcept { return text_; }

    /// What ranks wait in, for messages; valid as long as this object.
    occasion why() const;

    /// Ends an epoch: what was written before can be read.
    /// Call:   collective.
    /// Errors: errc::peer_lost; MPI category, on all ranks.
    void fence() const;

    /// Runs `body` on this rank and lets all ranks agree on its success. An error is thrown on all
    /// ranks, and says which call failed and where; a malformed file is errc::io.
    /// Call:   collective.
    /// Errors: also errc::peer_lost, when a rank left by an exception.
    template <class Body>
    void agree(Body&& body) const {
        agree_on(attempt([&] {
            try {
                body();
            } catch (const malformed& wrong) {
                refuse(wrong.what());
            }
        }));
    }
    void agree_on(const std::optional<error>& mine) const;

    /// Runs `body` on the first rank only.
    /// Call:   collective.
    /// Errors: as agree.
    template <class Body>
    void on_first_rank(Body&& body) const {
        agree([&] {
            if (is_first_rank()) body();
        });
    }

    /// Gives all ranks a value of the first rank.
    /// Call:   collective.
    /// Errors: MPI category, on all ranks.
    std::uint64_t from_first_rank(std::uint64_t value) const;

    /// The sum of the lower ranks' values, and the sum of all values.
    /// Call:   collective.
    /// Errors: as above.
    struct sums {
        std::uint64_t before = 0;
        std::uint64_t all = 0;
    };
    sums add_up(std::uint64_t mine) const;

    /// Opens a file on all ranks. It must be the same file for all, in a folder that all nodes
    /// share.
    /// Call:   collective.
    /// Errors: errc::io, on all ranks.
    posix_file open_to_read(const std::string& file) const;
    posix_file open_to_write(const std::string& file) const; ///< one that is there

private:
    posix_file open_everywhere(posix_file (*open)(const std::string&),
                               const std::string& file) const;

    std::shared_ptr<team_core> team_;
    std::string text_;
};

/// Such as {3, 4}, and {{0, 0}, {3, 4}}.
std::string to_text(const index_list& values);
std::string to_text(const box<dynamic_rank>& b);

} // namespace detail
} // namespace nodespan
