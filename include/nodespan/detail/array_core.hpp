#pragma once

#include "nodespan/distribution.hpp"
#include "nodespan/mutex.hpp"
#include "nodespan/team.hpp"

#include <cstddef>
#include <memory>
#include <string>

namespace nodespan {

struct array_options {
    /// How the array is cut over nodes and ranks.
    distribution_options distribution = {};

    /// Whether elements start as zero bytes. Without it a new array may hold an old one's values.
    bool zeroed = true;
};

namespace detail {

struct block;

/// An array whose element type and number of dimensions are known at run time only: everything of
/// `array` that need not be a template.
class array_core {
public:
    /// See array's constructor. `type` is what the compiler calls the element type.
    array_core(team& team, const index_list& extents, std::size_t element_bytes, const char* type,
               const array_options& options);
    ~array_core();
    array_core(const array_core&) = delete;
    array_core& operator=(const array_core&) = delete;

    const distribution& cut() const noexcept { return cut_; }
    const box<dynamic>& rank_box() const noexcept { return rank_box_; }
    const box<dynamic>& node_box() const noexcept { return node_box_; }
    std::byte* node_data() const noexcept;
    std::size_t element_bytes() const noexcept { return element_bytes_; }
    class team& get_team() noexcept {
        return team_;
    }
    const class team& get_team() const noexcept { return team_; }

    /// The lock of this node. Errors: errc::out_of_range, errc::not_on_node.
    mutex& lock_of(int node);

    /// Throw, for an index this node does not hold, out_of_range or not_on_node.
    [[noreturn]] void refuse_index(const char* operation, const index_list& at) const;
    void require_rank(const char* operation, int rank) const;
    void require_node(const char* operation, int node) const;
    void require_index(const char* operation, const index_list& at) const;
    void require_peer(const char* operation, int rank) const;

private:
    std::string where() const;

    class team team_;
    std::string name_; // such as array<double,2>
    std::size_t element_bytes_;
    distribution cut_;
    box<dynamic> rank_box_;
    box<dynamic> node_box_;
    std::unique_ptr<block> block_;
    mutex lock_;
};

} // namespace detail
} // namespace nodespan
