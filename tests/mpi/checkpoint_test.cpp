// Checkpoints: what is restored, where; which stay; what is told of damaged ones.

#include "hdf5_cases.hpp"

#include <nodespan/checkpoint.hpp>

#include <complex>
#include <optional>

namespace {

using namespace nodespan;
using namespace nodespan::test;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> files_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

// On rank 0, between two meetings.
void on_first_rank(const std::function<void()>& body) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (world_rank() == 0) body();
    MPI_Barrier(MPI_COMM_WORLD);
}

void set_byte(const fs::path& file, std::streamoff at, char value) {
    std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
    out.seekp(at);
    out.put(value);
}

// A run that can be told apart from what it was at other steps.
struct run {
    explicit run(team& everyone) : field(everyone, {23, 5}), waves(everyone, {17}) {}

    void go_to(index_t step) {
        for_each_index(field.rank_box(), [&](const indices<2>& at) {
            field(at[0], at[1]) = static_cast<double>(1000 * step + 10 * at[0] + at[1]);
        });
        for_each_index(waves.rank_box(), [&](const indices<1>& at) {
            waves(at[0]) = {static_cast<float>(step), static_cast<float>(at[0])};
        });
        time = 0.1 * static_cast<double>(step);
        count = static_cast<int>(3 * step);
        is_odd = step % 2 != 0;
        name = "step " + std::to_string(step);
        curve.assign(static_cast<std::size_t>(2000 * std::min<index_t>(step, 6)),
                     time); // above 64 KiB
        field.fence();
    }
    void add_to(checkpoint& saved) {
        saved.add("group/field", field);
        saved.add("waves", waves);
        saved.add("time", time);
        saved.add("count", count);
        saved.add("is odd", is_odd);
        saved.add("name", name);
        saved.add("curve", curve);
    }
    void expect_at(index_t step) {
        run other(field.get_team());
        other.go_to(step);
        EXPECT_EQ(time, other.time);
        EXPECT_EQ(count, other.count);
        EXPECT_EQ(is_odd, other.is_odd);
        EXPECT_EQ(name, other.name);
        EXPECT_EQ(curve, other.curve);
        for_each_index(field.rank_box(), [&](const indices<2>& at) {
            EXPECT_EQ(field(at[0], at[1]), other.field(at[0], at[1]));
        });
        for_each_index(waves.rank_box(),
                       [&](const indices<1>& at) { EXPECT_EQ(waves(at[0]), other.waves(at[0])); });
        field.fence();
    }

    array<double, 2> field;
    array<std::complex<float>, 1> waves;
    double time = 0;
    int count = 0;
    bool is_odd = false;
    std::string name;
    std::vector<double> curve;
};

void write_steps(team& everyone, const fs::path& folder, std::initializer_list<index_t> steps,
                 const checkpoint_options& options = {}) {
    run one(everyone);
    checkpoint saved(everyone, folder, options);
    one.add_to(saved);
    for (const index_t step : steps) {
        one.go_to(step);
        saved.write(step);
    }
}

TEST(Checkpoint, GivesBackArraysAndValues) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    write_steps(everyone, folder / "a/b", {7});

    run fresh(everyone);
    checkpoint saved(everyone, folder / "a/b");
    fresh.add_to(saved);
    const auto latest = saved.latest();
    const auto step = saved.restore();

    EXPECT_EQ(latest, 7);
    EXPECT_EQ(step, 7);
    EXPECT_TRUE(saved.refused().empty());
    fresh.expect_at(7);
}

TEST(Checkpoint, IsRestoredByOtherTeams) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    write_steps(everyone, folder / "run", {5});
    MPI_Barrier(MPI_COMM_WORLD);

    boost::mpi::communicator half = boost::mpi::communicator{}.split(world_rank() % 2);
    team_options alone_on_nodes;
    alone_on_nodes.ranks_per_node = 1;
    for (const team_options& options : {team_options{}, alone_on_nodes}) {
        team smaller(half, options);
        run fresh(smaller);
        checkpoint saved(smaller, folder / "run");
        fresh.add_to(saved);
        EXPECT_EQ(saved.restore(), 5);
        fresh.expect_at(5);
    }
}

TEST(Checkpoint, KeepsTheLastOnes) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    checkpoint_options three;
    three.keep = 3;
    on_first_rank([&] {
        fs::create_directory(folder / "run");
        std::ofstream(folder / "run/step-000000000001.h5.part") << "left by a job that was killed";
        std::ofstream(folder / "run/notes.txt") << "mine";
    });

    write_steps(everyone, folder / "run", {1, 2, 20, 300, 4000}, three);

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_THAT(files_in(folder / "run"),
                ElementsAre("notes.txt", "step-000000000020.h5", "step-000000000300.h5",
                            "step-000000004000.h5"));
}

