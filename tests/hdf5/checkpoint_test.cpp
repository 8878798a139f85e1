// Checkpoints: what is restored, where; which stay; what is told of damaged ones.

#include "folder_lock.hpp"
#include "hdf5_cases.hpp"

#include <nodespan/checkpoint.hpp>

#include <complex>
#include <cstring>
#include <limits>
#include <optional>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace {

using namespace nodespan;
using namespace nodespan::test;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> all_files_in(const fs::path& folder) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder))
        names.push_back(entry.path().filename().string());
    std::sort(names.begin(), names.end());
    return names;
}

// Without the lock that is there as long as a checkpoint which has been written.
std::vector<std::string> files_in(const fs::path& folder) {
    std::vector<std::string> names = all_files_in(folder);
    std::erase(names, "lock");
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

// Gives a small file that was changed the checksum that it would have had.
void seal_again(const fs::path& file) {
    constexpr std::size_t begin = 4096; // of what the checksum is of, besides the first lines
    const std::string bytes = bytes_of(file);
    const std::size_t line = bytes.find("xxh3 ");
    const std::uint64_t sum = XXH3_64bits_withSeed(bytes.data() + begin, bytes.size() - begin, 0) +
                              XXH3_64bits_withSeed(bytes.data(), line, ~std::uint64_t{0});
    char text[17];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(sum));
    for (std::size_t k = 0; k < 16; ++k)
        set_byte(file, static_cast<std::streamoff>(line + 5 + k), text[k]);
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

TEST(Checkpoint, RefusesToBeUsedOnceItHasBeenMovedFrom) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    checkpoint source(everyone, folder / "a");
    int count = 0;

    const checkpoint saved = std::move(source);

    const std::vector<std::function<void()>> calls{
        [&] { source.add("count", count); },          [&] { source.write(1); },
        [&] { static_cast<void>(source.latest()); },  [&] { static_cast<void>(source.restore()); },
        [&] { static_cast<void>(source.refused()); }, [&] { static_cast<void>(source.folder()); },
    };
    for (std::size_t i = 0; i < calls.size(); ++i)
        EXPECT_EQ(caught(calls[i]).code, errc::invalid_argument) << "call " << i;
    EXPECT_EQ(saved.folder(), folder / "a");
}

TEST(Checkpoint, IsRestoredByOtherTeams) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    write_steps(everyone, folder / "run", {5});
    MPI_Barrier(MPI_COMM_WORLD);

    MPI_Comm half = MPI_COMM_NULL;
    MPI_Comm_split(MPI_COMM_WORLD, world_rank() % 2, 0, &half);
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
    MPI_Comm_free(&half);
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

TEST(Checkpoint, IsPassedOverWhereItsSumIsRightAndHdf5CannotReadIt) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    write_steps(everyone, folder / "run", {3, 4});
    const fs::path newer = folder / "run/step-000000000004.h5";
    MPI_Barrier(MPI_COMM_WORLD);
    const std::string whole = bytes_of(newer);
    run fresh(everyone);
    checkpoint saved(everyone, folder / "run");
    fresh.add_to(saved);

    int headers = 0;
    for (std::size_t at = 0; (at = whole.find("OHDR", at)) != std::string::npos; ++at, ++headers) {
        SCOPED_TRACE(at);
        on_first_rank([&] {
            std::ofstream(newer, std::ios::binary) << whole;
            set_byte(newer, static_cast<std::streamoff>(at + 4), 77); // the header's version
            seal_again(newer);
        });
        EXPECT_EQ(saved.latest(), 3);
        EXPECT_EQ(saved.restore(), 3);
        fresh.expect_at(3);
        ASSERT_EQ(saved.refused().size(), 1U);
        EXPECT_THAT(saved.refused()[0], HasSubstr("step-000000000004.h5"));
        EXPECT_THAT(saved.refused()[0], HasSubstr("H5"));
    }
    EXPECT_GE(headers, 4); // the root, a group, two datasets

    on_first_rank([&] { fs::remove(folder / "run/step-000000000003.h5"); });
    EXPECT_EQ(saved.restore(), std::nullopt);
    fresh.expect_at(3);
    on_first_rank([&] {
        std::ofstream(newer, std::ios::binary) << whole;
        seal_again(newer);
    });
    EXPECT_EQ(saved.restore(), 4);
}

