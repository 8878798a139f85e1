// Files that are there already, made by HDF5 itself: of several kinds, with links, and with more in
// them than its cache holds.

#include "hdf5_cases.hpp"

#include <hdf5.h>
#include <nodespan/algorithm.hpp>

namespace {

using namespace nodespan;
using namespace nodespan::test;
using testing::ElementsAre;

const save_options added{save_mode::add};
const save_options overwritten{save_mode::overwrite};

// On rank 0, between two meetings.
void on_first_rank(const std::function<void()>& body) {
    MPI_Barrier(MPI_COMM_WORLD);
    if (world_rank() == 0) body();
    MPI_Barrier(MPI_COMM_WORLD);
}

void write_numbers(hid_t file, const char* name, const std::vector<double>& numbers) {
    const hsize_t extent = numbers.size();
    const hid_t groups = H5Pcreate(H5P_LINK_CREATE), space = H5Screate_simple(1, &extent, nullptr);
    H5Pset_create_intermediate_group(groups, 1);
    const hid_t data =
        H5Dcreate2(file, name, H5T_NATIVE_DOUBLE, space, groups, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(H5Dwrite(data, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data()), 0);
    H5Dclose(data);
    H5Sclose(space);
    H5Pclose(groups);
}

// Which kind of file a foreign program makes.
struct kind {
    const char* name;
    bool is_latest;        // the newest format
    bool keeps_free_space; // and gives it again
    bool has_pages;        // all space is given in pages
    hsize_t user_block;
    std::string behind; // bytes after HDF5's end
};

const kind kinds[] = {{"usual", false, false, false, 0, ""},
                      {"latest", true, false, false, 0, ""},
                      {"free space", false, true, false, 0, ""},
                      {"pages", false, true, true, 0, ""},
                      {"user block", false, false, false, 1024, ""},
                      {"longer", false, false, false, 0, std::string(100'000, 'x')},
                      {"pages and longer", true, true, true, 0, "y"}};

const std::vector<double> old_numbers = {1, 2, 3, 4.5};

// With /old, and a hole where a large dataset was.
void make_file(const fs::path& file, const kind& like) {
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS), made = H5Pcreate(H5P_FILE_CREATE);
    if (like.is_latest) H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
    if (like.keeps_free_space)
        H5Pset_file_space_strategy(
            made, like.has_pages ? H5F_FSPACE_STRATEGY_PAGE : H5F_FSPACE_STRATEGY_FSM_AGGR, 1, 1);
    H5Pset_userblock(made, like.user_block);
    const hid_t open = H5Fcreate(file.c_str(), H5F_ACC_TRUNC, made, access);
    ASSERT_GE(open, 0);
    write_numbers(open, "hole", std::vector<double>(50'000, 7));
    write_numbers(open, "old", old_numbers);
    write_numbers(open, "end", std::vector<double>(5'000, 8));
    H5Ldelete(open, "hole", H5P_DEFAULT);
    H5Fclose(open);
    H5Pclose(made);
    H5Pclose(access);
    std::ofstream(file, std::ios::binary | std::ios::app) << like.behind;
}

std::vector<double> numbers_in(team& everyone, const fs::path& file, const std::string& name) {
    const auto a = nodespan::open_hdf5<double, 1>(everyone, file, name);
    std::vector<double> result(static_cast<std::size_t>(a.extent(0)));
    a.get({{0}, a.extents()}, result);
    return result;
}

array<double, 1> numbers_of(team& everyone, const std::vector<double>& values) {
    array<double, 1> a(everyone, {static_cast<index_t>(values.size())});
    for_each_index(a.rank_box(), [&](const indices<1>& at) {
        a(at[0]) = values[static_cast<std::size_t>(at[0])];
    });
    a.fence();
    return a;
}

TEST(Hdf5Existing, FilesOfEveryKindGetMoreAndKeepWhatTheyHave) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> dense(everyone, {100, 30});
    array<std::int32_t, 1> packed(everyone, {5000});
    fill(dense);
    fill(packed);
    save_options chunks = added;
    chunks.chunk = {100};
    chunks.deflate = 1;

    for (const kind& like : kinds) {
        SCOPED_TRACE(like.name);
        const fs::path file = folder / "run.h5";
        on_first_rank([&] { make_file(file, like); });
        save_hdf5(dense, file, "group/dense", added);
        save_hdf5(packed, file, "packed", chunks);
        save_hdf5(dense, file, "end", overwritten);
        set_attribute(everyone, file, "old", "units", "K");

        EXPECT_EQ(numbers_in(everyone, file, "old"), old_numbers);
        EXPECT_EQ(read_attributes(everyone, file, "old"), (attributes{{"units", "K"}}));
        for (const char* name : {"group/dense", "end"})
            expect_filled(nodespan::open_hdf5<double, 2>(everyone, file, name));
        expect_filled(nodespan::open_hdf5<std::int32_t, 1>(everyone, file, "packed"));
    }
}

TEST(Hdf5Existing, UntilCommitAndAfterAnErrorAllOldBytesAreAsTheyWere) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> large(everyone, {20'000}), small(everyone, {20});
    array<std::int32_t, 1> many(everyone, {20'000});
    save_options chunks = added;
    chunks.chunk = {4};

    for (const kind& like : kinds) {
        SCOPED_TRACE(like.name);
        const fs::path file = folder / "run.h5";
        on_first_rank([&] { make_file(file, like); });
        const std::string before = bytes_of(file);
        MPI_Barrier(MPI_COMM_WORLD);
        {
            hdf5_writer writer(everyone, file, save_mode::overwrite);
            writer.save(large, "large");
            writer.save(small, "group/small");
            writer.save(many, "many", chunks);
            writer.save(large, "old");
            writer.save(small, "end");
            writer.set_attribute("old", "units", std::string(100'000, 'K'));
            MPI_Barrier(MPI_COMM_WORLD);
            EXPECT_TRUE(bytes_of(file).starts_with(before)); // what a killed program leaves
            MPI_Barrier(MPI_COMM_WORLD);
            writer.set_attribute("none", "units", "K");
            expect_refused([&] { writer.commit(); }, errc::io, {"no \"none\""});
        }
        MPI_Barrier(MPI_COMM_WORLD);
        EXPECT_TRUE(bytes_of(file) == before);
        expect_refused([&] { save_hdf5(small, file, "old", added); }, errc::io, {"already"});
        expect_refused([&] { save_hdf5(small, file, "old/below", overwritten); }, errc::io,
                       {"\"old\" is no group"});
        expect_refused([&] { set_attribute(everyone, file, "none", "units", "K"); }, errc::io,
                       {"no \"none\""});
        MPI_Barrier(MPI_COMM_WORLD);
        EXPECT_TRUE(bytes_of(file) == before);
    }
}

TEST(Hdf5Existing, AFileThatWasLeftLongerByAKilledProgramGetsMore) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> large(everyone, {20'000});
    fill(large);
    const fs::path file = folder / "run.h5", killed = folder / "killed.h5";
    on_first_rank([&] { make_file(file, kinds[0]); });
    {
        hdf5_writer writer(everyone, file, save_mode::add);
        writer.save(large, "large");
        on_first_rank([&] { fs::copy_file(file, killed); });
    }

    EXPECT_EQ(numbers_in(everyone, killed, "old"), old_numbers);
    save_hdf5(large, killed, "large", added);

    EXPECT_EQ(numbers_in(everyone, killed, "old"), old_numbers);
    expect_filled(nodespan::open_hdf5<double, 1>(everyone, killed, "large"));
}

// A kind of link of a program's own, which nothing has to follow.
class own_links {
public:
    own_links() {
        const H5L_class_t own{H5L_LINK_CLASS_T_VERS,
                              number,
                              "own",
                              nullptr,
                              nullptr,
                              nullptr,
                              &follow,
                              nullptr,
                              nullptr};
        H5Lregister(&own);
    }
    ~own_links() { H5Lunregister(number); }
    own_links(const own_links&) = delete;
    own_links& operator=(const own_links&) = delete;

    static constexpr auto number = static_cast<H5L_type_t>(200);

private:
    static hid_t follow(const char*, hid_t, const void*, std::size_t, hid_t, hid_t) { return -1; }
};

// /real/x, which soft and hard links lead to, and links into other.h5, which has /t.
void make_links(const fs::path& folder) {
    const hid_t other =
        H5Fcreate((folder / "other.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    write_numbers(other, "t", {100, 101, 102});
    H5Fclose(other);
    const hid_t file =
        H5Fcreate((folder / "run.h5").c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    write_numbers(file, "real/x", old_numbers);
    write_numbers(file, "pair", old_numbers);
    H5Lcreate_hard(file, "pair", file, "real/twin", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_hard(file, "real", file, "again", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/real/x", file, "soft", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("real", file, "group", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("x", file, "real/beside", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("real/new", file, "nowhere", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("circle_b", file, "circle_a", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("circle_a", file, "circle_b", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/t", file, "far", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("other.h5", "/", file, "far_group", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("none.h5", "/t", file, "far_nothing", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_external("run.h5", "/real/x", file, "far_self", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/far_group/t", file, "soft_far", H5P_DEFAULT, H5P_DEFAULT);
    const own_links registered;
    H5Lcreate_ud(file, "own", own_links::number, "value", 5, H5P_DEFAULT, H5P_DEFAULT);
    H5Fclose(file);
}

TEST(Hdf5Existing, NothingIsWrittenThroughLinksIntoOtherFiles) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> field(everyone, {5});
    on_first_rank([&] { make_links(folder.path()); });
    const fs::path file = folder / "run.h5", other = folder / "other.h5";
    const std::string before = bytes_of(file), other_before = bytes_of(other);
    MPI_Barrier(MPI_COMM_WORLD);

    for (const char* name : {"far", "far_group/t", "far_group/new", "far_nothing", "far_self",
                             "soft_far", "far/below/deeper"}) {
        SCOPED_TRACE(name);
        for (const save_options& options : {added, overwritten})
            expect_refused([&] { save_hdf5(field, file, name, options); }, errc::io,
                           {"is an external link, to \"/", ".h5: name that file instead"});
        expect_refused([&] { set_attribute(everyone, file, name, "units", "K"); }, errc::io,
                       {"is an external link"});
    }
    for (const char* name : {"circle_a", "circle_b/below"})
        expect_refused([&] { save_hdf5(field, file, name, overwritten); }, errc::io,
                       {"in a circle"});
    expect_refused([&] { save_hdf5(field, file, "own", overwritten); }, errc::io,
                   {"only the program that made it"});

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_TRUE(bytes_of(file) == before);
    EXPECT_TRUE(bytes_of(other) == other_before);
}

TEST(Hdf5Existing, WhatALinkLeadsToIsReadFromTheFileItLiesIn) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    const fs::path file = folder / "run.h5";
    on_first_rank([&] { make_links(folder.path()); });

    for (const char* name : {"far", "far_group/t", "soft_far"}) {
        EXPECT_THAT(numbers_in(everyone, file, name), ElementsAre(100, 101, 102)) << name;
        EXPECT_THAT(describe_dataset(everyone, file, name).extents, ElementsAre(3)) << name;
    }
    for (const char* name : {"far_self", "soft", "group/x", "real/beside", "again/x", "pair"})
        EXPECT_EQ(numbers_in(everyone, file, name), old_numbers) << name;
    for (const char* name : {"far_nothing", "nowhere", "circle_a", "own"})
        expect_refused([&] { numbers_in(everyone, file, name); }, errc::io, {name});
    EXPECT_EQ(list_datasets(everyone, file).size(), 2U); // each once, by hard links
}

TEST(Hdf5Existing, WhateverNameLeadsToADatasetItIsReplacedUnderAllOfThem) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    const fs::path file = folder / "run.h5";

    for (const char* name :
         {"real/x", "soft", "group/x", "real/beside", "again/beside", "again/x", "/./soft"}) {
        SCOPED_TRACE(name);
        on_first_rank([&] { make_links(folder.path()); });
        save_hdf5(numbers_of(everyone, {9, 8, 7}), file, name, overwritten);
        for (const char* other : {"real/x", "soft", "group/x", "real/beside", "again/x"})
            EXPECT_THAT(numbers_in(everyone, file, other), ElementsAre(9, 8, 7)) << other;
        EXPECT_EQ(numbers_in(everyone, file, "pair"), old_numbers);
    }
    for (const char* name : {"pair", "real/twin", "again/twin"}) {
        save_hdf5(numbers_of(everyone, {6, 5}), file, name, overwritten);
        for (const char* other : {"pair", "real/twin", "again/twin"})
            EXPECT_THAT(numbers_in(everyone, file, other), ElementsAre(6, 5)) << other;
        EXPECT_THAT(numbers_in(everyone, file, "soft"), ElementsAre(9, 8, 7));
    }
}

TEST(Hdf5Existing, SoftLinksAreFollowedWhereSomethingIsAdded) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    const fs::path file = folder / "run.h5";
    on_first_rank([&] { make_links(folder.path()); });
    const auto field = numbers_of(everyone, {1, 2});

    expect_refused([&] { save_hdf5(field, file, "soft", added); }, errc::io, {"already"});
    save_hdf5(field, file, "group/more", added);
    save_hdf5(field, file, "nowhere", added);
    set_attribute(everyone, file, "soft", "units", "K");
    EXPECT_THAT(numbers_in(everyone, file, "real/more"), ElementsAre(1, 2));
    EXPECT_THAT(numbers_in(everyone, file, "real/new"), ElementsAre(1, 2));
    EXPECT_EQ(read_attributes(everyone, file, "real/x"), (attributes{{"units", "K"}}));
}

TEST(Hdf5Existing, AWriterRefusesADatasetThatItHasAlreadyUnderAnotherName) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    on_first_rank([&] { make_links(folder.path()); });
    const auto field = numbers_of(everyone, {1, 2});

    for (const char* name : {"real/x", "soft", "again/x", "/real//x/"}) {
        hdf5_writer writer(everyone, folder / "run.h5", save_mode::overwrite);
        writer.save(field, "group/x");
        expect_refused([&] { writer.save(field, name); }, errc::io, {"two datasets"});
    }

    EXPECT_EQ(numbers_in(everyone, folder / "run.h5", "soft"), old_numbers);
}

TEST(Hdf5Existing, MoreThanHdf5sCacheHoldsIsWhole) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<std::int32_t, 1> field(everyone, {100'000});
    fill(field);
    save_options tiny = overwritten, described;
    tiny.chunk = {2};
    tiny.attributes = {{"text", std::string(2'100'000, 'x')}};
    described.attributes = {{"list", std::vector<index_t>(600, 7)}}; // beside the header
    const fs::path file = folder / "run.h5";
    on_first_rank([&] { make_file(file, kinds[0]); });

    save_hdf5(field, file, "end", tiny);
    hdf5_writer writer(everyone, file, save_mode::add);
    for (int k = 0; k < 700; ++k)
        writer.save(field, {{k}, {k + 1}}, "many/" + std::to_string(k), described);
    writer.commit();

    expect_filled(nodespan::open_hdf5<std::int32_t, 1>(everyone, file, "end"));
    EXPECT_EQ(read_attributes(everyone, file, "end"), tiny.attributes);
    EXPECT_EQ(list_datasets(everyone, file).size(), 702U);
    EXPECT_EQ(numbers_in(everyone, file, "old"), old_numbers);
    const auto one = nodespan::open_hdf5<std::int32_t, 1>(everyone, file, "many/699");
    std::int32_t last = 0;
    one.get({{0}, {1}}, std::span(&last, 1));
    EXPECT_EQ(last, (value_at<std::int32_t, 1>({699})));
}

} // namespace
