#include "gpu_registrations.hpp"

#include "nodespan/error.hpp"
#include "window_room.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace nodespan::detail {
namespace {

bool is_unmapped(int code) {
    return code == gpu_code::invalid_value || code == gpu_code::not_registered ||
           code == gpu_code::not_supported;
}

// What may stand against locking memory.
std::string limits_text() {
    const capacity locked = lockable_capacity();
    const capacity host = host_capacity();
    std::string result =
        locked.limit_bytes == std::numeric_limits<std::uint64_t>::max()
            ? "no limit of locked memory (ulimit -l)"
            : fmt::format("{} bytes left of {} that this process may lock (ulimit -l)",
                          locked.free_bytes, locked.limit_bytes);
    return result + fmt::format(", {} bytes free of the host's memory", host.free_bytes);
}

[[noreturn]] void refuse(const gpu_driver& driver, const char* call, int code, std::size_t bytes,
                         const std::string& operation) {
    const std::string words = driver.words_for(code);
    switch (code) {
    case gpu_code::out_of_memory:
    case gpu_code::operating_system:
        throw error(errc::no_capacity,
                    fmt::format("{}: {}: {}: the driver could not lock {} bytes; {}; raise that "
                                "limit (ulimit -l unlimited), or pin the part that this rank "
                                "copies: pin(array, array.local())",
                                operation, call, words, bytes, limits_text()));
    case gpu_code::already_registered:
        throw error(errc::invalid_argument,
                    fmt::format("{}: {}: {}: the program or its MPI library has registered a part "
                                "of this memory itself; leave that to pin",
                                operation, call, words));
    case gpu_code::not_supported:
    case gpu_code::not_permitted:
        throw error(errc::unsupported,
                    fmt::format("{}: {}: {}: this GPU takes no memory of the program's; go on "
                                "without pin",
                                operation, call, words));
    default:
        throw error(errc::device, fmt::format("{}: {}: {}", operation, call, words));
    }
}

} // namespace

gpu_registrations& gpu_registrations::of_process() {
    static auto* const all = new gpu_registrations; // on purpose: see the header
    return *all;
}

// The first piece that ends behind `begin`.
gpu_registrations::pieces::iterator gpu_registrations::first_in(std::byte* begin) {
    auto at = pieces_.upper_bound(begin);
    if (at != pieces_.begin() && std::prev(at)->second.end > begin) --at;
    return at;
}

std::byte* gpu_registrations::hold(const gpu_driver& driver, std::byte* begin, std::size_t bytes,
                                   const std::string& operation) {
    const std::scoped_lock lock(one_at_a_time_);
    const int device = driver.current_device(operation);
    std::byte* const end = begin + bytes;
    renew_what_ended(driver, begin, end, operation);
    std::byte* result = nullptr;
    try {
        std::byte* done = begin;
        for (auto at = first_in(begin); done < end; ++at) {
            const bool is_there = at != pieces_.end() && at->first < end;
            std::byte* const gap_end = is_there ? std::max(at->first, done) : end;
            if (gap_end > done) add_piece(driver, done, gap_end, device, operation);
            done = is_there ? at->second.end : end;
            if (!is_there) break;
        }
        result = address_of(driver, begin, end);
    } catch (...) {
        drop_unheld(driver, begin, end);
        throw;
    }
    for (auto at = first_in(begin); at != pieces_.end() && at->first < end; ++at)
        ++at->second.holders;
    return result;
}

// A context that has ended took what it had registered with it: that is registered anew, for those
// who hold it still as well.
void gpu_registrations::renew_what_ended(const gpu_driver& driver, std::byte* begin, std::byte* end,
                                         const std::string& operation) {
    for (auto at = first_in(begin); at != pieces_.end() && at->first < end; ++at) {
        std::byte* address = nullptr;
        if (!at->second.is_mapped || !is_unmapped(driver.device_address(at->first, address)))
            continue;
        const auto bytes = static_cast<std::size_t>(at->second.end - at->first);
        const int code = driver.register_memory(at->first, bytes);
        if (code != gpu_code::success && code != gpu_code::already_registered)
            refuse(driver, driver.name_of_register(), code, bytes, operation);
        at->second.device = driver.current_device(operation);
    }
}

void gpu_registrations::add_piece(const gpu_driver& driver, std::byte* begin, std::byte* end,
                                  int device, const std::string& operation) {
    const auto bytes = static_cast<std::size_t>(end - begin);
    const auto added = pieces_.emplace(begin, piece{end, device}).first; // before: it may throw
    int code = driver.register_memory(begin, bytes);
    if (code != gpu_code::success) {
        pieces_.erase(added);
        refuse(driver, driver.name_of_register(), code, bytes, operation);
    }
    std::byte* address = nullptr;
    code = driver.device_address(begin, address);
    if (code != gpu_code::success && !is_unmapped(code))
        refuse(driver, driver.name_of_device_address(), code, bytes, operation);
    added->second.is_mapped = code == gpu_code::success;
}

void gpu_registrations::drop_unheld(const gpu_driver& driver, std::byte* begin,
                                    std::byte* end) noexcept {
    for (auto at = first_in(begin); at != pieces_.end() && at->first < end;) {
        if (at->second.holders > 0) {
            ++at;
            continue;
        }
        driver.unregister_memory(at->first, at->second.device); // nobody is left to tell
        at = pieces_.erase(at);
    }
}

// Pieces lie one after the other for a device too where it has the program's addresses; else it has
// no address for all of them.
std::byte* gpu_registrations::address_of(const gpu_driver& driver, std::byte* begin,
                                         std::byte* end) {
    std::byte* result = nullptr;
    for (auto at = first_in(begin); at != pieces_.end() && at->first < end; ++at) {
        std::byte* address = nullptr;
        if (!at->second.is_mapped || driver.device_address(at->first, address) != gpu_code::success)
            return nullptr;
        std::byte* const of_begin = address + (begin - at->first);
        if (result != nullptr && of_begin != result) return nullptr;
        result = of_begin;
    }
    return result;
}

void gpu_registrations::release(const gpu_driver& driver, std::byte* begin,
                                std::size_t bytes) noexcept {
    const std::scoped_lock lock(one_at_a_time_);
    std::byte* const end = begin + bytes;
    for (auto at = first_in(begin); at != pieces_.end() && at->first < end; ++at)
        --at->second.holders;
    drop_unheld(driver, begin, end);
}

} // namespace nodespan::detail
