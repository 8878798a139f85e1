#include "nodespan/detail/array_core.hpp"

#include "agreement.hpp"
#include "arena.hpp"
#include "array_header.hpp"
#include "first_touch.hpp"
#include "ghost_exchange.hpp"
#include "locked_combine.hpp"
#include "process_watch.hpp"
#include "published_array.hpp"
#include "single_element.hpp"
#include "team_core.hpp"
#include "transfer.hpp"

#include <boost/core/demangle.hpp>
#include <boost/functional/hash.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace nodespan::detail {

// What the header does not show: where the elements are, and what was made for them.
struct array_state {
    struct lock_of_node {
        std::unique_ptr<rma_gate> gate; // in teams of several nodes
        mutex handle;
    };

    array_place place;
    std::atomic<bool> has_claimed = false; // atomics
    lock_of_node own;
    lock_waiter me;
    std::mutex making; // threads may ask for locks, and attach, at the same time
    std::map<int, lock_of_node> others;
    std::unique_ptr<ghost_exchange> ghosts;
    std::optional<combining_locks> combining; // over several nodes
    std::shared_ptr<array_attachment> attached;
    std::unique_ptr<published_array> published; // on leaders, where somebody may look from outside
};

namespace {

// MPI counts in int: what lists and patches cut by the byte can hold one element at least.
constexpr std::size_t most_element_bytes = std::size_t{1} << 30;

std::string type_text(const element_type& type, std::size_t dimensions) {
    return fmt::format("array<{},{}{}>", boost::core::demangle(type.name), dimensions,
                       type.is_transposed ? ",column_major" : "");
}

std::string braces(const index_list& values) {
    return fmt::format("{{{}}}", fmt::join(values, ", "));
}

// Everything that must be the same on all ranks.
std::uint64_t fingerprint(const std::string& name, std::size_t element_bytes,
                          const index_list& extents, const array_options& options) {
    std::size_t seed = 0;
    boost::hash_combine(seed, name);
    boost::hash_combine(seed, element_bytes);
    boost::hash_range(seed, extents.begin(), extents.end());
    boost::hash_combine(seed, options.distribution.node_grid);
    boost::hash_combine(seed, options.distribution.rank_grid);
    boost::hash_combine(seed, options.distribution.cuts);
    boost::hash_combine(seed, options.ghosts.width);
    boost::hash_combine(seed, options.ghosts.periodic);
    boost::hash_combine(seed, options.zeroed);
    return seed;
}

// Runs what may fail inside MPI, whose words alone do not tell what was asked for.
template <class Describe, class Body>
decltype(auto) naming(Describe&& describe, Body&& body) {
    try {
        return body();
    } catch (const error& failure) {
        throw named(describe(), failure);
    }
}

// What onlookers are told of this node's part.
array_facts facts_of(const array_core& array, const element_type& type, const array_place& place) {
    const team_core& team = *place.team;
    const node_barrier& meetings = team.meetings();
    return {array.options().name,
            type.name,
            type.kind,
            type.bytes,
            type.is_transposed,
            array.cut().extents(),
            array.node_box(),
            array.stored_box(),
            place.where.data,
            {&meetings.first_arrival(), node_barrier::arrival_step(), team.node_size()},
            team.token(),
            place.where.number,
            team.node(),
            team.placement()->nodes()};
}

// Bytes of the largest node box with its ghosts.
std::size_t reserve_for(const distribution& cut, const ghost_layers& ghosts,
                        std::size_t element_bytes, const std::string& description) {
    auto bytes = static_cast<index_t>(element_bytes);
    bool too_large = false, is_empty = false;
    const index_list extents = cut.largest_node_extents();
    for (std::size_t d = 0; d < extents.size(); ++d) {
        is_empty |= extents[d] == 0;
        too_large |= __builtin_mul_overflow(bytes, extents[d] + 2 * ghosts.width[d], &bytes);
    }
    if (is_empty) return 0;
    if (too_large) throw error(errc::invalid_argument, description + ": over 2^63 bytes on a node");
    return static_cast<std::size_t>(bytes);
}

} // namespace

