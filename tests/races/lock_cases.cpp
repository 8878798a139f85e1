// Locks, alone and shared, of the own node and of others.

#include "race_case.hpp"

#include <mutex>
#include <shared_mutex>

namespace races {
namespace {

array<double, 1> table(team& t) {
    return {t, {16 * t.size()}, {.name = "table"}};
}

void one_side_without_lock(team& t, bool is_racy) {
    auto x = table(t);
    be_late(t);
    for (int i = 0; i < 5 && (is_first(t) || is_second(t)); ++i) {
        if (is_racy && is_second(t)) {
            x.node()(0) += 1;
            continue;
        }
        const std::scoped_lock lock(x.mutex(t.node()));
        x.node()(0) += 1;
    }
    x.fence();
}

void all_ranks_in_turn(team& t, bool is_racy) {
    auto x = table(t);
    be_late(t);
    for (int i = 0; i < 20; ++i) {
        if (is_racy && is_first(t)) {
            x.node()(0) += 1;
            continue;
        }
        const std::scoped_lock lock(x.mutex(t.node()));
        x.node()(0) += 1;
    }
    x.fence();
}

void two_locks_for_one_thing(team& t, bool is_racy) {
    auto x = table(t), y = table(t);
    be_late(t);
    if (is_first(t) || is_second(t)) {
        const std::scoped_lock lock((is_racy && is_first(t) ? y : x).mutex(t.node()));
        x.node()(2) += 1;
    }
    t.fence();
}

void both_locks_at_once(team& t, bool is_racy) {
    auto x = table(t), y = table(t), z = table(t);
    be_late(t);
    if (is_first(t)) {
        const std::scoped_lock lock(x.mutex(t.node()), y.mutex(t.node()));
        x.node()(2) += 1;
        y.node()(2) += 1;
    }
    if (is_second(t)) {
        const std::scoped_lock lock((is_racy ? z : x).mutex(t.node()));
        x.node()(2) += 1;
    }
    t.fence();
}

void write_under_a_shared_lock(team& t, bool is_racy) {
    auto x = table(t);
    be_late(t);
    for (int i = 0; i < 3; ++i) {
        if (is_first(t) && !is_racy) {
            const std::unique_lock lock(x.mutex(t.node()));
            x.node()(1) += 1;
        } else if (is_first(t)) {
            const std::shared_lock lock(x.mutex(t.node()));
            x.node()(1) += 1;
        } else if (is_second(t)) {
            const std::shared_lock lock(x.mutex(t.node()));
            use(x.node()(1));
        }
    }
    x.fence();
}

void many_readers_and_a_writer(team& t, bool is_racy) {
    auto x = table(t);
    be_late(t);
    for (int i = 0; i < 5; ++i) {
        if (is_first(t) && i == 2) {
            if (is_racy) {
                x.node()(1) = 1;
            } else {
                const std::unique_lock lock(x.mutex(t.node()));
                x.node()(1) = 1;
            }
        }
        const std::shared_lock lock(x.mutex(t.node()));
        use(x.node()(1));
    }
    x.fence();
}

void by_try_lock(team& t, bool is_racy) {
    auto x = table(t);
    be_late(t);
    if (is_first(t) || is_second(t)) {
        nodespan::mutex& lock = x.mutex(t.node());
        while (!lock.try_lock()) t.progress();
        x.node()(1) += 1;
        lock.unlock();
        if (is_racy) x.node()(1) += 1;
    }
    x.fence();
}

void by_try_lock_shared(team& t, bool is_racy) {
    auto x = table(t);
    be_late(t);
    nodespan::mutex& lock = x.mutex(t.node());
    if (is_first(t)) {
        const std::scoped_lock alone(lock);
        x.node()(1) += 1;
    }
    if (is_second(t)) {
        while (!is_racy && !lock.try_lock_shared()) t.progress();
        use(x.node()(1));
        if (!is_racy) lock.unlock_shared();
    }
    x.fence();
}

void lock_is_no_fence(team& t, bool is_racy) {
    auto x = table(t);
    be_late(t);
    if (is_first(t)) {
        const std::scoped_lock lock(x.mutex(t.node()));
        x.node()(1) = 1;
    }
    if (!is_racy) x.fence();
    if (is_second(t)) use(x.node()(1));
    x.fence();
}

// The same lock on all ranks, whichever node they are of.
void transfers_under_a_lock(team& t, bool is_racy) {
    auto x = table(t);
    be_late(t);
    const int holder = x.owner_node({0});
    for (int i = 0; i < 3; ++i) {
        if (is_racy && t.rank() == 0) {
            x.put({0}, x.get({0}) + 1);
            continue;
        }
        const std::scoped_lock lock(x.mutex(holder));
        x.put({0}, x.get({0}) + 1);
    }
    x.fence();
}

void owner_and_guests_under_a_lock(team& t, bool is_racy) {
    auto x = table(t);
    be_late(t);
    const int holder = x.owner_node({0});
    for (int i = 0; i < 3; ++i) {
        if (t.rank() == 0) {
            const std::scoped_lock lock(x.mutex(holder));
            x(0) += 1;
        }
        if (t.rank() == far_rank(t)) {
            std::unique_lock lock(x.mutex(holder), std::defer_lock);
            if (!is_racy) lock.lock();
            x.put({0}, x.get({0}) + 1);
        }
    }
    x.fence();
}

// What is written under a lock may be used by the next holder after it has left.
void handed_on_by_a_lock(team& t, bool is_racy) {
    auto x = table(t);
    be_late(t);
    const int holder = x.owner_node({0});
    if (t.rank() == 0) {
        if (!is_racy) x(1) = 42;
        {
            const std::scoped_lock lock(x.mutex(holder));
            x(0) = 1;
        }
        if (is_racy) x(1) = 42;
    }
    if (t.rank() == far_rank(t)) {
        double is_there = 0;
        while (is_there == 0) {
            const std::scoped_lock lock(x.mutex(holder));
            is_there = x.get({0});
        }
        use(x.get({1}));
    }
    x.fence();
}

void many_epochs_under_locks(team& t, bool is_racy) {
    auto x = table(t);
    for (int step = 0; step < 50; ++step) {
        for (int i = 0; i < 4; ++i) {
            const std::scoped_lock lock(x.mutex(t.node()));
            x.node()(i % 3) += 1;
        }
        x.fence();
        use(x.node()(0));
        if (!is_racy || step != 40) x.fence();
    }
    x.fence();
}

} // namespace

std::vector<race_case> lock_cases() {
    return {{"one_side_without_lock", needs::peers, one_side_without_lock},
            {"all_ranks_in_turn", needs::peers, all_ranks_in_turn},
            {"two_locks_for_one_thing", needs::peers, two_locks_for_one_thing},
            {"both_locks_at_once", needs::peers, both_locks_at_once},
            {"write_under_a_shared_lock", needs::peers, write_under_a_shared_lock},
            {"many_readers_and_a_writer", needs::peers, many_readers_and_a_writer},
            {"by_try_lock", needs::peers, by_try_lock},
            {"by_try_lock_shared", needs::peers, by_try_lock_shared},
            {"lock_is_no_fence", needs::peers, lock_is_no_fence},
            {"transfers_under_a_lock", needs::ranks, transfers_under_a_lock},
            {"owner_and_guests_under_a_lock", needs::ranks, owner_and_guests_under_a_lock},
            {"handed_on_by_a_lock", needs::ranks, handed_on_by_a_lock},
            {"many_epochs_under_locks", needs::peers, many_epochs_under_locks}};
}

} // namespace races