TEST(Checkpoint, OneThatDoesNotFitIsPassedOverAndStays) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    write_steps(everyone, folder / "run", {1, 2});
    run other(everyone);
    array<double, 2> larger(everyone, {24, 5});
    double count = 0.5;
    const auto write_other = [&](index_t step, auto& what, const char* name) {
        checkpoint_options all;
        all.keep = 9;
        checkpoint saved(everyone, folder / "run", all);
        other.add_to(saved);
        saved.add(name, what);
        saved.write(step);
    };
    write_other(3, larger, "group/field");
    write_other(4, count, "count");
    run fresh(everyone);
    checkpoint saved(everyone, folder / "run");
    fresh.add_to(saved);

    EXPECT_EQ(saved.latest(), 4);
    EXPECT_EQ(saved.restore(), 2);

    fresh.expect_at(2);
    ASSERT_EQ(saved.refused().size(), 2U);
    EXPECT_THAT(saved.refused()[0],
                HasSubstr("\"count\" as another type than int32, with value 0.5"));
    EXPECT_THAT(saved.refused()[1], HasSubstr("\"group/field\" with extents {24, 5}"));
    for (const index_t step : {3, 5}) saved.write(step);
    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_THAT(
        files_in(folder / "run"),
        ElementsAre("step-000000000003.h5", "step-000000000004.h5", "step-000000000005.h5"));
}

TEST(Checkpoint, HoldsMoreValuesThanHdf5sCacheDoes) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> field(everyone, {10});
    fill(field);
    std::string text(2'100'000, 'x'), text_now = text;
    std::vector<std::string> list(100'000, "0123456789"), list_now = list;
    std::vector<index_t> numbers(300'000, 7), numbers_now = numbers;
    checkpoint saved(everyone, folder / "run");
    saved.add("field", field);
    saved.add("text", text_now);
    saved.add("list", list_now);
    saved.add("numbers", numbers_now);

    saved.write(1);
    text_now = "";
    list_now = {};
    numbers_now = {};

    EXPECT_EQ(saved.restore(), 1);
    EXPECT_TRUE(text_now == text && list_now == list && numbers_now == numbers);
    expect_filled(field);
}

TEST(Checkpoint, RefusesToWriteBeforeAnotherRunsLatest) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    write_steps(everyone, folder / "run", {100});

    expect_refused([&] { write_steps(everyone, folder / "run", {10}); }, errc::invalid_argument,
                   {"later step, 100", "run"});

    write_steps(everyone, folder / "run", {100, 101}); // the same step is replaced
}

TEST(Checkpoint, HoldsItsFolderUntilItEnds) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    {
        checkpoint saved(everyone, folder / "a/run");
        saved.reserve();
        MPI_Barrier(MPI_COMM_WORLD);
        EXPECT_THAT(all_files_in(folder / "a/run"), ElementsAre("lock"));
        MPI_Barrier(MPI_COMM_WORLD);

        checkpoint moved = std::move(saved);
        write_steps(everyone, folder / "a/run", {3}); // of the same process
        moved.write(4);
        EXPECT_THAT(all_files_in(folder / "a/run"),
                    ElementsAre("lock", "step-000000000003.h5", "step-000000000004.h5"));
        MPI_Barrier(MPI_COMM_WORLD);
    }
    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_THAT(all_files_in(folder / "a/run"),
                ElementsAre("step-000000000003.h5", "step-000000000004.h5"));
}

TEST(Checkpoint, RefusesAFolderThatAnotherJobHolds) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    write_steps(everyone, folder / "run", {3});
    const auto hold = [&](const detail::lock_holder& other) {
        on_first_rank([&] { std::ofstream(folder / "run/lock") << other.to_text(); });
    };
    detail::lock_holder other = detail::lock_holder::self();
    other.host = "far";
    other.process.boot = "another";
    hold(other);

    run one(everyone);
    checkpoint saved(everyone, folder / "run");
    one.add_to(saved);
    for (const auto& call : {std::function<void()>([&] { saved.reserve(); }),
                             std::function<void()>([&] { saved.write(4); })})
        expect_refused(call, errc::io, {"in use by process ", " on far", "run/lock"});
    EXPECT_EQ(saved.restore(), 3); // reading is free
    one.expect_at(3);

    other = detail::lock_holder::self(); // of a process that is no more
    other.process.started += 1;
    hold(other);
    one.go_to(4);
    saved.write(4);
    EXPECT_EQ(saved.latest(), 4);
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