TEST(Checkpoint, IsTakenForWhatItIsOnlyIfWhole) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    write_steps(everyone, folder / "run", {3, 4});
    const fs::path newer = folder / "run/step-000000000004.h5";
    MPI_Barrier(MPI_COMM_WORLD);
    const std::string whole = bytes_of(newer);
    run fresh(everyone);
    checkpoint saved(everyone, folder / "run");
    fresh.add_to(saved);

    const auto size = static_cast<std::streamoff>(whole.size());
    std::vector<std::streamoff> places{0, 25, 60, 100, 4095, 4096, 4200, size - 1};
    for (std::streamoff at = 5000; at < size; at += 997) places.push_back(at);
    for (const std::streamoff at : places) {
        SCOPED_TRACE(at);
        const char other = static_cast<char>(whole[static_cast<std::size_t>(at)] ^ 4);
        on_first_rank([&] { set_byte(newer, at, other); });
        EXPECT_EQ(saved.restore(), 3);
        fresh.expect_at(3);
        ASSERT_EQ(saved.refused().size(), 1U);
        EXPECT_THAT(saved.refused()[0], HasSubstr("step-000000000004.h5"));
        on_first_rank([&] { set_byte(newer, at, whole[static_cast<std::size_t>(at)]); });
    }
    for (const std::uintmax_t bytes : {std::uintmax_t{0}, std::uintmax_t{100}, std::uintmax_t{4096},
                                       std::uintmax_t{whole.size() - 1}}) {
        on_first_rank([&] { fs::resize_file(newer, bytes); });
        EXPECT_EQ(saved.latest(), 3);
    }
    on_first_rank([&] { std::ofstream(newer, std::ios::binary) << whole << "more"; });
    EXPECT_EQ(saved.latest(), 3);
    on_first_rank([&] { std::ofstream(newer, std::ios::binary) << whole; });
    EXPECT_EQ(saved.restore(), 4);
    fresh.expect_at(4);
    // Whole, but not what its name says.
    on_first_rank([&] { fs::rename(newer, folder / "run/step-000000000009.h5"); });
    EXPECT_EQ(saved.latest(), 3);
}

TEST(Checkpoint, ThereMayBeNone) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    run fresh(everyone);
    fresh.go_to(1);
    checkpoint nowhere(everyone, folder / "none"), empty(everyone, folder.path());
    fresh.add_to(nowhere);
    fresh.add_to(empty);

    EXPECT_EQ(nowhere.restore(), std::nullopt);
    EXPECT_EQ(empty.restore(), std::nullopt);
    EXPECT_FALSE(fs::exists(folder / "none"));

    on_first_rank([&] { std::ofstream(folder / "step-000000000001.h5") << "something else"; });
    EXPECT_EQ(empty.restore(), std::nullopt);
    ASSERT_EQ(empty.refused().size(), 1U);
    EXPECT_THAT(empty.refused()[0], HasSubstr("truncated"));
    fresh.expect_at(1);
}

TEST(Checkpoint, GoesOnAfterADamagedOne) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    write_steps(everyone, folder / "run", {10, 20});
    on_first_rank([&] { fs::resize_file(folder / "run/step-000000000020.h5", 5000); });
    run fresh(everyone);
    checkpoint saved(everyone, folder / "run");
    fresh.add_to(saved);

    EXPECT_EQ(saved.restore(), 10);
    fresh.go_to(15);
    saved.write(15);

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_THAT(files_in(folder / "run"),
                ElementsAre("step-000000000010.h5", "step-000000000015.h5"));
}

TEST(Checkpoint, RefusesToWriteBeforeAnotherRunsLatest) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    write_steps(everyone, folder / "run", {100});

    expect_refused([&] { write_steps(everyone, folder / "run", {10}); }, errc::invalid_argument,
                   {"later step, 100", "run"});

    write_steps(everyone, folder / "run", {100, 101}); // the same step is replaced
}

TEST(Checkpoint, RefusesWhatDoesNotFit) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    write_steps(everyone, folder / "run", {1});
    array<double, 2> larger(everyone, {24, 5});
    array<float, 2> narrower(everyone, {23, 5});
    double time = 0;
    std::string text;

    const auto restore = [&](auto& what, const char* name) {
        checkpoint saved(everyone, folder / "run");
        saved.add(name, what);
        saved.restore();
    };
    expect_refused([&] { restore(larger, "group/field"); }, errc::io, {"23, 5"});
    expect_refused([&] { restore(narrower, "group/field"); }, errc::io, {"float64"});
    expect_refused([&] { restore(larger, "missing"); }, errc::io, {"missing"});
    expect_refused([&] { restore(time, "missing"); }, errc::io, {"no value \"missing\""});
    expect_refused([&] { restore(text, "time"); }, errc::io, {"time", "another type"});
}

TEST(Checkpoint, RefusesBadFoldersStepsAndValuesThatDiffer) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    run one(everyone);
    one.go_to(1);
    on_first_rank([&] { std::ofstream(folder / "file") << "no folder"; });
    checkpoint saved(everyone, folder / "run"), in_a_file(everyone, folder / "file/run");
    one.add_to(saved);
    one.add_to(in_a_file);

    expect_refused([&] { saved.write(-1); }, errc::invalid_argument, {"-1"});
    expect_refused([&] { in_a_file.write(1); }, errc::io, {"file/run"});
    if (everyone.size() > 1) {
        one.count = world_rank();
        expect_refused([&] { saved.write(1); }, errc::mismatched_arguments, {"count"});
        expect_refused([&] { saved.write(world_rank()); }, errc::mismatched_arguments, {"write"});
    }
    double step = 0;
    EXPECT_EQ(caught([&] { saved.add("step", step); }).code, errc::invalid_argument);
    checkpoint_options none;
    none.keep = 0;
    EXPECT_EQ(caught([&] { checkpoint(everyone, "x", none); }).code, errc::invalid_argument);
}

} // namespace
