#pragma once

#include "agreement.hpp"
#include "nodespan/box.hpp"
#include "nodespan/number_type.hpp"
#include "nodespan/team.hpp"
#include "posix_file.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace nodespan::detail {

/// One collective call on a file: what its errors quote, and how its ranks agree.
class file_call {
public:
    /// `operation` is what was called, `what` what it works on, such as float64{3, 4}.
    /// Call: collective. Errors: errc::mismatched_arguments, errc::finalized.
    file_call(const char* operation, const std::string& what, std::string file, const team& ranks);

    const std::string& file() const noexcept { return file_; }
    std::string part() const { return file_ + ".part"; }
    int rank() const noexcept { return ranks_.rank(); }
    int size() const noexcept { return ranks_.size(); }
    bool is_first() const noexcept { return rank() == 0; }

    /// Runs `body` on this rank and lets all ranks agree on its success. A malformed file is
    /// errc::io like one that cannot be read.
    void agree(const std::function<void()>& body) const;

    /// Opens the file on every rank, and makes sure that all see one of the same size.
    posix_file open_to_read() const;

    /// Makes file.part, on rank 0 with `prepare`, has every rank `write` to it, and gives it its
    /// name. After a failure, of any rank, it is gone, and what had that name is as it was.
    void replace(const std::function<void(posix_file&)>& prepare,
                 const std::function<void(posix_file&)>& write) const;

    /// The sum of the lower ranks' values, and of all.
    struct sums {
        std::uint64_t before = 0;
        std::uint64_t all = 0;
    };
    sums add_up(std::uint64_t mine) const;

    /// Rank 0's value on all ranks.
    void broadcast(void* data, std::size_t bytes) const;

    /// Ends an epoch: what was written before is visible, what was sent has arrived.
    void fence() const;

private:
    MPI_Comm comm() const { return ranks_.comm(); }

    std::string quoted_;
    std::string file_;
    const team& ranks_;
};

/// Such as float64{3, 4}.
std::string quote(number_type type, const index_list& extents);

/// Such as {3, 4}.
std::string quote(const index_list& extents);

} // namespace nodespan::detail
