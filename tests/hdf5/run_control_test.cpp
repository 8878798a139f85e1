// Runs that write checkpoints, are stopped by a request to any rank, and go on elsewhere.

#include "hdf5_cases.hpp"

#include <nodespan/run_control.hpp>

#include <csignal>
#include <string>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::test;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> steps_in(const fs::path& folder) {
    std::vector<std::string> names;
    if (fs::exists(folder))
        for (const auto& entry : fs::directory_iterator(folder))
            names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

// A run of so many steps, each of which adds 1 to all elements.
struct counting {
    explicit counting(team& everyone) : counts(everyone, {23}) {}

    // The steps that it began with; `after` is called after each step, before the ranks agree.
    template <class After>
    index_t run(run_control& control, index_t steps, After&& after) {
        control.add("counts", counts);
        const index_t first = control.start(steps);
        for (index_t step = first; step < steps;) {
            for (double& x : counts.local().span()) x += 1;
            after(++step);
            if (control.stops_after(step)) return first;
        }
        return first;
    }
    index_t run(run_control& control, index_t steps) {
        return run(control, steps, [](index_t) {});
    }
    void expect_at(index_t step) {
        for (const double x : counts.local().span()) EXPECT_EQ(x, static_cast<double>(step));
        EXPECT_EQ(counts.get({0}), static_cast<double>(step));
        counts.fence();
    }

    array<double, 1> counts;
};

run_control_options quiet(const fs::path& folder, index_t every = 0, bool resume = true) {
    run_control_options options;
    options.folder = folder;
    options.every = every;
    options.resume = resume;
    options.tell = [](const std::string&) {};
    return options;
}

TEST(RunControl, WritesCheckpointsWhenTheyAreDueAndAtTheEnd) {
    team everyone(MPI_COMM_WORLD);
    const shared_folder folder;
    std::vector<std::string> found;
    {
        run_control control(everyone, quiet(folder / "run", 4));
        counting one(everyone);
        one.run(control, 10);
        everyone.fence();
        found = steps_in(folder / "run");
        everyone.fence();

        EXPECT_FALSE(control.is_stopped());
        EXPECT_EQ(control.exit_code(), 0);
    }

    EXPECT_THAT(found, ElementsAre("lock", "step-000000000008.h5", "step-000000000010.h5"));
    everyone.fence();
    EXPECT_THAT(steps_in(folder / "run"),
                ElementsAre("step-000000000008.h5", "step-000000000010.h5"));
}

TEST(RunControl, StopsAllRanksAtOneStepWhereASignalCameToOne) {
    team everyone(MPI_COMM_WORLD);
    const shared_folder folder;
    std::vector<std::string> told;
    run_control_options options = quiet(folder / "run");
    options.tell = [&](const std::string& line) { told.push_back(line); };
    const index_t steps = 1'000'000'000;
    {
        run_control control(everyone, options);
        counting one(everyone);
        one.run(control, steps, [&](index_t step) {
            if (step == 3 && everyone.rank() == everyone.size() - 1) raise(SIGUSR1);
        });

        EXPECT_TRUE(control.is_stopped());
        EXPECT_EQ(control.exit_code(), 85);
    }
    if (everyone.rank() == 0) {
        ASSERT_EQ(told.size(), 2U);
        EXPECT_THAT(told[0], HasSubstr("no checkpoint in "));
        EXPECT_THAT(told[1], HasSubstr("stopped on request after "));
    }

    run_control control(everyone, options);
    counting other(everyone);
    control.add("counts", other.counts);
    const index_t first = control.start(steps);

    EXPECT_GE(first, 3);
    EXPECT_LT(first, steps);
    other.expect_at(first);
}

TEST(RunControl, GoesOnToTheSameEndOnAnyRanks) {
    team everyone(MPI_COMM_WORLD);
    const shared_folder folder;
    {
        run_control control(everyone, quiet(folder / "run", 5));
        counting one(everyone);
        one.run(control, 1000, [&](index_t step) {
            if (step == 7) run_control::request_stop();
        });
        EXPECT_TRUE(control.is_stopped());
    }
    everyone.fence();

    team part = everyone.split(everyone.rank() < (everyone.size() + 1) / 2 ? 0 : 1);
    if (everyone.rank() < (everyone.size() + 1) / 2) {
        run_control control(part, quiet(folder / "run", 5));
        counting other(part);
        const index_t first = other.run(control, 1000);

        EXPECT_GE(first, 7);
        EXPECT_FALSE(control.is_stopped()) << "a request is for one run";
        other.expect_at(1000);
    }
    everyone.fence();
}

TEST(RunControl, ThatIsAtItsEndIsNotStopped) {
    team everyone(MPI_COMM_WORLD);
    const shared_folder folder;
    run_control control(everyone, quiet(folder / "run"));
    counting one(everyone);
    one.run(control, 5, [&](index_t step) {
        if (step == 5) run_control::request_stop();
    });
    EXPECT_FALSE(control.is_stopped());

    // What was asked for too late is not forgotten.
    run_control next(everyone, quiet(folder / "next"));
    counting other(everyone);
    other.run(next, 5);
    EXPECT_TRUE(next.is_stopped());
}

TEST(RunControl, PreparesWhatItWritesAndOnlyThen) {
    team everyone(MPI_COMM_WORLD);
    const shared_folder folder;
    run_control control(everyone, quiet(folder / "run", 4));
    index_t prepared = 0;
    control.add("prepared", prepared);
    control.start(8);
    for (index_t step = 1; step <= 8; ++step) control.stops_after(step, [&] { prepared += step; });

    EXPECT_EQ(prepared, 4 + 8);
}

TEST(RunControl, SaysHowManyStepsMayFollow) {
    team everyone(MPI_COMM_WORLD);
    const shared_folder folder;
    run_control control(everyone, quiet(folder / "run", 10));
    control.start(25);

    for (index_t done = 0; done < 25;) {
        const index_t steps = control.steps_from(done);
        ASSERT_GE(steps, 1);
        EXPECT_EQ((done + steps - 1) / 10, done / 10) << "past a checkpoint";
        done += steps;
        EXPECT_LE(done, 25);
        control.stops_after(done);
    }

    run_control off(everyone, {});
    EXPECT_EQ(off.start(25), 0);
    EXPECT_EQ(off.steps_from(5), 20);
    EXPECT_FALSE(off.stops_after(25));
}

TEST(RunControl, RefusesAFolderThatIsNotItsOwn) {
    team everyone(MPI_COMM_WORLD);
    const shared_folder folder;
    run_control_options options = quiet(folder / "run", 5);
    options.settings = "size 23";
    {
        run_control control(everyone, options);
        counting one(everyone);
        one.run(control, 10);
    }
    everyone.fence();
    const auto expect_complaint = [&](index_t steps, const std::string& words) {
        run_control control(everyone, options);
        counting other(everyone);
        control.add("counts", other.counts);
        expect_refused([&] { control.start(steps); }, errc::invalid_argument, {words});
    };

    expect_complaint(9, "10 steps are done already, more than 9");
    options.settings = "size 24";
    expect_complaint(20, "of another run, with size 23; this one has size 24");
    options.resume = false;
    expect_complaint(20, "there is a checkpoint after 10 steps: resume it");
    options.every = -1;
    EXPECT_THROW(run_control(everyone, options), error);
    options.every = 0;
    options.signal = SIGKILL;
    EXPECT_THROW(run_control(everyone, options), error);
}

} // namespace
