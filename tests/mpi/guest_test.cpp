// nodespan in the process of a host code: neither is in the other's way.

#include <nodespan/nodespan.hpp>

#include "mpi_cases.hpp"

#include <gtest/gtest.h>

#include <array>
#include <filesystem>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::test;

// What a library that is built on nodespan does for its host: keeps a team and a field of its own,
// and works on them step by step.
class solver {
public:
    explicit solver(MPI_Comm comm, int first)
        : ranks_(comm),
          field_(ranks_, {4 * ranks_.size() + 3}),
          first_(first) {
        fill(field_, first);
        field_.fence();
    }

    void step() {
        for (int& x : field_.local()) ++x;
        field_.fence();
        ++steps_;
        std::vector<int> all(static_cast<std::size_t>(field_.size()));
        field_.get({{0}, {field_.size()}}, all);
        for (const int x : all) EXPECT_EQ(x, first_ + steps_);
        { const std::scoped_lock lock(field_.mutex(ranks_.nodes() - 1)); }
        field_.fence(); // before the next step writes
    }

    void end_epoch() { field_.fence(); }

private:
    team ranks_;
    array<int, 1> field_;
    int first_;
    int steps_ = 0;
};

TEST(Guest, TeamsOnOverlappingCommunicatorsLiveSideBySide) {
    const scoped_comm reversed(0, -world_rank()), parity(world_rank() % 2, world_rank());
    const scoped_comm half(2 * world_rank() < world_size() ? 0 : 1, -world_rank());
    std::optional<solver> of_self, of_parity, of_half, of_world, of_reversed;

    // Only the ranks of one communicator need one order.
    const bool is_even = world_rank() % 2 == 0;
    if (is_even) of_self.emplace(MPI_COMM_SELF, 10);
    of_parity.emplace(parity.get(), 20);
    if (!is_even) of_self.emplace(MPI_COMM_SELF, 10);
    of_world.emplace(MPI_COMM_WORLD, 30);
    of_half.emplace(half.get(), 40);
    of_reversed.emplace(reversed.get(), 50);
    const std::array solvers{&of_self, &of_reversed, &of_half, &of_parity, &of_world};
    for (std::size_t i = 0; i < 4 * solvers.size(); ++i) {
        (*solvers[i * 2 % solvers.size()])->step();
        (*solvers[i % solvers.size()])->end_epoch();
    }
    of_world.reset();
    for (auto* s : solvers)
        if (*s) (*s)->step();
    for (auto* s : solvers) s->reset();
}

TEST(Guest, TwoLibrariesWorkBesideEachOther) {
    const environment first_library; // each starts MPI where nobody has: here the host has
    const environment second_library;
    EXPECT_FALSE(first_library.owns_mpi() || second_library.owns_mpi());
    solver first(MPI_COMM_WORLD, 1000), second(MPI_COMM_WORLD, 2000);

    for (int i = 0; i < 20; ++i) {
        first.step();
        second.step();
        if (i % 3 == 0) second.step();
    }
}

TEST(Guest, ReceivesOfAnythingGetNothingOfOurs) {
    const scoped_comm own(0, -world_rank());
    const std::array comms{MPI_COMM_WORLD, MPI_COMM_SELF, own.get()};
    std::array<int, 3> received{-1, -1, -1};
    std::array<MPI_Request, 3> requests{};
    for (std::size_t i = 0; i < comms.size(); ++i)
        MPI_Irecv(&received[i], 1, MPI_INT, MPI_ANY_SOURCE, MPI_ANY_TAG, comms[i], &requests[i]);

    for (const MPI_Comm comm : {comms[0], comms[2]}) {
        solver guest(comm, 7);
        for (int i = 0; i < 5; ++i) guest.step();
    }
    int arrived = 0;
    for (MPI_Request& request : requests) {
        int done = 0;
        MPI_Test(&request, &done, MPI_STATUS_IGNORE);
        arrived += done;
    }
    EXPECT_EQ(arrived, 0);
    MPI_Barrier(MPI_COMM_WORLD); // the host's own messages come only now
    for (const MPI_Comm comm : comms) {
        int rank = 0;
        MPI_Comm_rank(comm, &rank);
        MPI_Send(&rank, 1, MPI_INT, rank, 3, comm);
    }
    MPI_Waitall(3, requests.data(), MPI_STATUSES_IGNORE);

    EXPECT_EQ(received[0], world_rank());
    EXPECT_EQ(received[1], 0);
    EXPECT_EQ(received[2], world_size() - 1 - world_rank());
}

TEST(Guest, CollectivesOfTheHostStayUnderWayWhileWeFence) {
    solver guest(MPI_COMM_WORLD, 5);
    const int last = world_size() - 1;
    int mine = world_rank(), sum = -1, is_done = 0;
    MPI_Request request = MPI_REQUEST_NULL;

    if (world_rank() != last)
        MPI_Iallreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &request);
    for (int i = 0; i < 5; ++i) guest.step();
    if (world_rank() != last) {
        MPI_Test(&request, &is_done, MPI_STATUS_IGNORE);
        EXPECT_EQ(is_done, 0);
    }
    guest.end_epoch(); // the last rank begins only now
    if (world_rank() == last)
        MPI_Iallreduce(&mine, &sum, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD, &request);
    for (int i = 0; i < 5; ++i) guest.step();
    MPI_Wait(&request, MPI_STATUS_IGNORE);

    EXPECT_EQ(sum, last * world_size() / 2);
}

