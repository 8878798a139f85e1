#include "nodespan/c/collectives.h"

#include "call.hpp"
#include "nodespan/collectives.hpp"
#include "nodespan/dtype.hpp"
#include "op.hpp"

using namespace nodespan;
using detail::c_call;
using detail::collective_call;

namespace {

// Why this rank's arguments are none, or nothing.
std::optional<error> problem_of(const char* function, nodespan_type type, const void* values,
                                std::int64_t count) {
    std::string cause;
    if (nodespan_type_name(type) == nullptr)
        cause = fmt::format("{} is no nodespan_type", static_cast<int>(type));
    else if (count < 0)
        cause = fmt::format("a count of {}", count);
    else if (count > 0 && values == nullptr)
        cause = "values is null";
    else
        return std::nullopt;
    return error(errc::invalid_argument, fmt::format("{}: {}", function, cause), true);
}

// Ranks that bring nothing meaningful say so by elements of 0 bytes, which other ranks' arguments
// do not agree with: so all are refused in the meeting of the call itself, and a good call costs no
// other one.
int run(const char* function, nodespan_team team, nodespan_type type, void* values,
        std::int64_t count, collective_call call) {
    return c_call([&] {
        const auto& ranks = detail::require_given(function, "team", team).team;
        const std::optional<error> problem = problem_of(function, type, values, count);
        if (!problem) {
            visit(static_cast<dtype>(type), [&](auto known) {
                using T = typename decltype(known)::type;
                call.kind = detail::kind_of<T>();
                call.element_bytes = sizeof(T);
            });
            call.count = static_cast<std::size_t>(count);
            call.values = static_cast<std::byte*>(values);
        }
        try {
            detail::run_collective(ranks, call);
        } catch (const error& failure) {
            if (!problem || failure.code() != errc::invalid_argument) throw;
        }
        if (problem) throw error(*problem); // all ranks have one
    });
}

} // namespace

int nodespan_team_all_reduce(nodespan_team team, nodespan_type type, void* values, int64_t count,
                             nodespan_op op) {
    collective_call call;
    call.name = collective_call::name_type::all_reduce;
    call.op = detail::op_of(op).value_or(accumulate_op::replace); // which all refuse
    return run(__func__, team, type, values, count, call);
}

int nodespan_team_reduce(nodespan_team team, nodespan_type type, void* values, int64_t count,
                         nodespan_op op, int root) {
    collective_call call;
    call.name = collective_call::name_type::reduce;
    call.op = detail::op_of(op).value_or(accumulate_op::replace);
    call.root = root;
    return run(__func__, team, type, values, count, call);
}

int nodespan_team_broadcast(nodespan_team team, nodespan_type type, void* values, int64_t count,
                            int root) {
    collective_call call;
    call.name = collective_call::name_type::broadcast;
    call.op = accumulate_op::replace;
    call.root = root;
    return run(__func__, team, type, values, count, call);
}
