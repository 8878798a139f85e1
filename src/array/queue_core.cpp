#include "nodespan/detail/queue_core.hpp"

#include "agreement.hpp"
#include "mpi_check.hpp"
#include "nodespan/detail/process_state.hpp"
#include "race_hooks.hpp"
#include "shared_block.hpp"
#include "team_core.hpp"
#include "ticket_queue.hpp"

#include <boost/core/demangle.hpp>
#include <boost/functional/hash.hpp>
#include <fmt/format.h>

#include <exception>

namespace nodespan::detail {

queue_core::queue_core(const team& team, index_t capacity, std::size_t item_bytes, const char* type)
    : team_(access::core(team)),
      capacity_(capacity),
      exceptions_(std::uncaught_exceptions()) {
    block_request request;
    request.description = fmt::format("queue<{}>({})", boost::core::demangle(type), capacity);
    request.fingerprint = boost::hash_value(request.description);
    const std::optional<error> refused = attempt([&] {
        if (team.nodes() > 1)
            throw error(errc::invalid_argument,
                        fmt::format("{}: a queue is of one node, and the team has {}: make it on a "
                                    "team(everyone.node_comm()), or deal work out over nodes by "
                                    "work_share or a counter",
                                    request.description, team.nodes()));
        const std::size_t bytes = ticket_queue::bytes(capacity, item_bytes, request.description);
        request.reserved_bytes = request.node_bytes = bytes;
        request.mine = [&team, bytes] {
            return std::vector<byte_range>(team.is_leader() ? 1 : 0, {0, bytes});
        };
        race::makes(*team_, request, {}, 0, static_cast<std::size_t>(capacity) + 2);
    });
    block_ = std::make_unique<shared_block>(
        *team_, refused, request,
        shared_block::label{
            {}, fmt::format("queue<{}>", boost::core::demangle(type)), index_list(1, capacity)});
    race::made(*team_, block_->data(), {});
    queue_ = std::make_unique<ticket_queue>(
        block_->data(), capacity, item_bytes, team.is_oversubscribed(),
        queue_user{team.rank(), request.description,
                   [core = team_.get()] { return core->is_node_abandoned(); }});
    queue_->tell_words(block_->data());
}

// Does not wait for others; ranks that wait for this one are told.
queue_core::~queue_core() {
    race::ends(block_->data());
    if (!mpi_is_alive()) return; // the memory may be gone
    if (std::uncaught_exceptions() > exceptions_) queue_->abandon(team_->rank());
}

bool queue_core::put(const std::byte* item) {
    require_live_process("queue::put");
    return queue_->put(item);
}
bool queue_core::try_put(const std::byte* item) {
    require_live_process("queue::try_put");
    return queue_->try_put(item);
}
bool queue_core::get(std::byte* item) {
    require_live_process("queue::get");
    return queue_->get(item);
}
bool queue_core::try_get(std::byte* item) {
    require_live_process("queue::try_get");
    return queue_->try_get(item);
}
void queue_core::task_done() {
    require_live_process("queue::task_done");
    queue_->task_done();
}
void queue_core::join() {
    require_live_process("queue::join");
    queue_->join();
}
void queue_core::close() noexcept {
    if (is_live_process()) queue_->close();
}
bool queue_core::is_closed() const noexcept {
    return !is_live_process() || queue_->is_closed();
}

} // namespace nodespan::detail
