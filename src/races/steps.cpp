#include "steps.hpp"

// It is called while a program has values in vector registers, and compiled without these.

namespace nodespan::detail::race {
namespace {

constexpr std::ptrdiff_t longest_stride = 1 << 20, longest_step = std::ptrdiff_t{1} << 40;

bool is_between(std::ptrdiff_t value, std::ptrdiff_t least, std::ptrdiff_t most) {
    const std::ptrdiff_t size = value < 0 ? -value : value;
    return size >= least && size <= most;
}

// Among those of before.
bool is_covered(const run& r, std::uintptr_t at) {
    if (at == r.next - static_cast<std::uintptr_t>(static_cast<std::ptrdiff_t>(r.stride)))
        return r.begin != r.next;
    return r.stride == static_cast<std::int32_t>(r.bytes) && at >= r.begin &&
           at + r.bytes <= r.next;
}

} // namespace

bool continues(run& r, std::uintptr_t at) noexcept {
    const auto stride = static_cast<std::ptrdiff_t>(r.stride);
    if (at == r.next) {
        r.next += static_cast<std::uintptr_t>(stride);
        return true;
    }
    if (is_covered(r, at)) return true;
    if (r.is_empty()) {
        r.start(at);
        return true;
    }
    const auto step = static_cast<std::ptrdiff_t>(at - r.begin);
    const auto bytes = static_cast<std::ptrdiff_t>(r.bytes);
    if (r.rows == 0 && stride == bytes && r.next == r.begin + r.bytes &&
        is_between(step, bytes, longest_stride)) { // the second access says how far it steps
        r.stride = static_cast<std::int32_t>(step);
        r.next = at + static_cast<std::uintptr_t>(step);
        return true;
    }
    const auto length = static_cast<std::ptrdiff_t>(r.next - r.begin);
    if (r.rows == 0) {
        if (length == 0 || !is_between(step, 1, longest_step)) return false;
        r.first = r.begin;
        r.step = step;
        r.length = length;
    } else if (step != r.step || length != r.length) {
        return false;
    }
    ++r.rows;
    r.begin = at;
    r.next = at + static_cast<std::uintptr_t>(stride);
    return true;
}

} // namespace nodespan::detail::race

// Called by nodespan_race_mark. False: it was not all, or somebody else is looking at the runs.
extern "C" __attribute__((visibility("hidden"))) bool
nodespan_race_continues(nodespan::detail::race::run* r, std::uintptr_t at) {
    using namespace nodespan::detail::race;
    if (r->where == 0 || !lock_of_runs->try_lock()) return false;
    const bool was_all = continues(*r, at);
    lock_of_runs->unlock();
    return was_all;
}
