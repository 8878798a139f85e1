// A rank leaves its team by an exception; the others come to a collective call, whichever it is, or
// are in the middle of some: they are told, and nobody hangs. What MPI may still write to
// afterwards is no memory of the program's.

#include "file_cases.hpp"

#include <nodespan/nodespan.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::test;

struct scene {
    team& everyone;
    array<double, 2>& field;
    checkpoint& saved;
    const file_folder& folder;

    std::string file(const char* name) const { return (folder / name).string(); }
};

struct collective_call {
    const char* name;
    std::function<void(scene&)> run;
};

const std::vector<collective_call> calls = {
    {"fence", [](scene& s) { s.everyone.fence(); }},
    {"array", [](scene& s) { array<int, 1>(s.everyone, {4}).fence(); }},
    {"split", [](scene& s) { s.everyone.split(s.everyone.rank() % 2).fence(); }},
    {"exchange_ghosts", [](scene& s) { s.field.exchange_ghosts(), s.everyone.fence(); }},
    {"sum", [](scene& s) { static_cast<void>(sum(s.field)); }},
    {"all_reduce of much",
     [](scene& s) {
         std::vector<double> values(100'000, 1);
         all_reduce(s.everyone, values);
     }},
    {"broadcast",
     [](scene& s) {
         std::vector<int> values(300'000);
         broadcast(s.everyone, values, s.everyone.size() - 1);
     }},
    {"counter", [](scene& s) { counter(s.everyone).take(); }},
    {"replicated", [](scene& s) { replicated<double, 1>(s.everyone, {400}).publish(0); }},
    {"work_share",
     [](scene& s) {
         work_share(s.everyone, {{0}, {40}}, 1, [](index_t) {});
     }},
    {"mean",
     [](scene& s) {
         std::vector<double> means(3);
         mean(s.field, 0, std::span<double>(means));
     }},
    {"save_npy", [](scene& s) { save_npy(s.field, s.file("other.npy")); }},
    {"load_npy", [](scene& s) { load_npy(s.field, s.file("f.npy")); }},
    {"save_raw", [](scene& s) { save_raw(s.field, s.file("other.raw")); }},
    {"load_raw", [](scene& s) { load_raw(s.field, s.file("f.raw")); }},
    {"save_csv", [](scene& s) { save_csv(s.field, s.file("other.csv")); }},
    {"open_csv",
     [](scene& s) { static_cast<void>(open_csv<double, 2>(s.everyone, s.file("f.csv"))); }},
    {"save", [](scene& s) { save_hdf5(s.field, s.file("other.h5"), "f"); }},
    {"save in chunks",
     [](scene& s) {
         save_hdf5(s.field, s.file("chunks.h5"), "f", {.chunk = {3, 2}, .deflate = 1});
     }},
    {"load", [](scene& s) { load_hdf5(s.field, s.file("f.h5"), "f"); }},
    {"hdf5_writer",
     [](scene& s) {
         hdf5_writer out(s.everyone, s.file("written.h5"));
         out.save(s.field, "f");
         out.commit();
     }},
    {"describe_dataset",
     [](scene& s) { static_cast<void>(describe_dataset(s.everyone, s.file("f.h5"), "f")); }},
    {"set_attribute",
     [](scene& s) { set_attribute(s.everyone, s.file("f.h5"), "f", "x", index_t{1}); }},
    {"checkpoint::write", [](scene& s) { s.saved.write(1); }},
    {"checkpoint::restore", [](scene& s) { s.saved.restore(); }},
    {"collect_machine_info", [](scene& s) { static_cast<void>(collect_machine_info(s.everyone)); }},
};

const std::string own_affair = "a rank's own affair";

// What this rank sees of `body`, in a scene of which rank `leaver` will leave.
template <class Body>
caught_error play(const file_folder& folder, Body&& body) {
    caught_error seen;
    try {
        team everyone(MPI_COMM_WORLD);
        array_options options;
        options.ghosts = {{1, 1}, {true, false}};
        array<double, 2> field(everyone, {8 * everyone.size(), 3}, options);
        fill(field, 1.0);
        checkpoint saved(everyone, (folder / "steps").string());
        saved.add("field", field);
        scene s{everyone, field, saved, folder};
        body(s);
    } catch (const error& failure) {
        seen = {failure.code(), failure.what(), failure.is_collective()};
    } catch (const std::runtime_error& left) {
        seen.text = left.what();
    }
    return seen; // and destructors have returned
}

void prepare(const file_folder& folder) {
    const auto problem = play(folder, [](scene& s) {
        save_npy(s.field, s.file("f.npy"));
        save_raw(s.field, s.file("f.raw"));
        save_csv(s.field, s.file("f.csv"));
        save_hdf5(s.field, s.file("f.h5"), "f");
        s.saved.write(0);
    });
    ASSERT_EQ(problem.text, "");
}

void expect_told(const caught_error& seen, int leaver) {
    if (world_rank() == leaver)
        EXPECT_EQ(seen.text, own_affair);
    else
        EXPECT_EQ(seen.code, errc::peer_lost) << seen.text;
}

TEST(LostRank, IsToldByEveryCollectiveCall) {
    const file_folder folder;
    prepare(folder);
    for (const collective_call& call : calls)
        for (const int leaver : {0, world_size() - 1}) {
            SCOPED_TRACE(testing::Message() << call.name << ", leaver " << leaver);

            const auto seen = play(folder, [&](scene& s) {
                MPI_Barrier(MPI_COMM_WORLD); // nobody is still inside what came before
                if (s.everyone.rank() == leaver) throw std::runtime_error(own_affair);
                call.run(s);
            });

            expect_told(seen, leaver);
            MPI_Barrier(MPI_COMM_WORLD);
        }
}

// The leaver comes to some calls and then to no other, while others run ahead or stay behind.
TEST(LostRank, IsToldInTheMiddleOfCalls) {
    const file_folder folder;
    prepare(folder);
    for (unsigned seed = 1; seed <= 12; ++seed) {
        std::mt19937 common(seed), own(seed * 1000 + static_cast<unsigned>(world_rank()));
        const int leaver = static_cast<int>(common() % static_cast<unsigned>(world_size()));
        const auto last = static_cast<unsigned>(common() % 6);
        SCOPED_TRACE(testing::Message() << "seed " << seed << ", leaver " << leaver);

        const auto seen = play(folder, [&](scene& s) {
            for (unsigned k = 0;; ++k) {
                const collective_call& call = calls[common() % calls.size()];
                std::this_thread::sleep_for(std::chrono::microseconds(own() % 2000));
                if (k == last && world_rank() == leaver) throw std::runtime_error(own_affair);
                if (std::string(call.name) != "checkpoint::write") call.run(s); // its steps ascend
            }
        });

        expect_told(seen, leaver);
        MPI_Barrier(MPI_COMM_WORLD);
    }
}

// A leader that was told has messages under way that come when another does, after its team's end.
TEST(LostRank, LateMessagesMeetNoMemoryOfTheProgram) {
    if (world_size() < 3) GTEST_SKIP() << "needs one that leaves, one that waits, one that is late";
    for (int round = 0; round < 10; ++round) {
        caught_error seen;
        try {
            team everyone(MPI_COMM_WORLD);
            everyone.fence();
            if (everyone.rank() == 1) throw std::runtime_error(own_affair);
            if (everyone.rank() == world_size() - 1)
                std::this_thread::sleep_for(std::chrono::milliseconds(50));
            everyone.fence();
        } catch (const std::exception&) {}

        constexpr unsigned char mark = 0xAB;
        std::vector<std::vector<unsigned char>> blocks; // where the team's state was
        for (std::size_t i = 0; i < 2000; ++i) blocks.emplace_back(5800 - 8 * (i % 600), mark);
        MPI_Barrier(MPI_COMM_WORLD);
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        MPI_Barrier(MPI_COMM_WORLD);

        for (const auto& block : blocks)
            ASSERT_EQ(std::count(block.begin(), block.end(), mark),
                      static_cast<std::ptrdiff_t>(block.size()));
    }
}

} // namespace