template <class Was, class Is>
void expect_unfit(team& everyone, const fs::path& folder, Was was, const char* words) {
    {
        checkpoint saved(everyone, folder);
        saved.add("value", was);
        saved.write(1);
    }
    Is now{};
    const Is before = now;
    checkpoint saved(everyone, folder);
    saved.add("value", now);
    expect_refused([&] { saved.restore(); }, errc::io, {words});
    EXPECT_EQ(now, before);
}

TEST(Checkpoint, RefusesValuesThatAVariableDoesNotHave) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    const fs::path run = folder / "run";
    const auto most = std::numeric_limits<std::uint64_t>::max();

    expect_unfit<std::int64_t, int>(everyone, run, 5'000'000'000,
                                    "than int32, with value 5000000000");
    expect_unfit<int, std::int8_t>(everyone, run, 300, "than int8, with value 300");
    expect_unfit<int, bool>(everyone, run, 2, "than bool, with value 2");
    expect_unfit<int, unsigned>(everyone, run, -1, "than uint32, with value -1");
    expect_unfit<std::int64_t, std::uint64_t>(everyone, run, -1, "than uint64, with value -1");
    expect_unfit<std::uint64_t, std::int64_t>(everyone, run, most, "18446744073709551615");
    expect_unfit<double, float>(everyone, run, 1e300, "than float32, with value 1e+300");
    expect_unfit<double, int>(everyone, run, 2, "than int32, with value 2");
    expect_unfit<int, double>(everyone, run, 2, "than float64, with value 2");
    expect_unfit<long double, double>(everyone, run, 1e400L, "than float64, with value {1e+400}");
    expect_unfit<std::vector<std::uint64_t>, std::vector<index_t>>(
        everyone, run, {1, most}, "than list of int64, with value {1, 18446744073709551615}");
    expect_unfit<std::string, double>(everyone, run, std::string(300, 'x'), "xxx...");
}

TEST(Checkpoint, RefusesTextsThatAFileWouldCut) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    std::string text("state\0rest", 10), long_text(100'000, 'x');
    std::vector<std::string> list{"one", std::string("t\0wo", 4)};
    long_text.back() = '\0';

    for (std::string* one : {&text, &long_text}) {
        checkpoint saved(everyone, folder / "run");
        saved.add("text", *one);
        expect_refused([&] { saved.write(1); }, errc::invalid_argument, {"zero byte"});
    }
    checkpoint saved(everyone, folder / "run");
    saved.add("list", list);
    expect_refused([&] { saved.write(1); }, errc::invalid_argument, {"zero byte"});

    EXPECT_EQ(saved.latest(), std::nullopt);
}

TEST(Checkpoint, QuotesTheBeginningOfLongValuesAndComparesAllOfThem) {
    if (world_size() == 1) GTEST_SKIP() << "needs two ranks";
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    std::string text(100'000, 'x');
    text.back() = static_cast<char>('a' + world_rank());
    checkpoint saved(everyone, folder / "run");
    saved.add("text", text);

    const caught_error failure = caught([&] { saved.write(1); });

    EXPECT_EQ(failure.code, errc::mismatched_arguments);
    EXPECT_THAT(failure.text, HasSubstr("text=xxx"));
    EXPECT_LT(failure.text.size(), 2000U);
}

TEST(Checkpoint, GivesBackTheLargestAndTheSmallestValues) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    const auto all = std::tuple(std::numeric_limits<std::uint64_t>::max(),
                                std::numeric_limits<std::int64_t>::min(), true, std::int8_t{-7},
                                -std::numeric_limits<double>::infinity(), 5e-324, 0.1F,
                                1.0L + std::numeric_limits<long double>::epsilon(),
                                -std::numeric_limits<long double>::max(), std::string("a\nb "),
                                std::vector<std::uint64_t>{1, 2}, std::vector<std::uint64_t>{~0UL},
                                std::vector<long double>{1, 1e400L}, std::vector<double>{},
                                std::vector<std::string>{"", "x"});
    auto now = all;
    checkpoint saved(everyone, folder / "run");
    int number = 0;
    std::apply([&](auto&... value) { (saved.add(std::to_string(number++), value), ...); }, now);

    saved.write(1);
    std::apply([](auto&... value) { ((value = {}), ...); }, now);

    EXPECT_EQ(saved.restore(), 1);
    EXPECT_TRUE(now == all);
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