array_core::array_core(const class team& team, const index_list& extents, const element_type& type,
                       const array_options& options)
    : team_(access::another(team)),
      name_(type_text(type, extents.size())),
      type_(type),
      options_(options),
      state_(std::make_unique<array_state>()) {
    if (!options.name.empty()) name_ += fmt::format(" \"{}\"", options.name);
    team_core& core = *access::core(team_);
    array_place& place = state_->place;
    block_request request;
    request.description = fmt::format("{}({})", name_, shown(extents));
    request.fingerprint = fingerprint(name_, type.bytes, extents, options);
    request.zeroed = options.zeroed;
    const std::optional<error> refused = attempt([&] {
        if (type.bytes > most_element_bytes)
            throw error(errc::invalid_argument,
                        fmt::format("{}: elements of {} bytes; an array's are of 2^30 bytes at "
                                    "most, so make parts of them its elements",
                                    request.description, type.bytes));
        cut_ = distribution(extents, core.placement(), options.distribution);
        place.ghosts = check_ghosts(options.ghosts, extents);
        rank_box_ = cut_.rank_box(core.rank());
        node_box_ = cut_.node_box(core.node());
        stored_box_ = with_ghosts(node_box_, place.ghosts);
        request.reserved_bytes = reserve_for(cut_, place.ghosts, type.bytes, request.description);
        request.node_bytes = static_cast<std::size_t>(stored_box_.size()) * type.bytes;
        request.mine = [&] { return first_touch(cut_, place.ghosts, core.rank(), type.bytes); };
    });
    place.cut = &cut_;
    place.element_bytes = type.bytes;
    place.kind = type.kind;
    place.team = &core;
    place.where = arena::of(core).allocate(refused, request);
    is_one_node_ = place.is_one_node();
    if (!is_one_node_)
        place.combining = &state_->combining.emplace(place, waiting_in("accumulate"));
    if (place.ghosts.any()) {
        // Requests are made without communication, but may fail on some ranks only.
        const std::optional<error> mine = attempt([&] {
            state_->ghosts = std::make_unique<ghost_exchange>(place, waiting_in("exchange_ghosts"));
        });
        try {
            core.agree_or_throw(mine, creation_of(request.description));
        } catch (...) {
            arena::of(core).free(place.where);
            throw;
        }
    }
    if (team_usage* const counters = core.usage())
        place.usage = counters->begin_array(options.name, type_text(type, extents.size()), extents,
                                            request.node_bytes);
    make_own_lock();
    if (core.is_leader())
        state_->published = published_array::if_wanted(facts_of(*this, type, place));
}

array_core::~array_core() {
    state_->published.reset(); // before the memory is another array's
    if (state_->attached) state_->attached->array_ends();
    state_->ghosts.reset();
    if (team_usage* const counters = access::core(team_)->usage())
        counters->end_array(state_->place.where.node_bytes);
    arena::of(*access::core(team_)).free(state_->place.where);
}

std::byte* array_core::node_data() const noexcept {
    return state_->place.where.data;
}

bool array_core::is_counted() const noexcept {
    return state_->place.usage != nullptr;
}

std::shared_ptr<array_attachment> array_core::attach(std::shared_ptr<array_attachment> (*make)()) {
    const std::scoped_lock one_at_a_time(state_->making);
    if (!state_->attached) state_->attached = make();
    return state_->attached;
}

void array_core::make_own_lock() {
    const block& where = state_->place.where;
    team_core& core = *access::core(team_);
    auto& [gate, handle] = state_->own;
    lock_waiter& me = state_->me;
    me = {core.rank(), waiting_in("mutex of this node")};
    if (!is_one_node_)
        gate = std::make_unique<rma_gate>(core, arena::of(core), *where.rma, core.node(),
                                          where.header_offset + offsetof(array_header, gate),
                                          &header_of(where).gate, me.why);
    handle = mutex(&header_of(where).lock, core.is_oversubscribed(), gate.get(), &me);
    if (state_->place.usage != nullptr) access::count_in(handle, &state_->place.usage->locks);
}

void array_core::refuse_call(const char* operation) const {
    refuse_process(fmt::format("{}::{}", name_, operation));
}

