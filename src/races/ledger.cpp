#include "ledger.hpp"

#include <algorithm>
#include <cstring>
#include <sched.h>

namespace nodespan::detail::race {
namespace {

std::size_t rounded(std::size_t bytes) {
    return (bytes + 127) / 128 * 128;
}

std::uint64_t next_edition() {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
}

std::size_t row_bytes(int processes) {
    return static_cast<std::size_t>(processes) * sizeof(clock_t);
}

} // namespace

void spin_lock::lock() noexcept {
    for (int tries = 0; !try_lock(); ++tries)
        while (word_.load(std::memory_order_relaxed) != 0)
            if (tries++ > 100) sched_yield();
}

std::size_t ledger::slot_bytes(int processes) {
    return rounded(most_records * sizeof(record) +
                   (2 + remembered) * (row_bytes(processes) + sizeof(std::uint64_t)));
}

std::size_t ledger::bytes(int ranks, int processes) {
    return rounded(sizeof(fixed_part)) + static_cast<std::size_t>(ranks) * slot_bytes(processes);
}

// The first number of a slot is never given, so that 0 names no record.
ledger::ledger(std::byte* memory, int slot, int ranks, int processes, int process)
    : memory_(memory),
      edition_(next_edition()),
      slot_(slot),
      ranks_(ranks),
      processes_(processes),
      slot_begin_(rounded(sizeof(fixed_part))),
      slot_bytes_(slot_bytes(processes)),
      first_now_((static_cast<record_id>(slot) << slot_shift) + 1),
      next_(first_now_),
      end_((static_cast<record_id>(slot) << slot_shift) + most_records) {
    fixed().processes[slot] = process;
}

record_id ledger::add(const record& r) noexcept {
    if (next_ == end_) return 0;
    records_of(slot_)[next_ & number_mask] = r;
    return next_++;
}

std::vector<record_id> ledger::members(record_id id) const {
    std::vector<record_id> result;
    for_each_member(id, [&](record_id one) { result.push_back(one); });
    return result;
}

record_id ledger::set_of(const std::vector<record_id>& ids) noexcept {
    if (ids.size() == 1) return ids[0];
    std::uint64_t hash = 1469598103934665603U;
    for (const record_id id : ids) hash = (hash ^ id) * 1099511628211U;
    fixed_part& f = fixed();
    f.sets.lock();
    record_id result = 0;
    for (std::size_t at = hash % index_words, tries = 0; tries < 64;
         at = (at + 1) % index_words, ++tries) {
        const std::uint32_t place = f.index[at];
        if (place == 0) {
            if (f.pool_used + ids.size() + 2 > pool_words) break;
            if (f.pool_used == 0) f.pool_used = 1;
            record_id* const begin = f.pool + f.pool_used;
            begin[0] = static_cast<record_id>(ids.size());
            std::copy(ids.begin(), ids.end(), begin + 1);
            f.index[at] = f.pool_used;
            result = is_set | f.pool_used;
            f.pool_used += static_cast<std::uint32_t>(ids.size()) + 1;
            break;
        }
        if (f.pool[place] == ids.size() && std::equal(ids.begin(), ids.end(), f.pool + place + 1)) {
            result = is_set | place;
            break;
        }
    }
    f.sets.unlock();
    return result;
}

clock_t* ledger::brought(int slot, unsigned turn) noexcept {
    return reinterpret_cast<clock_t*>(rows_of(slot) + turn % 2 * row_bytes(processes_));
}

// Rows of history stand behind the two that are brought; their times stand behind them all.
const clock_t* ledger::history(int slot, clock_t when) const noexcept {
    const std::byte* const rows = rows_of(slot) + 2 * row_bytes(processes_);
    const auto* const times =
        reinterpret_cast<const clock_t*>(rows + remembered * row_bytes(processes_));
    if (times[when % remembered] != when) return nullptr;
    return reinterpret_cast<const clock_t*>(rows + when % remembered * row_bytes(processes_));
}

void ledger::remember(clock_t when, const clock_t* clocks) noexcept {
    std::byte* const rows = rows_of(slot_) + 2 * row_bytes(processes_);
    std::memcpy(rows + when % remembered * row_bytes(processes_), clocks, row_bytes(processes_));
    reinterpret_cast<clock_t*>(rows + remembered * row_bytes(processes_))[when % remembered] = when;
}

void ledger::ask_to_clear(unsigned turn) noexcept {
    const std::uint32_t used = (next_ & number_mask);
    if (used > most_records / 4 * 3 || fixed().pool_used > pool_words / 4 * 3)
        fixed().wishes[turn % 2].store(1, std::memory_order_relaxed);
}

bool ledger::is_clearing_asked(unsigned turn) const noexcept {
    return fixed().wishes[turn % 2].load(std::memory_order_relaxed) != 0;
}

void ledger::cleared() noexcept {
    next_ = first_now_ = (static_cast<record_id>(slot_) << slot_shift) + 1;
    edition_ = next_edition();
}

void ledger::clear_sets() noexcept {
    fixed_part& f = fixed();
    f.pool_used = 0;
    std::memset(f.index, 0, sizeof f.index);
    f.wishes[0].store(0);
    f.wishes[1].store(0);
}

bool ledger::is_new_pair(std::uint64_t hash) noexcept {
    fixed_part& f = fixed();
    hash |= 1;
    for (std::size_t tries = 0; tries < pair_words; ++tries) {
        std::atomic<std::uint64_t>& known = f.known_pairs[(hash / 2 + tries) % pair_words];
        std::uint64_t nothing = 0;
        if (known.compare_exchange_strong(nothing, hash)) {
            f.pairs.fetch_add(1);
            return true;
        }
        if (nothing == hash) return false;
    }
    return false;
}

} // namespace nodespan::detail::race
