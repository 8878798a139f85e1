#include "runs.hpp"

#include <algorithm>
#include <cstdlib>
#include <pthread.h>

namespace nodespan::detail::race {

thread_buffer nobodys_buffer;
__thread thread_buffer* buffer_of_thread = &nobodys_buffer;

namespace {

constexpr std::intptr_t longest_stride = 1 << 20;

// Looks at cells for a thread, whose copies meanwhile are the checker's own.
class busy {
public:
    explicit busy(thread_buffer& b) : buffer_(b) {
        buffer_.lock.lock();
        ++buffer_.inside;
    }
    ~busy() {
        --buffer_.inside;
        buffer_.lock.unlock();
    }
    busy(const busy&) = delete;            // for one scope
    busy& operator=(const busy&) = delete; // for one scope

private:
    thread_buffer& buffer_;
};

void settle(thread_buffer& b, run& r, op what) noexcept {
    const std::uintptr_t begin = r.begin, next = r.next;
    if (begin == next) return;
    r.begin = next;
    const deed how{r.where, what};
    if (r.stride == static_cast<std::int32_t>(r.bytes))
        touch(b.memory, begin, next, how);
    else
        touch_strided(
            b.memory, begin, r.stride,
            static_cast<std::size_t>((static_cast<std::intptr_t>(next - begin)) / r.stride),
            r.bytes, how);
}

void settle(thread_buffer& b) noexcept {
    for (const std::uint16_t i : b.used_reads) settle(b, b.reads[i], op::read);
    for (const std::uint16_t i : b.used_writes) settle(b, b.writes[i], op::write);
}

// Buffers outlive their threads, and serve others.
void leave_buffer(void* memory) {
    auto* const b = static_cast<thread_buffer*>(memory);
    {
        const busy working(*b);
        settle(*b);
    }
    buffer_of_thread = &nobodys_buffer;
    const std::scoped_lock turn(this_process().books);
    b->is_free = true;
}

pthread_key_t key_of_buffers() {
    static const pthread_key_t key = [] {
        pthread_key_t made{};
        if (pthread_key_create(&made, leave_buffer) != 0) std::abort();
        return made;
    }();
    return key;
}

bool is_covered(const run& r, std::uintptr_t at, std::uint32_t bytes) {
    if (at == r.next - static_cast<std::uintptr_t>(static_cast<std::intptr_t>(r.stride)))
        return r.begin != r.next;
    return r.stride == static_cast<std::int32_t>(r.bytes) && at >= r.begin && at + bytes <= r.next;
}

} // namespace

thread_buffer& own_buffer() {
    if (buffer_of_thread != &nobodys_buffer) return *buffer_of_thread;
    process_state& p = this_process();
    thread_buffer* mine = nullptr;
    {
        const std::scoped_lock turn(p.books);
        const auto found = std::find_if(p.buffers.begin(), p.buffers.end(),
                                        [](const thread_buffer* b) { return b->is_free; });
        if (found != p.buffers.end()) {
            mine = *found;
            mine->is_free = false;
        } else {
            mine = new thread_buffer;
            p.buffers.push_back(mine);
        }
    }
    pthread_setspecific(key_of_buffers(), mine);
    return *(buffer_of_thread = mine);
}

void settle_all() noexcept {
    process_state& p = this_process();
    std::vector<thread_buffer*> all;
    {
        const std::scoped_lock turn(p.books);
        all = p.buffers;
    }
    const inside own_copies;
    for (thread_buffer* const b : all) {
        const busy working(*b);
        settle(*b);
    }
}

void touch_now(std::uintptr_t begin, std::size_t bytes, const deed& how) {
    thread_buffer& mine = own_buffer();
    const busy working(mine);
    touch(mine.memory, begin, begin + bytes, how);
}

// The second access of a run says how far it steps.
void begin_run(op what, std::uintptr_t at, std::uint32_t bytes, std::uintptr_t where) noexcept {
    thread_buffer& mine = own_buffer();
    run* const runs = what == op::read ? mine.reads : mine.writes;
    std::size_t place = place_of(where);
    if (runs[place].where != where) {
        const std::size_t other = place ^ 1;
        if (runs[other].where == where || (runs[place].where != 0 && runs[other].where == 0))
            place = other;
    }
    run& r = runs[place];
    if (r.where == where) {
        if (is_covered(r, at, bytes)) return;
        if (r.next == at) { // in its second place
            r.next = at + static_cast<std::uintptr_t>(static_cast<std::intptr_t>(r.stride));
            return;
        }
    }
    const busy working(mine);
    const auto step = static_cast<std::intptr_t>(at - r.begin);
    if (r.where == where && r.bytes == bytes && r.next == r.begin + bytes &&
        r.stride == static_cast<std::int32_t>(bytes) && std::abs(step) >= bytes &&
        std::abs(step) <= longest_stride) {
        r.stride = static_cast<std::int32_t>(step);
        r.next = at + static_cast<std::uintptr_t>(step);
    } else {
        settle(mine, r, what);
        if (r.where == 0) {
            auto& used = what == op::read ? mine.used_reads : mine.used_writes;
            used.push_back(static_cast<std::uint16_t>(place));
        }
        r = {where, at + bytes, at, static_cast<std::int32_t>(bytes), bytes};
    }
}

} // namespace nodespan::detail::race
