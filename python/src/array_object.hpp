#pragma once

#include "dtypes.hpp"
#include "mirror.hpp"
#include "things.hpp"

#include "nodespan/detail/array_core.hpp"

#include <memory>
#include <vector>

namespace nodespan::python {

class team_object;

/// What Python says of an array that is to be made; None where it says nothing.
struct array_wishes {
    py::object shape, dtype, zeroed, ghosts, periodic, node_grid, rank_grid, cuts, block, name;
};

/// An array's memory as views keep it: for as long as any of them is there.
struct array_memory {
    explicit array_memory(std::shared_ptr<detail::array_core> given)
        : core(std::move(given)),
          pages(core->node_data(),
                static_cast<std::size_t>(core->stored_places().size()) * core->element_bytes()) {}

    std::shared_ptr<detail::array_core> core; // given up when the pages are unmapped
    mirror pages;
};

/// An array as Python holds it. Its views share the core: so the memory stays as long as any of
/// them, whatever becomes of this object.
class array_object {
public:
    /// Call: collective. Errors: all ranks get the same, or one of the same kind.
    array_object(team_object& team, const array_wishes& wishes);

    /// Throws ValueError once closed, RuntimeError once MPI has ended.
    detail::array_core& core(const char* operation) const;
    std::shared_ptr<detail::array_core> shared() const { return memory_->core; }
    team_state& state() const noexcept { return *state_; }
    const element& type() const noexcept { return element_; }
    const index_list& extents() const noexcept { return extents_; }

    /// An ndarray over elements of this node, by global indices. Call: with the GIL.
    py::array view_of(const box<dynamic_rank>& part) const;

    /// All of the node's own elements, and whether these are all of the array's.
    const py::array& node() const noexcept { return node_; }
    bool is_whole_here() const noexcept { return is_whole_here_; }
    const box<dynamic_rank>& node_box() const noexcept { return node_box_; }

    bool is_closed() const noexcept { return memory_ == nullptr; }

    /// Makes it anew, of the shape and cut that are wished for, with the elements that both have.
    /// Views stay those of the old memory.
    /// Call:   collective. Errors: all ranks get the same, or one of the same kind; it is then as it
    ///         was.
    void move_to(const char* operation, const array_wishes& wishes);

    /// Gives the array up: the memory ends when all ranks and all views have let go.
    void close() noexcept;

private:
    void make(const char* operation, const array_options& options, const index_list& extents,
              const std::shared_ptr<array_memory>& old);

    element element_;
    index_list extents_;
    std::string name_;
    std::shared_ptr<team_state> team_; // keeps a team that Python has dropped
    team_state* state_ = nullptr;
    std::shared_ptr<array_memory> memory_; // null: closed
    box<dynamic_rank> node_box_;
    py::array node_;
    bool is_whole_here_ = false;
};

/// The elements of a list, or `count` times the same one. Errors: TypeError, ValueError.
std::vector<index_t> numbers_of(const char* what, const py::object& given, std::size_t count);

/// A box from two sequences of numbers.
box<dynamic_rank> box_of(const array_object& array, const py::sequence& lo, const py::sequence& hi);

/// The same as a tuple of slices.
py::tuple slices_of(const box<dynamic_rank>& part);

} // namespace nodespan::python