mutex& array_core::lock_of(int node) {
    require_node("mutex", node);
    if (node == team_.node()) return state_->own.handle;
    const std::scoped_lock one_at_a_time(state_->making);
    auto& [gate, handle] = state_->others[node];
    if (!gate) {
        const block& where = state_->place.where;
        gate = std::make_unique<rma_gate>(*access::core(team_), arena::of(*access::core(team_)),
                                          *where.rma, node,
                                          where.header_offset + offsetof(array_header, gate),
                                          nullptr, waiting_in("mutex of another node"));
        handle = mutex(gate.get());
        if (state_->place.usage != nullptr) access::count_in(handle, &state_->place.usage->locks);
    }
    return handle;
}

// Inside a node transfers are copies, which any number of threads can make.
thread_rule* array_core::rule_for_transfers() const noexcept {
    return is_one_node_ ? nullptr : &access::core(team_)->threads();
}

// The buffer's strides in bytes, if the patch and the buffer fit.
index_list array_core::check_patch(const char* operation, const box<dynamic_rank>& patch,
                                   const patch_memory& memory) const {
    const index_list& extents = cut_.extents();
    bool fits = true;
    for (std::size_t d = 0; d < extents.size(); ++d)
        fits &= patch.lo[d] >= 0 && patch.lo[d] <= patch.hi[d] && patch.hi[d] <= extents[d];
    if (!fits)
        throw error(errc::out_of_range,
                    fmt::format("{}: box outside extents {} {}", call_on(operation, patch),
                                shown(extents), where()));
    const index_list wanted = patch.extents();
    if (memory.is_view ? memory.extents != wanted : memory.size != patch.size())
        throw error(
            errc::size_mismatch,
            fmt::format("{}: {} elements {}, but the buffer has {} {}", call_on(operation, patch),
                        patch.size(), shown(wanted),
                        memory.is_view ? shown(memory.extents) : std::to_string(memory.size),
                        where()));
    index_list strides = memory.is_view ? memory.strides : row_major_strides(wanted);
    for (std::size_t d = 0; d < strides.size(); ++d)
        strides[d] *= static_cast<index_t>(type_.bytes);
    return strides;
}

void array_core::get(const box<dynamic_rank>& patch, const patch_memory& to) const {
    const thread_rule::call mine(rule_for_transfers(), "get");
    const index_list strides = check_patch("get", patch, to);
    naming([&] { return call_on("get", patch); },
           [&] { detail::get(state_->place, patch, to.data, strides); });
}

void array_core::put(const box<dynamic_rank>& patch, const patch_memory& from) {
    const thread_rule::call mine(rule_for_transfers(), "put");
    const index_list strides = check_patch("put", patch, from);
    naming([&] { return call_on("put", patch); },
           [&] { detail::put(state_->place, patch, from.data, strides); });
}

void array_core::accumulate(const box<dynamic_rank>& patch, const patch_memory& from,
                            accumulate_op op, const void* scale) {
    const thread_rule::call mine(rule_for_transfers(), "accumulate");
    const index_list strides = check_patch("accumulate", patch, from);
    if (!supports(type_.kind, op))
        throw error(errc::invalid_argument,
                    fmt::format("{}::accumulate({}): these elements have no such operation {}",
                                name_, to_string(op), where()));
    naming([&] { return call_on("accumulate", patch); },
           [&] { detail::accumulate(state_->place, patch, op, from.data, strides, scale); });
}

request array_core::get_async(const box<dynamic_rank>& patch, const patch_memory& to) const {
    const thread_rule::call mine(rule_for_transfers(), "get_async");
    const index_list strides = check_patch("get_async", patch, to);
    request result = access::start<request>(access::core(team_), "get_async");
    naming([&] { return call_on("get_async", patch); },
           [&] { start_get(state_->place, patch, to.data, strides, access::open(result)); });
    return result;
}

request array_core::put_async(const box<dynamic_rank>& patch, const patch_memory& from) {
    const thread_rule::call mine(rule_for_transfers(), "put_async");
    const index_list strides = check_patch("put_async", patch, from);
    request result = access::start<request>(access::core(team_), "put_async");
    naming([&] { return call_on("put_async", patch); },
           [&] { start_put(state_->place, patch, from.data, strides, access::open(result)); });
    return result;
}

