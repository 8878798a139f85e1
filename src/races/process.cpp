#include "process.hpp"

#include <algorithm>

namespace nodespan::detail::race {
namespace {

std::atomic<const region_table*> current_table = nullptr;

void replace_table(region_table* next) noexcept {
    watched_lo = next->empty() ? 0 : next->front()->begin;
    watched_span = next->empty() ? 0 : next->back()->end - next->front()->begin;
    current_table.store(next, std::memory_order_release);
}

} // namespace

std::uintptr_t watched_lo = 0, watched_span = 0;

spin_lock& region::lock_of(std::size_t chunk) const noexcept {
    return of->book->lock_of((what.number << 20) + chunk);
}

// Never destroyed: threads and exit handlers use it to the end.
process_state& this_process() {
    static process_state* const state = new process_state;
    return *state;
}

const region_table& regions() noexcept {
    static const region_table none;
    const region_table* const now = current_table.load(std::memory_order_acquire);
    return now == nullptr ? none : *now;
}

const region* region_at(std::uintptr_t address) noexcept {
    const region_table& all = regions();
    const auto behind =
        std::upper_bound(all.begin(), all.end(), address,
                         [](std::uintptr_t value, const region* r) { return value < r->begin; });
    if (behind == all.begin()) return nullptr;
    const region* const found = *(behind - 1);
    return address < found->end ? found : nullptr;
}

void add_region(std::unique_ptr<region> r) {
    auto* const next = new region_table(regions());
    const auto at = std::upper_bound(
        next->begin(), next->end(), r->begin,
        [](std::uintptr_t value, const region* other) { return value < other->begin; });
    next->insert(at, r.release());
    replace_table(next);
}

void remove_regions(const std::byte* block, const known_team* of) noexcept {
    auto* const next = new region_table(regions());
    std::erase_if(*next, [&](const region* r) {
        return (block != nullptr && r->block == block) || (of != nullptr && r->of == of);
    });
    replace_table(next);
}

known_team* find(const team_core& team) noexcept {
    for (const std::unique_ptr<known_team>& t : this_process().teams)
        if (t->team == &team) return t.get();
    return nullptr;
}

void hear(const clock_t* row) noexcept {
    process_state& p = this_process();
    for (std::size_t i = 0; i < p.heard.size(); ++i)
        if (i != static_cast<std::size_t>(p.self)) p.heard[i] = std::max(p.heard[i], row[i]);
}

void move_clock(because why) noexcept {
    process_state& p = this_process();
    const bool has_recorded = std::any_of(p.teams.begin(), p.teams.end(),
                                          [](const auto& t) { return t->book->has_recorded(); });
    if (has_recorded || why == because::told) ++p.heard[static_cast<std::size_t>(p.self)];
    for (const auto& t : p.teams) {
        t->book->clock_moved();
        t->book->remember(p.now(), p.heard.data());
    }
}

} // namespace nodespan::detail::race
