#include "by_hand.hpp"

#include <nodespan/queue.hpp>

namespace nodespan::bench {
namespace {

constexpr index_t no_more = -1;

// Rank 0 gives the commands 0 to count - 1, then tells each worker that there are no more.
class by_queue {
public:
    explicit by_queue(team& team) : team_(team), stream_(team, 256), joined_(team, 256) {}

    void stream(long count) {
        if (team_.rank() == 0) {
            for (long i = 0; i < count; ++i) stream_.put(i);
            tell_the_end(stream_);
        } else {
            while (*stream_.get() != no_more) continue;
        }
    }

    // Each is done before the next is given.
    void one_by_one(long count) {
        if (team_.rank() == 0) {
            for (long i = 0; i < count; ++i) {
                joined_.put(i);
                joined_.join();
            }
            tell_the_end(joined_);
        } else {
            for (bool done = false; !done; joined_.task_done()) done = *joined_.get() == no_more;
        }
    }

private:
    void tell_the_end(queue<index_t>& commands) {
        for (int worker = 1; worker < team_.size(); ++worker) commands.put(no_more);
    }

    team& team_;
    queue<index_t> stream_, joined_;
};

// The same in messages: workers get commands in turn, not when they are free, which would take
// another message each.
class by_messages {
public:
    explicit by_messages(team& team) : team_(team), comm_(team.comm()) {}

    void stream(long count) {
        if (team_.rank() == 0) {
            for (long i = 0; i < count; ++i) send(i, worker_of(i));
            tell_the_end();
        } else {
            while (receive() != no_more) continue;
        }
    }

    void one_by_one(long count) {
        if (team_.rank() == 0) {
            for (long i = 0; i < count; ++i) {
                send(i, worker_of(i));
                MPI_Recv(nullptr, 0, MPI_BYTE, worker_of(i), 1, comm_, MPI_STATUS_IGNORE);
            }
            tell_the_end();
        } else {
            while (receive() != no_more) MPI_Send(nullptr, 0, MPI_BYTE, 0, 1, comm_);
        }
    }

private:
    int worker_of(long i) const { return 1 + static_cast<int>(i % (team_.size() - 1)); }
    void tell_the_end() {
        for (int worker = 1; worker < team_.size(); ++worker) send(no_more, worker);
    }
    void send(index_t what, int worker) { MPI_Send(&what, 1, MPI_INT64_T, worker, 0, comm_); }
    index_t receive() {
        index_t what = 0;
        MPI_Recv(&what, 1, MPI_INT64_T, 0, 0, comm_, MPI_STATUS_IGNORE);
        return what;
    }

    team& team_;
    MPI_Comm comm_;
};

} // namespace

std::vector<measurement> measure_commands(team& team, int batches) {
    if (!require_node_peers(team, "commands")) return {};
    lines result(team, batches);
    by_queue ours(team);
    by_messages theirs(team);

    result.add(
        "queue, commands to workers", "a stream", "MPI_Send, MPI_Recv",
        [&](long count) { ours.stream(count); }, [&](long count) { theirs.stream(count); });
    result.add(
        "queue, a command and join", "one by one", "MPI_Send, MPI_Recv, answer",
        [&](long count) { ours.one_by_one(count); }, [&](long count) { theirs.one_by_one(count); });
    return result.take();
}

} // namespace nodespan::bench