void array_core::get_element(const index_list& at, void* to) const {
    const thread_rule::call mine(rule_for_transfers(), "get");
    require_index("get", at);
    naming([&] { return call_on("get", at); }, [&] { detail::get_element(state_->place, at, to); });
}

void array_core::put_element(const index_list& at, const void* from) {
    const thread_rule::call mine(rule_for_transfers(), "put");
    require_index("put", at);
    naming([&] { return call_on("put", at); },
           [&] { detail::put_element(state_->place, at, from); });
}

void array_core::fetch_add(const index_list& at, const void* value, void* before) {
    const thread_rule::call mine(rule_for_transfers(), "fetch_add");
    require_index("fetch_add", at);
    naming([&] { return call_on("fetch_add", at); },
           [&] { detail::fetch_add(state_->place, at, value, before); });
}

bool array_core::compare_exchange(const index_list& at, void* expected, const void* desired) {
    const thread_rule::call mine(rule_for_transfers(), "compare_exchange");
    require_index("compare_exchange", at);
    if (type_.bytes != 1 && type_.bytes != 2 && type_.bytes != 4 && type_.bytes != 8)
        throw error(errc::invalid_argument,
                    fmt::format("{}: elements of {} bytes, and between nodes MPI exchanges 1, 2, 4 "
                                "or 8; lock the array's mutex of that node instead {}",
                                call_on("compare_exchange", at), type_.bytes, where()));
    return naming([&] { return call_on("compare_exchange", at); },
                  [&] { return detail::compare_exchange(state_->place, at, expected, desired); });
}

// The call in which atomics are made stays inline and uncounted where no report is wanted.
void array_core::claim_and_count() {
    if (!state_->has_claimed) detail::claim_atomics(state_->place); // twice does no harm
    state_->has_claimed = true;
    if (state_->place.usage != nullptr)
        state_->place.usage->add(usage_kind::atomic, type_.bytes, 0);
    else
        is_claimed_.store(true, std::memory_order_release); // after the node has been told
}

void array_core::require_list(const char* operation, const index_t* places, std::size_t count,
                              std::size_t room) const {
    if (count != room)
        throw error(errc::size_mismatch,
                    fmt::format("{}::{}: {} indices, but the buffer has {} elements {}", name_,
                                operation, count, room, where()));
    index_list at(cut_.dimensions(), 0);
    for (std::size_t i = 0; i < count; ++i) {
        std::copy_n(places + i * at.size(), at.size(), &at[0]);
        require_index(operation, at);
    }
}

void array_core::gather(const index_t* places, std::size_t count, std::byte* to,
                        std::size_t room) const {
    const thread_rule::call mine(rule_for_transfers(), "gather");
    require_list("gather", places, count, room);
    detail::gather(state_->place, places, static_cast<index_t>(count), to);
}

void array_core::scatter(const index_t* places, std::size_t count, const std::byte* from,
                         std::size_t room) {
    const thread_rule::call mine(rule_for_transfers(), "scatter");
    require_list("scatter", places, count, room);
    detail::scatter(state_->place, places, static_cast<index_t>(count), from);
}

void array_core::scatter_add(const index_t* places, std::size_t count, const std::byte* from,
                             std::size_t room) {
    const thread_rule::call mine(rule_for_transfers(), "scatter_add");
    require_list("scatter_add", places, count, room);
    detail::scatter_add(state_->place, places, static_cast<index_t>(count), from);
}

occasion array_core::waiting_in(const char* operation) const {
    const auto describe = [](const void* what) {
        const auto& self = *static_cast<const array_core*>(what);
        return fmt::format("{}({})", self.name_, self.shown(self.cut_.extents()));
    };
    return {operation, describe, this};
}

void array_core::fence() {
    timed(access::core(team_)->usage(), usage_wait::fence,
          [this] { access::core(team_)->fence(waiting_in("fence")); });
}

