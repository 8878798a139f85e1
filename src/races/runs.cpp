#include "runs.hpp"

#include <algorithm>
#include <cstdlib>
#include <pthread.h>

namespace nodespan::detail::race {

thread_buffer nobodys_buffer;
__thread thread_buffer* buffer_of_thread = &nobodys_buffer;
__thread spin_lock* lock_of_runs = &nobodys_buffer.lock;

namespace {

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

void settle(thread_buffer& b, run& r) noexcept {
    if (r.is_empty()) return;
    const std::uintptr_t next = r.next;
    strided_rows all{r.begin, r.stride, static_cast<std::ptrdiff_t>(next - r.begin), 0, 1, r.bytes};
    const deed how{r.where, static_cast<op>(r.what)};
    if (r.rows > 0 && all.length == r.length) {
        all.begin = r.first;
        all.step = r.step;
        all.rows = r.rows + std::size_t{1};
    } else if (r.rows > 0) {
        touch_rows(b.memory, {r.first, r.stride, r.length, r.step, r.rows, r.bytes}, how);
    }
    r.rows = 0;
    r.begin = next;
    if (all.length != 0) touch_rows(b.memory, all, how);
}

void settle(thread_buffer& b) noexcept {
    for (run* const r : b.used) settle(b, *r);
}

// Buffers outlive their threads, and serve others.
void leave_buffer(void* memory) {
    auto* const b = static_cast<thread_buffer*>(memory);
    {
        const busy working(*b);
        settle(*b);
        for (run* const r : b->used) *r = {}; // some go with the thread
        b->used.clear();
    }
    buffer_of_thread = &nobodys_buffer;
    lock_of_runs = &nobodys_buffer.lock;
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
    lock_of_runs = &mine->lock;
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

void begin_run(run& r, op what, std::uintptr_t at, std::uint32_t bytes,
               std::uintptr_t where) noexcept {
    thread_buffer& mine = own_buffer();
    const busy working(mine);
    if (r.where == where && continues(r, at)) return;
    settle(mine, r);
    if (r.where == 0) mine.used.push_back(&r);
    r.where = where;
    r.what = static_cast<std::uint16_t>(what);
    r.bytes = bytes;
    r.start(at);
}

void begin_run(op what, std::uintptr_t at, std::uint32_t bytes, std::uintptr_t where) noexcept {
    thread_buffer& mine = own_buffer();
    run* const runs = what == op::read ? mine.reads : mine.writes;
    std::size_t place = place_of(where);
    if (runs[place].where != where) {
        const std::size_t other = place ^ 1;
        if (runs[other].where == where || (runs[place].where != 0 && runs[other].where == 0))
            place = other;
    }
    begin_run(runs[place], what, at, bytes, where);
}

} // namespace nodespan::detail::race
