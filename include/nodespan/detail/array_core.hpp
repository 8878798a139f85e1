#pragma once

#include "nodespan/accumulate_op.hpp"
#include "nodespan/array_options.hpp"
#include "nodespan/detail/buffer.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/detail/owned.hpp"
#include "nodespan/detail/process_state.hpp"
#include "nodespan/mutex.hpp"
#include "nodespan/request.hpp"
#include "nodespan/team.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

struct array_state;
struct occasion;
struct operation_name;
class thread_rule;

/// What the compiler knows about an element type.
struct element_type {
    std::size_t bytes = 0;
    element_kind kind = element_kind::other;
    const char* name = "";      // as in std::type_info
    bool is_transposed = false; // the program names indices in reverse order
};

/// Something of a layer above that has to end before the memory of an array does.
struct array_attachment {
    virtual ~array_attachment() = default;
    virtual void array_ends() noexcept = 0;
};

/// The part of `array` that need not be a template: element type and number of dimensions are known
/// only at run time. `array` describes the calls.
class array_core {
public:
    array_core(const class team& team, const index_list& extents, const element_type& type,
               const array_options& options);
    ~array_core();
    array_core(const array_core&) = delete;
    array_core& operator=(const array_core&) = delete;

    const distribution& cut() const noexcept { return cut_; }
    const box<dynamic_rank>& rank_box() const { return with_boxes("rank_box").rank_box_; }
    const box<dynamic_rank>& node_box() const { return with_boxes("node_box").node_box_; }
    const box<dynamic_rank>& stored_box() const { return with_boxes("node_box").stored_box_; }

    /// The same by place: what memory holds, whatever the cut. The stored box has ghosts.
    const box<dynamic_rank>& rank_places() const noexcept { return rank_box_; }
    const box<dynamic_rank>& node_places() const noexcept { return node_box_; }
    const box<dynamic_rank>& stored_places() const noexcept { return stored_box_; }
    const distribution& places() const noexcept { return cut_.is_cyclic() ? places_ : cut_; }

    /// Whether places are no indices: the array is block-cyclic, and over several nodes.
    bool is_dealt() const noexcept { return is_dealt_; }

    /// For calls in which what a rank holds must be a box of indices. Throws the same on all ranks.
    /// Errors: errc::invalid_argument where the array is block-cyclic.
    void require_boxes(const char* operation) const {
        if (cut_.is_cyclic()) refuse_boxes(operation);
    }
    const array_options& options() const noexcept { return options_; }
    std::byte* node_data() const noexcept; // of the stored box
    std::size_t element_bytes() const noexcept { return type_.bytes; }
    const element_type& type() const noexcept { return type_; }

    /// What the program calls a dimension.
    std::size_t named_dimension(std::size_t d) const noexcept {
        return type_.is_transposed ? cut_.extents().size() - 1 - d : d;
    }

    /// For messages, such as array<double,2>, or with the options' name array<double,2> "velocity".
    const std::string& name() const noexcept { return name_; }
    class team& get_team() noexcept {
        return team_;
    }
    const class team& get_team() const noexcept { return team_; }

    /// Whether all elements are plain memory here, so that atomic operations are the processor's.
    bool is_one_node() const noexcept { return is_one_node_; }

    /// Whether a usage report counts the transfers of this array.
    bool is_counted() const noexcept;

    /// Called before an atomic instruction on an element: does its work before the first one, and
    /// counts each if a usage report does.
    void claim_atomics() {
        if (!is_claimed_.load(std::memory_order_acquire)) claim_and_count();
    }

    /// What is attached to this array: what `make` gives, where nothing is yet.
    /// Call:   any thread.
    std::shared_ptr<array_attachment> attach(std::shared_ptr<array_attachment> (*make)());

    void fence();
    void node_fence();
    mutex& lock_of(int node);

