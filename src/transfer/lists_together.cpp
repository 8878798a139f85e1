// Lists of all ranks, from the fence that begins the call to the one that ends it.

#include "agreement.hpp"
#include "list_exchange.hpp"
#include "race_hooks.hpp"
#include "transfer.hpp"

#include <optional>

namespace nodespan::detail {
namespace {

// `refused` is what this rank found wrong with its list. All ranks learn of that before any element
// moves.
template <class Move>
void move_together(const array_location& a, const index_t* places, index_t count,
                   std::optional<error> refused, usage_kind kind, const occasion& why,
                   Move&& move) {
    team_core& team = *a.team;
    std::optional<list_exchange> exchange;
    if (!refused) refused = attempt([&] { exchange.emplace(a, places, count, why); });
    if (const std::optional<error> unsent = team.flush_attached(); !refused) refused = unsent;
    const std::uint64_t longest =
        team.agree_on_most(refused, static_cast<std::uint64_t>(count), a.where.number, why);
    if (longest > 0) {
        list_room& room = list_room::of(team, a.element_bytes, longest);
        const race::inside own_copies;
        try {
            move(*exchange, room, longest);
        } catch (...) {
            team.abandon(); // others wait for this rank in vain
            throw;
        }
    }
    if (a.usage != nullptr) a.usage->add(kind, exchange->bytes_here(), exchange->bytes_away());
    team.fence(why);
}

} // namespace

void gather_all(const array_location& a, const index_t* places, index_t count, std::byte* to,
                const std::optional<error>& refused, const occasion& why) {
    move_together(a, places, count, refused, usage_kind::gather, why,
                  [&](list_exchange& exchange, list_room& room, std::uint64_t longest) {
                      exchange.gather(room, longest, to);
                  });
}

void scatter_all(const array_location& a, const index_t* places, index_t count,
                 const std::byte* from, const std::optional<error>& refused, const occasion& why) {
    move_together(a, places, count, refused, usage_kind::scatter, why,
                  [&](list_exchange& exchange, list_room& room, std::uint64_t longest) {
                      exchange.scatter(room, longest, from, store_listed);
                  });
}

void scatter_add_all(const array_location& a, const index_t* places, index_t count,
                     const std::byte* from, const std::optional<error>& refused,
                     const occasion& why) {
    move_together(a, places, count, refused, usage_kind::scatter, why,
                  [&](list_exchange& exchange, list_room& room, std::uint64_t longest) {
                      exchange.scatter(room, longest, from, add_listed(a.kind));
                  });
}

} // namespace nodespan::detail
