#include "ended_cases.hpp"

#include <nodespan/nodespan.hpp>

#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using namespace nodespan;

// One of each thing that a team has, and one call of each kind of them all.
struct everything {
    team everyone{MPI_COMM_WORLD};
    team here = everyone.split(everyone.node());
    array<double, 1> field{everyone, {8 * everyone.size()}};
    array<double, 1> same{everyone, {8 * everyone.size()}};
    array<double, 2, column_major> columns{everyone, {4, 3 * everyone.size()}};
    array<double, 2> ghosted{everyone, {6 * everyone.size(), 4}, {.ghosts = {.width = {1, 0}}}};
    array<int, 1> numbers{everyone, {everyone.size()}};
    replicated<double, 1> table{everyone, {10}};
    counter tickets{everyone};
    queue<int> commands{here, 4};
    std::optional<ring<double>> frames;
    std::optional<ring<double>::slot> slot;
    request nothing_open =
        field.get_async({{field.rank_box().lo[0]}, {field.rank_box().lo[0]}}, std::span<double>());
    std::vector<double> room = std::vector<double>(8);
    std::vector<indices<1>> places{{0}, {8 * everyone.size() - 1}};
    std::vector<double> two{1, 2};

    everything() {
        if (here.size() > 1) frames.emplace(here, 16);
        if (frames && frames->is_producer()) slot.emplace(frames->reserve());
        numbers.mutex(everyone.node()).lock_shared();
        numbers.mutex(everyone.node()).unlock_shared();
        everyone.fence();
    }

    using calls = std::vector<std::pair<const char*, std::function<void()>>>;

    calls of_transfers() {
        const index_t last = field.size() - 1;
        const index_t mine = field.rank_box().lo[0];
        return {
            {"get", [this, last] { static_cast<void>(field.get({last})); }},
            {"get of one's own", [this, mine] { static_cast<void>(field.get({mine})); }},
            {"put", [this, last] { field.put({last}, 1); }},
            {"put of one's own", [this, mine] { field.put({mine}, 1); }},
            {"get of a box",
             [this] {
                 field.get({{0}, {8}}, room);
             }},
            {"get of one's own box", [this] { field.get(field.rank_box(), room); }},
            {"put of a box",
             [this] {
                 field.put({{0}, {8}}, room);
             }},
            {"put of one's own box", [this] { field.put(field.rank_box(), room); }},
            {"get_async",
             [this] {
                 static_cast<void>(field.get_async({{0}, {8}}, room));
             }},
            {"put_async",
             [this] {
                 static_cast<void>(field.put_async({{0}, {8}}, room));
             }},
            {"accumulate",
             [this] {
                 field.accumulate({{0}, {8}}, room);
             }},
            {"gather", [this] { field.gather(places, std::span<double>(two)); }},
            {"scatter", [this] { field.scatter(places, std::span<const double>(two)); }},
            {"scatter_add", [this] { field.scatter_add(places, std::span<const double>(two)); }},
            {"fetch_add", [this] { numbers.fetch_add({0}, 1); }},
            {"compare_exchange",
             [this] {
                 int expected = 0;
                 numbers.compare_exchange({0}, expected, 1);
             }},
            {"get by columns",
             [this] {
                 static_cast<void>(columns.get({0, 0}));
             }},
            {"put by columns",
             [this] {
                 columns.put({0, 0}, 1);
             }},
            {"request::wait", [this] { nothing_open.wait(); }},
            {"request::test", [this] { nothing_open.test(); }},
        };
    }

    calls of_meetings() {
        return {
            {"team::fence", [this] { everyone.fence(); }},
            {"team::node_fence", [this] { everyone.node_fence(); }},
            {"team::split", [this] { static_cast<void>(everyone.split(0)); }},
            {"team::comm_rank", [this] { static_cast<void>(everyone.comm_rank(0)); }},
            {"team", [] { team late(MPI_COMM_WORLD); }},
            {"array", [this] { array<int, 1> late(everyone, {10}); }},
            {"fence", [this] { field.fence(); }},
            {"node_fence", [this] { field.node_fence(); }},
            {"exchange_ghosts", [this] { ghosted.exchange_ghosts(); }},
            {"start_exchange_ghosts", [this] { ghosted.start_exchange_ghosts(); }},
            {"exchange of no ghosts", [this] { field.exchange_ghosts(); }},
            {"replicated::load", [this] { table.load(room); }},
            {"replicated::publish", [this] { table.publish(); }},
            {"all_reduce", [this] { static_cast<void>(all_reduce(everyone, 1)); }},
            {"reduce", [this] { reduce(everyone, room); }},
            {"broadcast", [this] { broadcast(everyone, room); }},
            {"fill", [this] { fill(field, 1); }},
            {"for_each", [this] { for_each(field, [](double& x) { x = 1; }); }},
            {"transform", [this] { transform(field, field, [](double x) { return x; }); }},
            {"copy", [this] { copy(field, same); }},
            {"to_vector", [this] { static_cast<void>(to_vector(field)); }},
            {"sum", [this] { static_cast<void>(sum(field)); }},
            {"min", [this] { static_cast<void>(min(field)); }},
            {"max", [this] { static_cast<void>(max(field)); }},
            {"dot", [this] { static_cast<void>(dot(field, field)); }},
            {"reduce of an array",
             [this] { static_cast<void>(reduce(field, std::plus<>(), 0.0)); }},
            {"mean", [this] { mean(ghosted, 0, std::span<double>(room).first(4)); }},
            {"work_share",
             [this] {
                 work_share(everyone, {{0}, {10}}, 1, [](index_t) {});
             }},
            {"zeros_like", [this] { static_cast<void>(zeros_like(field)); }},
            {"array_from_root",
             [this] {
                 static_cast<void>(array_from_root(everyone, std::as_const(field).local()));
             }},
            {"save_npy", [this] { save_npy(field, "never.npy"); }},
            {"load_npy", [this] { load_npy(field, "never.npy"); }},
            {"save_raw", [this] { save_raw(field, "never.raw"); }},
            {"load_raw", [this] { load_raw(field, "never.raw"); }},
            {"save_csv", [this] { save_csv(ghosted, "never.csv"); }},
            {"load_csv", [this] { load_csv(ghosted, "never.csv"); }},
            {"collect_machine_info", [this] { static_cast<void>(collect_machine_info(everyone)); }},
        };
    }

