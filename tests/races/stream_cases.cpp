// Queues, rings, tables: they bring their own order.

#include "race_case.hpp"

#include <numeric>

namespace races {
namespace {

array<double, 1> store(team& t) {
    return {t, {64 * t.size()}, {.name = "store"}};
}

void handed_on_by_a_queue(team& t, bool is_racy) {
    auto x = store(t);
    nodespan::queue<index_t> todo(t, 4);
    auto v = x.node();
    be_late(t);
    if (is_first(t)) {
        for (index_t i = 0; i < 20; ++i) {
            if (!is_racy) v(i) = 1;
            todo.put(i);
            if (is_racy) v(i) = 1;
        }
        todo.close();
    } else {
        while (const auto i = todo.get()) use(v(*i));
    }
    x.fence();
}

void by_try_put_and_try_get(team& t, bool is_racy) {
    auto x = store(t);
    nodespan::queue<index_t> todo(t, 4);
    auto v = x.node();
    be_late(t);
    if (is_first(t)) {
        for (index_t i = 0; i < 20; ++i) {
            if (!is_racy) v(i) = 1;
            while (!todo.try_put(i)) t.progress();
            if (is_racy) v(i) = 1;
        }
        todo.close();
    } else {
        for (bool is_open = true; is_open;) {
            is_open = !todo.is_closed();
            while (const auto i = todo.try_get()) use(v(*i));
        }
    }
    x.fence();
}

void results_after_join(team& t, bool is_racy) {
    auto x = store(t);
    nodespan::queue<index_t> todo(t, 64);
    auto v = x.node();
    if (is_first(t))
        for (index_t i = 0; i < 30; ++i) todo.put(i);
    t.fence();
    be_late(t);
    if (is_first(t)) {
        if (!is_racy) todo.join();
        double sum = 0;
        for (index_t i = 0; i < 30; ++i) sum += v(i);
        use(sum);
        if (is_racy) todo.join();
    } else {
        while (const auto i = todo.try_get()) {
            v(*i) = 1;
            todo.task_done();
        }
    }
    x.fence();
}

void closed_after_the_last_write(team& t, bool is_racy) {
    auto x = store(t);
    nodespan::queue<index_t> todo(t, 4);
    be_late(t);
    if (is_first(t)) {
        if (!is_racy) x.node()(3) = 1;
        todo.close();
        if (is_racy) x.node()(3) = 1;
    } else {
        while (todo.get()) continue;
        use(x.node()(3));
    }
    x.fence();
}

void two_do_one_task(team& t, bool is_racy) {
    auto x = store(t);
    nodespan::queue<index_t> todo(t, 64);
    auto v = x.node();
    if (is_first(t))
        for (index_t i = 0; i < 30; ++i) todo.put(i);
    t.fence();
    be_late(t);
    while (const auto i = todo.try_get()) v(*i) = 1;
    if (is_racy) v(40) = 1;
    x.fence();
}

void frames_of_a_ring(team& t, bool is_racy) {
    nodespan::ring<double> frames(t, 8, {.slots = 3});
    be_late(t);
    if (frames.is_producer()) {
        for (int i = 0; i < 20; ++i) {
            auto slot = frames.reserve();
            const auto to = slot.elements();
            std::iota(to.begin(), to.end(), 0.0);
            slot.publish();
            if (is_racy && i == 5) to[3] = 0;
        }
        frames.close();
    } else {
        while (const auto frame = frames.next())
            for (const double value : frame->elements()) use(value);
    }
    t.fence();
}

void frame_used_too_long(team& t, bool is_racy) {
    nodespan::ring<double> frames(t, 8, {.slots = 1});
    be_late(t);
    if (frames.is_producer()) {
        for (int i = 0; i < 20; ++i) {
            auto slot = frames.reserve();
            for (double& value : slot.elements()) value = i;
            slot.publish();
        }
        frames.close();
    } else {
        std::span<const double> last;
        for (;;) {
            auto frame = frames.next();
            if (!frame) break;
            last = frame->elements();
            if (!is_racy) use(last[2]);
            frame.reset();
            if (is_racy) use(last[2]);
        }
    }
    t.fence();
}

void handed_on_by_a_ring(team& t, bool is_racy) {
    auto x = store(t);
    nodespan::ring<index_t> frames(t, 1, {.slots = 4, .delivery = nodespan::delivery::to_one});
    auto v = x.node();
    be_late(t);
    if (frames.is_producer()) {
        for (index_t i = 0; i < 20; ++i) {
            if (!is_racy) v(i) = 1;
            auto slot = frames.reserve();
            slot.elements()[0] = i;
            slot.publish();
            if (is_racy) v(i) = 1;
        }
        frames.close();
    } else {
        while (const auto frame = frames.next()) use(v(frame->elements()[0]));
    }
    t.fence();
}

void newest_frame_only(team& t, bool is_racy) {
    nodespan::ring<double> frames(t, 8,
                                  {.slots = 2, .when_full = nodespan::when_full::drop_oldest});
    be_late(t);
    if (frames.is_producer()) {
        std::span<double> kept;
        for (int i = 0; i < 50; ++i) {
            auto slot = frames.reserve();
            for (double& value : slot.elements()) value = i;
            kept = slot.elements();
            slot.publish();
        }
        if (is_racy) kept[1] = 7; // the newest one reaches somebody
        frames.close();
    } else {
        while (const auto frame = frames.next())
            for (const double value : frame->elements()) use(value);
    }
    t.fence();
}

void table_edited_by_two(team& t, bool is_racy) {
    nodespan::replicated<double, 1> table(t, {64});
    be_late(t);
    auto v = table.edit();
    if (is_first(t)) v(5) = 1;
    if (is_second(t)) v(is_racy ? 5 : 6) = 2;
    t.fence();
}

void table_read_too_early(team& t, bool is_racy) {
    nodespan::replicated<double, 1> table(t, {64});
    be_late(t);
    if (is_first(t))
        for (index_t i = 0; i < 64; ++i) table.edit()(i) = 1;
    if (!is_racy) table.publish();
    use(table.node()(60));
    t.fence();
}

void table_loaded_and_edited(team& t, bool is_racy) {
    nodespan::replicated<double, 1> table(t, {64});
    const std::vector<double> from(t.rank() == 0 ? 64 : 0, 1.0);
    table.load(from);
    be_late(t);
    for (index_t i = 0; i < 64; ++i) use(table.node()(i));
    if (!is_racy) t.fence();
    if (is_first(t)) table.edit()(7) = 2;
    t.fence();
}

void table_published_again(team& t, bool is_racy) {
    nodespan::replicated<double, 1> table(t, {64});
    for (int step = 0; step < 3; ++step) {
        if (is_first(t)) table.edit()(7) = step;
        table.publish();
        be_late(t);
        use(table.node()(7));
        if (!is_racy) t.fence();
    }
    t.fence();
}

} // namespace

std::vector<race_case> stream_cases() {
    return {{"handed_on_by_a_queue", needs::one_node, handed_on_by_a_queue},
            {"by_try_put_and_try_get", needs::one_node, by_try_put_and_try_get},
            {"results_after_join", needs::one_node, results_after_join},
            {"closed_after_the_last_write", needs::one_node, closed_after_the_last_write},
            {"two_do_one_task", needs::one_node, two_do_one_task},
            {"frames_of_a_ring", needs::one_node, frames_of_a_ring},
            {"frame_used_too_long", needs::one_node, frame_used_too_long},
            {"handed_on_by_a_ring", needs::one_node, handed_on_by_a_ring},
            {"newest_frame_only", needs::one_node, newest_frame_only},
            {"table_edited_by_two", needs::peers, table_edited_by_two},
            {"table_read_too_early", needs::peers, table_read_too_early},
            {"table_loaded_and_edited", needs::peers, table_loaded_and_edited},
            {"table_published_again", needs::peers, table_published_again}};
}

} // namespace races
