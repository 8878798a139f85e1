#pragma once

#include "agreement.hpp"
#include "nodespan/box.hpp"
#include "team_core.hpp"

#include <memory>
#include <string>
#include <utility>

namespace nodespan::detail {

/// A collective call that works on files: what its errors call it, and who takes part.
class io_call {
public:
    /// Call:   collective. Ends an epoch, so that all that was written before can be read.
    /// Errors: errc::mismatched_arguments unless all ranks bring the same text, errc::finalized,
    ///         errc::peer_lost, MPI category.
    io_call(std::shared_ptr<team_core> team, std::string text);

    bool is_first_rank() const noexcept { return team_->rank() == 0; }
    team_core& team() const noexcept { return *team_; }
    const std::shared_ptr<team_core>& shared_team() const noexcept { return team_; }
    MPI_Comm comm() const { return team_->comm(); }
    const std::string& text() const noexcept { return text_; }

    /// Runs `body` on this rank and lets all ranks agree on its success: an error is thrown on all
    /// of them, and says which call failed and where. Call: collective.
    template <class Body>
    void agree(Body&& body) const {
        agree_on(attempt(std::forward<Body>(body)));
    }
    void agree_on(const std::optional<error>& mine) const;

    /// Runs `body` on the first rank alone. Call: collective. Errors: as agree.
    template <class Body>
    void on_first_rank(Body&& body) const {
        agree([&] {
            if (is_first_rank()) body();
        });
    }

    /// What the first rank knows, for all. Call: collective. Errors: MPI category, on all ranks.
    std::uint64_t from_first_rank(std::uint64_t value) const;

private:
    std::shared_ptr<team_core> team_;
    std::string text_;
};

/// What a rank could not do, before the ranks agree; io_call says who and where. With the system's
/// own words, as errno has them: "cannot open x: No such file or directory".
[[noreturn]] void refuse(const std::string& cause);
[[noreturn]] void refuse_by_system(const std::string& what);

/// Such as {3, 4}, and {{0, 0}, {3, 4}}.
std::string to_text(const index_list& values);
std::string to_text(const box<dynamic>& b);

} // namespace nodespan::detail
