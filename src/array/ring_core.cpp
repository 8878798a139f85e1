#include "nodespan/detail/ring_core.hpp"

#include "agreement.hpp"
#include "mpi_check.hpp"
#include "nodespan/detail/process_state.hpp"
#include "race_hooks.hpp"
#include "ring_protocol.hpp"
#include "shared_block.hpp"
#include "team_core.hpp"
#include "watchdog.hpp"

#include <boost/core/demangle.hpp>
#include <boost/functional/hash.hpp>
#include <fmt/format.h>

#include <exception>
#include <limits>

namespace nodespan::detail {

/// A rank's end of a ring: it has one of the two kinds.
struct ring_state {
    std::optional<shared_block> block;
    std::optional<ring_memory> memory;
    std::optional<ring_producer> producer;
    std::optional<ring_consumer> consumer;
    lock_waiter me; // what a long wait is told as
};

namespace {

std::string text_of(const std::string& name, index_t frame_elements, const ring_options& options) {
    return fmt::format("{}({} elements, {} slots, producer {}, {}, {})", name, frame_elements,
                       options.slots, options.producer,
                       options.delivery == delivery::to_all ? "to_all" : "to_one",
                       options.when_full == when_full::block         ? "block"
                       : options.when_full == when_full::drop_newest ? "drop_newest"
                                                                     : "drop_oldest");
}

void require(bool is_good, const std::string& what, const std::string& rule) {
    if (!is_good) throw error(errc::invalid_argument, what + ": " + rule);
}

// What the arguments ask for, or why they cannot be had.
ring_shape shape_of(const class team& team, index_t frame_elements, std::size_t element_bytes,
                    const ring_options& options, const std::string& what) {
    require(team.nodes() == 1, what,
            fmt::format("a ring lies in one node's memory, and this team has {} nodes; use a team "
                        "of one node, such as everyone.split(everyone.node())",
                        team.nodes()));
    require(team.size() >= 2, what, "needs two ranks, one that produces and one that consumes");
    require(static_cast<std::uint32_t>(team.size()) - 1 <= ring_shape::most_consumers, what,
            fmt::format("at most {} consumers", ring_shape::most_consumers));
    require(frame_elements >= 1, what, "a frame has at least one element");
    require(options.slots >= 1 && options.slots < std::numeric_limits<std::int32_t>::max(), what,
            "slots from 1 to 2^31 - 2");
    require(options.producer >= 0 && options.producer < team.size(), what,
            fmt::format("the producer is one of ranks 0 to {}", team.size() - 1));
    index_t frame_bytes = 0, bytes = 0; // with room for rounding up and for the words beside
    require(!__builtin_mul_overflow(frame_elements, static_cast<index_t>(element_bytes),
                                    &frame_bytes) &&
                !__builtin_add_overflow(frame_bytes, index_t{1024}, &bytes) &&
                !__builtin_mul_overflow(bytes, options.slots + 2, &bytes),
            what, "over 2^63 bytes");
    ring_shape result;
    result.slots = static_cast<std::size_t>(options.slots);
    result.frame_bytes = (static_cast<std::size_t>(frame_bytes) + 63) / 64 * 64;
    result.consumers = static_cast<std::uint32_t>(team.size()) - 1;
    result.delivery = options.delivery;
    result.when_full = options.when_full;
    result.is_oversubscribed = team.is_oversubscribed();
    return result;
}

// Words of 8 bytes, by the number of the frame's slot.
box<dynamic_rank> frames_of(const ring_shape& shape) {
    return {indices<2>{}, indices<2>{static_cast<index_t>(shape.all_slots()),
                                     static_cast<index_t>(shape.frame_bytes / 8)}};
}

void watch_for_races(const ring_state& state, team_core& core, const std::string& name) {
    if constexpr (race::is_checked) {
        const ring_memory& memory = *state.memory;
        const std::byte* const block = state.block->data();
        const std::size_t slots = memory.shape().all_slots();
        race::made(
            core, state.block->data(),
            {memory.frame(0), name + ", slot and word", frames_of(memory.shape()), 8, false, 0});
        race::has_words(block, &memory.slot(0), slots, sizeof(ring_memory::slot_line), 0);
        race::has_words(block, memory.frame(0), slots, memory.shape().frame_bytes, slots);
    }
}

} // namespace

ring_core::ring_core(class team& team, index_t frame_elements, std::size_t element_bytes,
                     const char* type, const ring_options& options)
    : team_(access::another(team)),
      options_(options),
      name_(fmt::format("ring<{}>", boost::core::demangle(type))),
      exceptions_(std::uncaught_exceptions()),
      state_(std::make_unique<ring_state>()) {
    if (!options.name.empty()) name_ += fmt::format(" \"{}\"", options.name);
    team_core& core = *access::core(team_);
    ring_shape shape;
    block_request request;
    request.description = text_of(name_, frame_elements, options);
    request.fingerprint = boost::hash_value(request.description);
    const std::optional<error> refused = attempt([&] {
        shape = shape_of(team_, frame_elements, element_bytes, options, request.description);
        const std::size_t bytes = ring_memory::bytes(shape);
        request.reserved_bytes = request.node_bytes = bytes;
        request.mine = [bytes, &core] { return even_part(bytes, core); };
        race::makes(core, request, frames_of(shape), 8, 2 * shape.all_slots());
    });
    state_->block.emplace(core, refused, request,
                          shared_block::label{options.name,
                                              fmt::format("ring<{}>", boost::core::demangle(type)),
                                              indices<2>{frame_elements, options.slots + 1}});
    state_->memory.emplace(state_->block->data(), shape);
    watch_for_races(*state_, core, name_);

    const auto is_lost = [&core] { return core.is_node_abandoned(); };
    if (is_producer()) {
        const auto describe = [](const void* what) {
            return *static_cast<const std::string*>(what);
        };
        state_->me = {team_.rank(), {"reserve", describe, &name_}};
        state_->producer.emplace(*state_->memory, is_lost, [this](const watchdog& watch) {
            state_->me.complain(watch, "a consumer to release a frame");
        });
    } else {
        const int number = team_.rank() - (team_.rank() > options.producer ? 1 : 0);
        state_->consumer.emplace(*state_->memory, static_cast<std::uint32_t>(number), is_lost);
    }
}

ring_core::~ring_core() = default;

// Does not wait for others; ranks that wait for this one are told.
void ring_core::end() noexcept {
    const class team team = std::move(team_); // it does not wait for a slot that stays behind
    const std::unique_ptr<ring_state> state = std::move(state_);
    race::ends(state->block->data());
    if (!mpi_is_alive()) return; // the memory may be gone
    if (std::uncaught_exceptions() > exceptions_)
        state->memory->abandon(team.rank());
    else if (state->producer)
        state->producer->close();
    else
        state->consumer->leave();
}

void ring_core::require_producer(const char* operation) const {
    if (is_producer() && !state_->producer->is_closed()) return;
    throw error(errc::invalid_argument,
                fmt::format("{}::{}: {} [rank {} of {}]", name_, operation,
                            is_producer() ? "the ring is closed"
                                          : fmt::format("rank {} produces, this one consumes",
                                                        options_.producer),
                            team_.rank(), team_.size()));
}

std::byte* ring_core::reserve() {
    require_live_process("ring::reserve");
    require_producer("reserve");
    return state_->producer->reserve();
}

bool ring_core::publish(std::uint64_t sequence) {
    require_live_process("ring::publish");
    if (!state_)
        throw error(errc::invalid_argument, name_ + "::publish: the ring of this slot has ended");
    require_producer("publish");
    if (!state_->producer->has_reserved() || sequence != state_->producer->numbered())
        throw error(errc::invalid_argument,
                    fmt::format("{}::publish: frame {} has been published already; each slot is "
                                "published once",
                                name_, sequence));
    return state_->producer->publish();
}

void ring_core::close() {
    require_live_process("ring::close");
    if (is_producer()) return state_->producer->close();
    require_producer("close");
}

std::optional<ring_core::frame> ring_core::next() {
    require_live_process("ring::next");
    if (is_producer())
        throw error(errc::invalid_argument,
                    fmt::format("{}::next: this rank produces, the others consume [rank {} of {}]",
                                name_, team_.rank(), team_.size()));
    const std::optional<ring_consumer::frame> found = state_->consumer->next();
    if (!found) return std::nullopt;
    return frame{found->data, found->sequence, found->slot};
}

void ring_core::release(std::uint32_t slot) noexcept {
    if (state_ && is_live_process()) state_->consumer->release(slot); // else the memory may be gone
}

std::uint64_t ring_core::published() const noexcept {
    if (!is_live_process()) return is_producer() ? state_->producer->numbered() : 0;
    return state_->memory->producer().numbered.load(std::memory_order_relaxed);
}

std::uint64_t ring_core::received() const noexcept {
    return is_producer() ? 0 : state_->consumer->received();
}

std::uint64_t ring_core::lost() const noexcept {
    if (is_producer() || options_.delivery == delivery::to_one)
        return is_live_process() ? state_->memory->lost() : 0;
    return state_->consumer->missed();
}

} // namespace nodespan::detail