void array_core::node_fence() {
    timed(access::core(team_)->usage(), usage_wait::node_fence,
          [this] { access::core(team_)->node_fence(waiting_in("node_fence")); });
}

// Runs an exchange or a part of it, for which a usage report counts so many calls.
template <class Body>
void array_core::time_ghosts(unsigned calls, Body&& body) {
    team_usage* const counters = access::core(team_)->usage();
    if (counters == nullptr) return body();
    counters->time(usage_wait::ghosts, body, calls);
    if (calls == 0 || state_->place.usage == nullptr) return;
    std::uint64_t inside_bytes = 0, between_bytes = 0;
    if (state_->ghosts) state_->ghosts->add_bytes(inside_bytes, between_bytes);
    state_->place.usage->add(usage_kind::ghosts, inside_bytes, between_bytes);
}

// An array without ghosts has the same epochs as one with them.
void array_core::exchange_ghosts() {
    require_no_exchange("exchange_ghosts");
    time_ghosts(1, [this] {
        if (state_->ghosts)
            state_->ghosts->exchange();
        else
            access::core(team_)->node_fence(waiting_in("exchange_ghosts"));
    });
}

void array_core::start_ghosts() {
    require_no_exchange("start_exchange_ghosts");
    time_ghosts(1, [this] {
        if (state_->ghosts)
            state_->ghosts->start();
        else
            access::core(team_)->node_fence(waiting_in("start_exchange_ghosts"));
    });
}

void array_core::require_no_exchange(const char* operation) const {
    if (state_->ghosts && state_->ghosts->is_started())
        throw error(errc::invalid_argument,
                    fmt::format("{}::{}(): an exchange is under way already {}", name_, operation,
                                where()));
}

void array_core::finish_ghosts() {
    if (state_->ghosts) time_ghosts(0, [this] { state_->ghosts->finish(); });
}

std::string array_core::call_on(const char* operation, const box<dynamic_rank>& patch) const {
    return fmt::format("{}::{}([{}, {}))", name_, operation, shown(patch.lo), shown(patch.hi));
}

std::string array_core::call_on(const char* operation, const index_list& at) const {
    return fmt::format("{}::{}({})", name_, operation, shown(at));
}

// Indices as the program gave them.
std::string array_core::shown(const index_list& numbers) const {
    return braces(type_.is_transposed ? reversed(numbers) : numbers);
}

std::string array_core::where() const {
    return fmt::format("[rank {} of {}, node {} of {}]", team_.rank(), team_.size(), team_.node(),
                       team_.nodes());
}

void array_core::refuse_index(const char* operation, const index_list& at) const {
    require_index(operation, at);
    throw error(errc::not_on_node, fmt::format("{}: held by node {}, and this node has [{}, {}) {}",
                                               call_on(operation, at), cut_.owner_node(at),
                                               shown(node_box_.lo), shown(node_box_.hi), where()));
}

void array_core::require_index(const char* operation, const index_list& at) const {
    if (box<dynamic_rank>{index_list(static_cast<int>(at.size()), 0), cut_.extents()}.contains(at))
        return;
    throw error(errc::out_of_range,
                fmt::format("{}: index outside extents {} {}", call_on(operation, at),
                            shown(cut_.extents()), where()));
}

void array_core::require_rank(const char* operation, int rank) const {
    if (rank >= 0 && rank < team_.size()) return;
    throw error(errc::out_of_range, fmt::format("{}::{}({}): the team has ranks 0 to {} {}", name_,
                                                operation, rank, team_.size() - 1, where()));
}

void array_core::require_node(const char* operation, int node) const {
    if (node >= 0 && node < team_.nodes()) return;
    throw error(errc::out_of_range, fmt::format("{}::{}({}): the team has nodes 0 to {} {}", name_,
                                                operation, node, team_.nodes() - 1, where()));
}

void array_core::require_peer(const char* operation, int rank) const {
    require_rank(operation, rank);
    if (team_.placement().node_of(rank) == team_.node()) return;
    throw error(errc::not_on_node,
                fmt::format("{}::{}({}): that rank is on node {} {}", name_, operation, rank,
                            team_.placement().node_of(rank), where()));
}

} // namespace nodespan::detail
