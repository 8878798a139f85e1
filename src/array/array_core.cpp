#include "nodespan/detail/array_core.hpp"

#include "agreement.hpp"
#include "arena.hpp"
#include "array_header.hpp"
#include "array_state.hpp"
#include "first_touch.hpp"
#include "process_watch.hpp"
#include "published_array.hpp"
#include "race_hooks.hpp"
#include "team_core.hpp"

#include <boost/core/demangle.hpp>
#include <boost/functional/hash.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <mutex>

namespace nodespan::detail {

namespace {

// MPI counts in int: what lists and patches cut by the byte can hold one element at least.
constexpr std::size_t most_element_bytes = std::size_t{1} << 30;

std::string type_text(const element_type& type, std::size_t dimensions) {
    return fmt::format("array<{},{}{}>", boost::core::demangle(type.name), dimensions,
                       type.is_transposed ? ",column_major" : "");
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

// What onlookers are told of this node's part.
array_facts facts_of(const array_core& array, const element_type& type,
                     const array_location& location) {
    const team_core& team = *location.team;
    const node_barrier& meetings = team.meetings();
    return {array.options().name,
            type.name,
            type.kind,
            type.bytes,
            type.is_transposed,
            array.cut().extents(),
            array.node_box(),
            array.stored_box(),
            location.where.data,
            {&meetings.first_arrival(), node_barrier::arrival_step(), team.node_size()},
            team.token(),
            location.where.number,
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
    array_location& location = state_->location;
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
        location.ghosts = check_ghosts(options.ghosts, extents);
        rank_box_ = cut_.rank_box(core.rank());
        node_box_ = cut_.node_box(core.node());
        stored_box_ = with_ghosts(node_box_, location.ghosts);
        request.reserved_bytes =
            reserve_for(cut_, location.ghosts, type.bytes, request.description);
        request.node_bytes = static_cast<std::size_t>(stored_box_.size()) * type.bytes;
        request.mine = [&] { return first_touch(cut_, location.ghosts, core.rank(), type.bytes); };
        race::makes(core, request, stored_box_, type.bytes, 2);
    });
    location.cut = &cut_;
    location.element_bytes = type.bytes;
    location.kind = type.kind;
    location.team = &core;
    location.where = arena::of(core).allocate(refused, request);
    watch_for_races();
    is_one_node_ = location.is_one_node();
    if (!is_one_node_)
        location.combining = &state_->combining.emplace(location, waiting_in("accumulate"));
    if (location.ghosts.any()) {
        // Requests are made without communication, but may fail on some ranks only.
        const std::optional<error> mine = attempt([&] {
            state_->ghosts = std::make_unique<ghost_exchange>(
                location, waiting_in({"exchange_ghosts", "ghosts"}));
        });
        try {
            core.agree_or_throw(mine, creation_of(request.description));
        } catch (...) {
            race::ends(location.where.data);
            arena::of(core).free(location.where);
            throw;
        }
    }
    if (team_usage* const counters = core.usage())
        location.usage = counters->begin_array(options.name, type_text(type, extents.size()),
                                               extents, request.node_bytes);
    make_own_lock();
    if (core.is_leader())
        state_->published = published_array::if_wanted(facts_of(*this, type, location));
}

array_core::~array_core() {
    state_->published.reset(); // before the memory is another array's
    if (state_->attached) state_->attached->array_ends();
    race::ends(state_->location.where.data);
    state_->ghosts.reset();
    if (team_usage* const counters = access::core(team_)->usage())
        counters->end_array(state_->location.where.node_bytes);
    arena::of(*access::core(team_)).free(state_->location.where);
}

void array_core::watch_for_races() {
    if constexpr (race::is_checked) {
        const block& where = state_->location.where;
        race::made(
            *access::core(team_), where.data,
            {where.data, name_, stored_box_, type_.bytes, type_.is_transposed, where.number});
        race::has_words(where.data, &header_of(where).lock, 1, sizeof(mutex_words), 0);
        if (state_->location.ghosts.any()) race::has_ghosts(state_->location);
    }
}

std::byte* array_core::node_data() const noexcept {
    return state_->location.where.data;
}

bool array_core::is_counted() const noexcept {
    return state_->location.usage != nullptr;
}

std::shared_ptr<array_attachment> array_core::attach(std::shared_ptr<array_attachment> (*make)()) {
    const std::scoped_lock one_at_a_time(state_->making);
    if (!state_->attached) state_->attached = make();
    return state_->attached;
}

void array_core::make_own_lock() {
    const block& where = state_->location.where;
    team_core& core = *access::core(team_);
    auto& [gate, handle] = state_->own;
    lock_waiter& me = state_->me;
    me = {core.rank(), waiting_in("mutex of this node")};
    if (!is_one_node_)
        gate = std::make_unique<rma_gate>(core, arena::of(core), *where.rma, core.node(),
                                          where.header_offset + offsetof(array_header, gate),
                                          &header_of(where).gate, me.why);
    handle = mutex(&header_of(where).lock, core.is_oversubscribed(), gate.get(), &me);
    if (state_->location.usage != nullptr) access::count_in(handle, &state_->location.usage->locks);
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
        const block& where = state_->location.where;
        gate = std::make_unique<rma_gate>(*access::core(team_), arena::of(*access::core(team_)),
                                          *where.rma, node,
                                          where.header_offset + offsetof(array_header, gate),
                                          nullptr, waiting_in("mutex of another node"));
        handle = mutex(gate.get());
        race::knows_far_lock(gate.get(), state_->location, node);
        if (state_->location.usage != nullptr)
            access::count_in(handle, &state_->location.usage->locks);
    }
    return handle;
}

occasion array_core::waiting_in(operation_name operation) const {
    const auto describe = [](const void* what) {
        const auto& self = *static_cast<const array_core*>(what);
        return fmt::format("{}({})", self.name_, self.shown(self.cut_.extents()));
    };
    return {operation, describe, this};
}

void array_core::fence() {
    static constexpr operation_name name = "fence";
    timed(access::core(team_)->usage(), usage_wait::fence,
          [this] { access::core(team_)->fence(waiting_in(name)); });
}

void array_core::node_fence() {
    static constexpr operation_name name = "node_fence";
    timed(access::core(team_)->usage(), usage_wait::node_fence,
          [this] { access::core(team_)->node_fence(waiting_in(name)); });
}

// Runs an exchange or a part of it, for which a usage report counts so many calls.
template <class Body>
void array_core::time_ghosts(unsigned calls, Body&& body) {
    team_usage* const counters = access::core(team_)->usage();
    if (counters == nullptr) return body();
    counters->time(usage_wait::ghosts, body, calls);
    if (calls == 0 || state_->location.usage == nullptr) return;
    std::uint64_t inside_bytes = 0, between_bytes = 0;
    if (state_->ghosts) state_->ghosts->add_bytes(inside_bytes, between_bytes);
    state_->location.usage->add(usage_kind::ghosts, inside_bytes, between_bytes);
}

// An array without ghosts has the same epochs as one with them.
void array_core::exchange_ghosts() {
    require_no_exchange("exchange_ghosts");
    const void* const called_from = __builtin_return_address(0);
    time_ghosts(1, [this, called_from] {
        if (state_->ghosts)
            state_->ghosts->exchange(called_from);
        else
            access::core(team_)->node_fence(waiting_in({"exchange_ghosts", "ghosts"}));
    });
}

void array_core::start_ghosts() {
    require_no_exchange("start_exchange_ghosts");
    const void* const called_from = __builtin_return_address(0);
    time_ghosts(1, [this, called_from] {
        if (state_->ghosts)
            state_->ghosts->start(called_from);
        else
            access::core(team_)->node_fence(waiting_in({"start_exchange_ghosts", "ghosts"}));
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

} // namespace nodespan::detail
