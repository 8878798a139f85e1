// The C calls that distribute work: counters of tickets, and work that ranks share.

#include "nodespan/c/counter.h"

#include "call.hpp"
#include "nodespan/work_share.hpp"

#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>

using namespace nodespan;
using detail::c_call;
using detail::require_given;

struct nodespan_counter_object : detail::c_object<detail::handle_kind::counter> {
    std::optional<nodespan::team> ranks;
    std::optional<counter> tickets; // made last, when nothing else can fail
};

namespace {

// Makes or resets a counter. All ranks have given the same arguments, so that what is wrong with
// them is an error of all.
template <class Body>
void with_agreed_arguments(Body&& body) {
    try {
        body();
    } catch (const error& failure) {
        if (failure.code() != errc::invalid_argument) throw;
        throw error(failure.code(), failure.what() + std::strlen("nodespan: "), true);
    }
}

// A program's function that returned what is not 0. Its number is no code of this library's, even
// where it is one that a call of ours has returned to it.
std::runtime_error failure_of_work(const box<1>& part, int returned, bool has_message) {
    std::string text = fmt::format("nodespan: nodespan_team_work_share: work({}, {}) returned {}",
                                   part.lo[0], part.hi[0], returned);
    if (has_message) text += fmt::format(" ({})", nodespan_last_error_message());
    return std::runtime_error(text);
}

} // namespace

int nodespan_counter_create(nodespan_team team, int64_t first, int64_t portion,
                            nodespan_counter* result) {
    return c_call([&] {
        constexpr const char* name = "nodespan_counter_create";
        auto& ranks = require_given(name, "team", team).team;
        std::unique_ptr<nodespan_counter_object> made;
        detail::agree_on_call(ranks, name, fmt::format("{}({}, {})", name, first, portion), [&] {
            require_given(name, "result", result);
            made = std::make_unique<nodespan_counter_object>();
            made->ranks.emplace(detail::access::another(ranks));
        });
        with_agreed_arguments([&] { made->tickets.emplace(ranks, first, portion); });
        *result = made.release();
    });
}

int nodespan_counter_free(nodespan_counter* given) {
    return c_call([&] { detail::end_handle("nodespan_counter_free", "counter", given); });
}

int nodespan_counter_next(nodespan_counter given, int64_t chunk, int64_t* first) {
    return c_call([&] {
        auto& tickets = *require_given("nodespan_counter_next", "counter", given).tickets;
        std::int64_t& result = require_given("nodespan_counter_next", "first", first);
        result = tickets.next(chunk);
    });
}

int nodespan_counter_take(nodespan_counter given, int64_t most, int64_t* lo, int64_t* hi) {
    return c_call([&] {
        auto& tickets = *require_given("nodespan_counter_take", "counter", given).tickets;
        require_given("nodespan_counter_take", "lo", lo);
        require_given("nodespan_counter_take", "hi", hi);
        const box<1> taken = tickets.take(most);
        *lo = taken.lo[0];
        *hi = taken.hi[0];
    });
}

int nodespan_counter_reset(nodespan_counter given, int64_t first) {
    return c_call([&] {
        constexpr const char* name = "nodespan_counter_reset";
        auto& object = require_given(name, "counter", given);
        detail::agree_on_call(*object.ranks, name, fmt::format("{}({})", name, first), [] {});
        with_agreed_arguments([&] { object.tickets->reset(first); });
    });
}

int nodespan_team_work_share(nodespan_team team, int64_t lo, int64_t hi, int64_t chunk,
                             nodespan_work work, void* context) {
    return c_call([&] {
        constexpr const char* name = "nodespan_team_work_share";
        auto& ranks = require_given(name, "team", team).team;
        detail::agree_on_call(ranks, name, fmt::format("{}({}, {}, {})", name, lo, hi, chunk), [&] {
            detail::require_not_null(name, "work", reinterpret_cast<const void*>(work));
            if (chunk < 1)
                throw error(errc::invalid_argument,
                            fmt::format("{}: chunks of {} indices", name, chunk));
        });
        work_share(ranks, {{lo}, {hi}}, chunk, [&](const box<1>& part) {
            const unsigned long before = detail::kept_c_errors();
            const int returned = work(part.lo[0], part.hi[0], context);
            if (returned != 0)
                throw failure_of_work(part, returned, detail::kept_c_errors() != before);
        });
    });
}