    calls of_locks_and_streams() {
        calls result{
            {"counter::next", [this] { tickets.next(); }},
            {"counter::take", [this] { tickets.take(); }},
            {"counter::reset", [this] { tickets.reset(); }},
            {"queue::put", [this] { commands.put(1); }},
            {"queue::try_put", [this] { commands.try_put(1); }},
            {"queue::get", [this] { commands.get(); }},
            {"queue::try_get", [this] { commands.try_get(); }},
            {"queue::task_done", [this] { commands.task_done(); }},
            {"queue::join", [this] { commands.join(); }},
        };
        for (int node = 0; node < everyone.nodes(); ++node) {
            nodespan::mutex& lock = numbers.mutex(node);
            result.emplace_back("lock", [&lock] { lock.lock(); });
            result.emplace_back("try_lock", [&lock] { lock.try_lock(); });
            result.emplace_back("lock_shared", [&lock] { lock.lock_shared(); });
            result.emplace_back("try_lock_shared", [&lock] { lock.try_lock_shared(); });
        }
        if (slot) {
            result.emplace_back("ring::reserve", [this] { frames->reserve(); });
            result.emplace_back("slot::publish", [this] { slot->publish(); });
            result.emplace_back("ring::close", [this] { frames->close(); });
        } else if (frames) {
            result.emplace_back("ring::next", [this] { frames->next(); });
        }
        return result;
    }

    calls all() {
        calls result = of_transfers();
        for (calls more : {of_meetings(), of_locks_and_streams()})
            result.insert(result.end(), more.begin(), more.end());
        return result;
    }

    // What never throws.
    void ask() {
        commands.close();
        static_cast<void>(commands.is_closed());
        if (!frames) return;
        static_cast<void>(frames->published() + frames->received() + frames->lost());
    }
};

// How many of the calls are refused so; -1 where one is not, which is named.
int refused(everything& all, errc with) {
    int count = 0;
    for (const auto& [name, call] : all.all()) {
        std::string what = "goes through";
        try {
            call();
        } catch (const error& failure) {
            if (failure.code() == with)
                what.clear();
            else
                what = failure.what();
        }
        if (!what.empty()) {
            std::printf("%s: %s\n", name, what.c_str());
            return -1;
        }
        ++count;
    }
    all.ask();
    return count;
}

int say_what_is_refused(std::unique_ptr<everything> all, int rank) {
    const int count = refused(*all, errc::finalized);
    all.reset(); // all destructors return
    if (count < 0) return 1;
    std::printf("rank %d: %d calls are refused\n", rank, count);
    return 0;
}

} // namespace

int calls_after_environment(int argc, char** argv) {
    std::unique_ptr<everything> all;
    int rank = 0;
    {
        environment mpi(argc, argv);
        all = std::make_unique<everything>();
        rank = all->everyone.rank();
    }
    return say_what_is_refused(std::move(all), rank);
}

int calls_after_finalize(int argc, char** argv) {
    MPI_Init(&argc, &argv);
    auto all = std::make_unique<everything>();
    const int rank = all->everyone.rank();
    MPI_Finalize();
    return say_what_is_refused(std::move(all), rank);
}

// The fork of rank 0 looks at an element, is refused all else, and leaves the scope of everything
// while other ranks wait for its parent, which holds a lock. Nobody takes it for its parent.
int forks_and_leaves(int argc, char** argv) {
    environment mpi(argc, argv);
    pid_t child = -1;
    int rank = 0, count = 0;
    bool is_right = true;
    {
        everything all;
        rank = all.everyone.rank();
        std::unique_lock held(all.numbers.mutex(0), std::defer_lock);
        fill(all.field, 7);
        if (rank == 0) held.lock();
        all.everyone.fence();
        if (rank == 0) {
            child = fork();
            if (child == 0) {
                is_right = all.field(0) == 7;
                count = refused(all, errc::wrong_thread);
            } else {
                int status = 0;
                waitpid(child, &status, 0);
                is_right = WIFEXITED(status) && WEXITSTATUS(status) == 0;
                all.field(0) = 42;
            }
        }
        if (child != 0) {
            all.everyone.fence();
            is_right = is_right && all.field.get({0}) == 42;
            if (rank != 0) is_right = is_right && !all.numbers.mutex(0).try_lock();
            all.everyone.fence();
        }
    }
    if (child == 0) _exit(is_right && count > 0 ? 0 : 1);
    std::printf("rank %d: %s\n", rank, is_right ? "was not taken for its fork" : "is wrong");
    return is_right ? 0 : 1;
}

int ends_on_another_thread(int argc, char** argv) {
    environment mpi(argc, argv);
    int rank = 0;
    {
        auto everyone = std::make_unique<team>(MPI_COMM_WORLD);
        rank = everyone->rank();
        everyone->fence();
        if (rank == 1)
            std::thread([ended = std::move(everyone)]() mutable { ended.reset(); }).join();
    }
    std::printf("rank %d: past the team\n", rank);
    return 0;
}