    void get(const box<dynamic_rank>& patch, const patch_memory& to) const;
    void put(const box<dynamic_rank>& patch, const patch_memory& from);
    void get(const box<dynamic_rank>& patch, const index_list& step, const patch_memory& to) const;
    void put(const box<dynamic_rank>& patch, const index_list& step, const patch_memory& from);
    void accumulate(const box<dynamic_rank>& patch, const patch_memory& from, accumulate_op op,
                    const void* scale);
    request get_async(const box<dynamic_rank>& patch, const patch_memory& to) const;
    request put_async(const box<dynamic_rank>& patch, const patch_memory& from);

    // Elements of any node; those of this node only if is_one_node() is false.
    void get_element(const index_list& at, void* to) const;
    void put_element(const index_list& at, const void* from);
    void fetch_add(const index_list& at, const void* value, void* before);
    bool compare_exchange(const index_list& at, void* expected, const void* desired);

    // Lists: `places` has dimensions() numbers for each of `count` elements.
    void gather(const index_t* places, std::size_t count, std::byte* to, std::size_t room) const;
    void scatter(const index_t* places, std::size_t count, const std::byte* from, std::size_t room);
    void scatter_add(const index_t* places, std::size_t count, const std::byte* from,
                     std::size_t room);

    // Lists of all ranks together.
    void gather_all(const index_t* places, std::size_t count, std::byte* to,
                    std::size_t room) const;
    void scatter_all(const index_t* places, std::size_t count, const std::byte* from,
                     std::size_t room);
    void scatter_add_all(const index_t* places, std::size_t count, const std::byte* from,
                         std::size_t room);

    void exchange_ghosts();
    void start_ghosts();
    void finish_ghosts();

    /// Throws errc::finalized, or errc::wrong_thread in a fork; for calls that access elements.
    void require_live(const char* operation) const {
        if (!is_live_process()) refuse_call(operation);
    }

    /// Throws out_of_range or not_on_node, for an index that this node does not hold.
    [[noreturn]] void refuse_index(const char* operation, const index_list& at) const;
    /// Throws out_of_range, for a place outside of a box of places.
    [[noreturn]] void refuse_place(const char* operation, const index_list& place,
                                   const box<dynamic_rank>& places) const;
    void require_rank(const char* operation, int rank) const;
    void require_node(const char* operation, int node) const;
    void require_index(const char* operation, const index_list& at) const;
    void require_peer(const char* operation, int rank) const;

private:
    [[noreturn]] void refuse_call(const char* operation) const;
    [[noreturn]] void refuse_boxes(const char* operation) const;
    const array_core& with_boxes(const char* operation) const {
        require_boxes(operation);
        return *this;
    }
    occasion waiting_in(operation_name operation) const;
    std::string where() const;
    std::string shown(const index_list& numbers) const;
    std::string call_on(const char* operation, const box<dynamic_rank>& patch) const;
    std::string call_on(const char* operation, const index_list& at) const;
    thread_rule* rule_for_transfers() const noexcept;
    void make_own_lock();
    void watch_for_races();
    void claim_and_count();
    template <class Body>
    void time_ghosts(unsigned calls, Body&& body);
    void require_no_exchange(const char* operation) const;
    void require_list(const char* operation, const index_t* places, std::size_t count,
                      std::size_t room) const;
    index_list check_patch(const char* operation, const box<dynamic_rank>& patch,
                           const patch_memory& memory) const;
    index_list check_patch(const char* operation, const box<dynamic_rank>& patch,
                           const index_list& wanted, const patch_memory& memory) const;
    index_list check_step(const char* operation, const box<dynamic_rank>& patch,
                          const index_list& step) const;

    class team team_;
    std::string name_;
    element_type type_;
    array_options options_;
    distribution cut_;
    distribution places_; // where block-cyclic
    box<dynamic_rank> rank_box_;
    box<dynamic_rank> node_box_;
    box<dynamic_rank> stored_box_;
    std::unique_ptr<array_state> state_;
    bool is_one_node_ = true;
    bool is_dealt_ = false;
    std::atomic<bool> is_claimed_ = false; // several threads may be the first at once
};

template <>
inline constexpr const char* noun_of<array_core> = "array";

} // namespace detail
} // namespace nodespan