TEST(Guest, WindowsOfTheHostAreOpenWhileWeWork) {
    if (world_size() == 1) GTEST_SKIP() << "MPI_Win_create fails on one rank of Open MPI 4.1";
    std::vector<int> exposed(static_cast<std::size_t>(world_size()), -1);
    const int mine = world_rank(), next = (world_rank() + 1) % world_size();
    MPI_Win window = MPI_WIN_NULL;
    MPI_Win_create(exposed.data(), static_cast<MPI_Aint>(exposed.size() * sizeof(int)), sizeof(int),
                   MPI_INFO_NULL, MPI_COMM_WORLD, &window);
    solver guest(MPI_COMM_WORLD, 5);

    MPI_Win_fence(0, window);
    MPI_Put(&mine, 1, MPI_INT, next, mine, 1, MPI_INT, window);
    for (int i = 0; i < 5; ++i) guest.step();
    MPI_Win_fence(0, window);

    for (int rank = 0; rank < world_size(); ++rank)
        EXPECT_EQ(exposed[static_cast<std::size_t>(rank)],
                  (rank + 1) % world_size() == world_rank() ? rank : -1);
    MPI_Win_free(&window);
}

int errors_of_host = 0;
void on_comm_error(MPI_Comm*, int*, ...) {
    ++errors_of_host;
}
void on_window_error(MPI_Win*, int*, ...) {
    ++errors_of_host;
}
void on_file_error(MPI_File*, int*, ...) {
    ++errors_of_host;
}

// The error handlers of a host, put there when this is made.
class handlers_of_host {
public:
    handlers_of_host() {
        MPI_Comm_create_errhandler(on_comm_error, &of_comms_);
        MPI_Win_create_errhandler(on_window_error, &of_windows_);
        MPI_File_create_errhandler(on_file_error, &of_files_);
        MPI_Comm_dup(MPI_COMM_WORLD, &comm_);
        void* base = nullptr;
        MPI_Win_allocate_shared(64, 1, MPI_INFO_NULL, MPI_COMM_SELF, &base, &window_);
        for (const MPI_Comm comm : {MPI_COMM_WORLD, MPI_COMM_SELF, comm_})
            MPI_Comm_set_errhandler(comm, of_comms_);
        MPI_Win_set_errhandler(window_, of_windows_);
        MPI_File_set_errhandler(MPI_FILE_NULL, of_files_); // of files opened from now on
    }

    ~handlers_of_host() {
        for (const MPI_Comm comm : {MPI_COMM_WORLD, MPI_COMM_SELF})
            MPI_Comm_set_errhandler(comm, MPI_ERRORS_ARE_FATAL);
        MPI_File_set_errhandler(MPI_FILE_NULL, MPI_ERRORS_RETURN);
        MPI_Win_free(&window_);
        MPI_Comm_free(&comm_);
        for (MPI_Errhandler* handler : {&of_comms_, &of_windows_, &of_files_})
            MPI_Errhandler_free(handler);
    }

    handlers_of_host(const handlers_of_host&) = delete;
    handlers_of_host& operator=(const handlers_of_host&) = delete;

    MPI_Comm comm() const { return comm_; }

    bool are_there() const {
        bool good = true;
        MPI_Errhandler now = MPI_ERRHANDLER_NULL;
        const auto compare = [&](MPI_Errhandler wanted) {
            good = good && now == wanted;
            MPI_Errhandler_free(&now);
        };
        for (const MPI_Comm comm : {MPI_COMM_WORLD, MPI_COMM_SELF, comm_}) {
            MPI_Comm_get_errhandler(comm, &now);
            compare(of_comms_);
        }
        MPI_Win_get_errhandler(window_, &now);
        compare(of_windows_);
        MPI_File_get_errhandler(MPI_FILE_NULL, &now);
        compare(of_files_);
        return good;
    }

private:
    MPI_Comm comm_ = MPI_COMM_NULL;
    MPI_Win window_ = MPI_WIN_NULL;
    MPI_Errhandler of_comms_{}, of_windows_{}, of_files_{};
};

TEST(Guest, LeavesTheErrorHandlersOfTheHost) {
    const handlers_of_host host;
    {
        team everyone(host.comm());
        array<double, 2> field(everyone, {20, 3});
        const auto refused = caught([&] { load_raw(field, "no/such/file"); });
        EXPECT_EQ(refused.code, errc::io);
        EXPECT_TRUE(host.are_there());
    }
    solver guest(MPI_COMM_WORLD, 5);
    guest.step();

    EXPECT_TRUE(host.are_there());
    EXPECT_EQ(errors_of_host, 0);
}

} // namespace
