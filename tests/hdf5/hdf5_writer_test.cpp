// Several datasets in one file, files that are there already, attributes, descriptions of files.

#include "hdf5_cases.hpp"

namespace {

using namespace nodespan;
using namespace nodespan::test;
using testing::ElementsAre;

const save_options added{save_mode::add};
const save_options overwritten{save_mode::overwrite};

std::vector<std::string> paths_of(const fs::path& file) {
    std::vector<std::string> paths;
    for (const dataset_info& d : list_datasets(file)) paths.push_back(d.path);
    return paths;
}

template <class T, int N>
void expect_saved(team& everyone, const fs::path& file, const std::string& dataset) {
    const auto read = nodespan::open_hdf5<T, N>(everyone, file, dataset);
    expect_filled(read);
}

TEST(Hdf5Writer, ManyDatasetsAppearTogether) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> field(everyone, {7, 3});
    array<int, 1> counts(everyone, {9});
    fill(field);
    fill(counts);

    hdf5_writer writer(everyone, folder / "run.h5");
    writer.save(field, "a/field");
    writer.save(counts, "a/counts");
    writer.save(field, {{1, 0}, {3, 2}}, "part");
    const bool early = fs::exists(folder / "run.h5");
    writer.commit();

    EXPECT_FALSE(early);
    EXPECT_FALSE(fs::exists(folder / "run.h5.part"));
    EXPECT_THAT(paths_of(folder / "run.h5"), ElementsAre("/a/counts", "/a/field", "/part"));
    expect_saved<double, 2>(everyone, folder / "run.h5", "a/field");
    expect_saved<int, 1>(everyone, folder / "run.h5", "a/counts");
    expect_refused([&] { writer.save(field, "late"); }, errc::invalid_argument, {"ended already"});
}

TEST(Hdf5Writer, WithoutCommitNothingStays) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> field(everyone, {700, 30});
    fill(field);
    save_hdf5(field, folder / "old.h5", "field");
    const std::string before = bytes_of(folder / "old.h5");
    {
        hdf5_writer fresh(everyone, folder / "new.h5");
        hdf5_writer existing(everyone, folder / "old.h5", save_mode::add);
        fresh.save(field, "field");
        existing.save(field, "again");
        existing.save(field, "group/again");
    }

    MPI_Barrier(MPI_COMM_WORLD);

    EXPECT_FALSE(fs::exists(folder / "new.h5"));
    EXPECT_FALSE(fs::exists(folder / "new.h5.part"));
    EXPECT_TRUE(bytes_of(folder / "old.h5") == before);
}

TEST(Hdf5Writer, AddsADatasetToAFile) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> field(everyone, {70, 30});
    array<int, 1> counts(everyone, {9});
    fill(field);
    fill(counts);

    save_hdf5(field, folder / "run.h5", "field", added); // makes the file
    save_hdf5(counts, folder / "run.h5", "more/counts", added);

    EXPECT_THAT(paths_of(folder / "run.h5"), ElementsAre("/field", "/more/counts"));
    expect_saved<double, 2>(everyone, folder / "run.h5", "field");
    expect_saved<int, 1>(everyone, folder / "run.h5", "more/counts");
}

TEST(Hdf5Writer, RefusesToAddWhatIsThere) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> field(everyone, {70});
    fill(field);
    const fs::path file = folder / "run.h5";
    save_hdf5(field, file, "group/field");
    const std::string before = bytes_of(file);

    expect_refused([&] { save_hdf5(field, file, "group/field", added); }, errc::io,
                   {"run.h5", "\"group/field\"", "has something of this name already"});
    expect_refused([&] { save_hdf5(field, file, "/group//field/", added); }, errc::io, {"already"});
    expect_refused([&] { save_hdf5(field, file, "group", overwritten); }, errc::io, {"no dataset"});
    expect_refused([&] { save_hdf5(field, file, "group/field/below", added); }, errc::io,
                   {"run.h5"});
    expect_refused([&] { save_hdf5(field, file, "", added); }, errc::io, {"needs a name"});

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_TRUE(bytes_of(file) == before);
}

TEST(Hdf5Writer, OverwritesOneDatasetAndLeavesTheOthers) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> old(everyone, {70});
    array<std::int32_t, 2> newer(everyone, {8, 9});
    fill(newer);
    fill(old);
    save_hdf5(newer, folder / "run.h5", "a", added);
    save_hdf5(old, folder / "run.h5", "b", added);

    save_hdf5(old, folder / "run.h5", "a", overwritten);
    save_hdf5(newer, folder / "run.h5", "c/d", overwritten);

    expect_saved<double, 1>(everyone, folder / "run.h5", "a");
    expect_saved<double, 1>(everyone, folder / "run.h5", "b");
    expect_saved<std::int32_t, 2>(everyone, folder / "run.h5", "c/d");
}

TEST(Hdf5Writer, RefusesFilesThatAreNoHdf5) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> field(everyone, {70});
    if (world_rank() == 0) std::ofstream(folder / "text.h5") << "nothing of the kind";
    MPI_Barrier(MPI_COMM_WORLD);

    expect_refused([&] { save_hdf5(field, folder / "text.h5", "a", added); }, errc::io,
                   {"text.h5", "no HDF5 file"});
    expect_refused([&] { save_hdf5(field, folder.path(), "a", added); }, errc::io,
                   {"Is a directory"});

    EXPECT_EQ(bytes_of(folder / "text.h5"), "nothing of the kind");
}

TEST(Hdf5Writer, RefusesAFileThatIsBeingWritten) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> field(everyone, {70});
    fill(field);
    hdf5_writer first(everyone, folder / "run.h5");
    first.save(field, "field");

    expect_refused([&] { save_hdf5(field, folder / "run.h5", "field"); }, errc::io, {"run.h5"});
    first.commit();

    expect_saved<double, 1>(everyone, folder / "run.h5", "field");
}

TEST(Hdf5Writer, AttributesComeBack) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> field(everyone, {7});
    const attributes all = {{"units", "K"},
                            {"time", 0.25},
                            {"step", 12},
                            {"origin", std::vector<double>{1, 2.5, -3}},
                            {"grid", std::vector<index_t>{4, 5}},
                            {"axes", std::vector<std::string>{"x", "längs"}},
                            {"nothing", std::vector<index_t>{}},
                            {"empty", ""}};
    save_options options;
    options.attributes = all;

    save_hdf5(field, folder / "run.h5", "group/field", options);
    set_attribute(everyone, folder / "run.h5", "group/field", "step", 13);
    set_attribute(everyone, folder / "run.h5", "group", "note", "a group");
    set_attribute(everyone, folder / "run.h5", "/", "program", "nodespan");

    attributes expected = all;
    expected["step"] = 13;
    EXPECT_EQ(read_attributes(everyone, folder / "run.h5", "group/field"), expected);
    EXPECT_EQ(describe_dataset(everyone, folder / "run.h5", "group/field").attributes, expected);
    EXPECT_EQ(read_attributes(folder / "run.h5", "group"), (attributes{{"note", "a group"}}));
    EXPECT_EQ(read_attributes(folder / "run.h5"), (attributes{{"program", "nodespan"}}));
    expect_refused([&] { set_attribute(everyone, folder / "none.h5", "/", "a", 1); }, errc::io,
                   {"none.h5", "No such file"});
    expect_refused([&] { set_attribute(everyone, folder / "run.h5", "none", "a", 1); }, errc::io,
                   {"run.h5", "\"none\""});
}

TEST(Hdf5Writer, AttributesOfNewDatasetsAndGroupsAreSetWithTheirNames) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> field(everyone, {7});
    fill(field);
    hdf5_writer writer(everyone, folder / "run.h5");
    writer.save(field, "group/field");
    writer.set_attribute("group/field", "units", "K");
    writer.set_attribute("/group", "note", "a group");
    writer.set_attribute("/", "step", 7);

    writer.commit();

    EXPECT_EQ(read_attributes(folder / "run.h5", "group/field"), (attributes{{"units", "K"}}));
    EXPECT_EQ(read_attributes(folder / "run.h5", "group"), (attributes{{"note", "a group"}}));
    EXPECT_EQ(read_attributes(folder / "run.h5"), (attributes{{"step", 7}}));
}

TEST(Hdf5Writer, AnAttributeOfNothingLeavesAnExistingFileAsItWas) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> field(everyone, {7});
    save_hdf5(field, folder / "run.h5", "field");
    const std::string before = bytes_of(folder / "run.h5");
    {
        hdf5_writer writer(everyone, folder / "run.h5", save_mode::add);
        writer.save(field, "more");
        writer.set_attribute("none", "units", "K");
        expect_refused([&] { writer.commit(); }, errc::io, {"no \"none\""});
    }

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_TRUE(bytes_of(folder / "run.h5") == before);
}

TEST(Hdf5Writer, RefusesToBeUsedOnceItHasBeenMovedFrom) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    const array<int, 1> field(everyone, {40});
    hdf5_writer source(everyone, folder / "run.h5");

    hdf5_writer writer = std::move(source);

    const std::vector<std::function<void()>> calls{
        [&] { source.save(field, "field"); },
        [&] { source.set_attribute("/", "name", std::string("run")); },
        [&] { source.commit(); },
    };
    for (std::size_t i = 0; i < calls.size(); ++i)
        EXPECT_EQ(caught(calls[i]).code, errc::invalid_argument) << "call " << i;
    writer.save(field, "field");
    writer.commit();
    EXPECT_EQ(list_datasets(everyone, folder / "run.h5").size(), 1U);
}

TEST(Hdf5Writer, FilesAreDescribedWithoutLoading) {
    const shared_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<std::complex<float>, 2> field(everyone, {40, 30});
    save_options packed;
    packed.chunk = {8, 30};
    packed.deflate = 4;
    packed.shuffle = true;
    packed.checksum = true;
    save_hdf5(field, folder / "run.h5", "a/field", packed);

    const std::vector<dataset_info> together = list_datasets(everyone, folder / "run.h5");
    const dataset_info alone = describe_dataset(folder / "run.h5", "a/field");

    ASSERT_EQ(together.size(), 1U);
    for (const dataset_info& d : {together[0], alone}) {
        EXPECT_EQ(d.path, "/a/field");
        EXPECT_EQ(d.type, "complex64");
        EXPECT_TRUE(d.is_loadable);
        EXPECT_THAT(d.extents, ElementsAre(40, 30));
        EXPECT_THAT(d.chunk, ElementsAre(8, 30));
        EXPECT_THAT(d.filters, ElementsAre("shuffle", "deflate", "fletcher32"));
        EXPECT_LT(d.stored_bytes, 40U * 30U * 8U);
    }
    expect_refused([&] { static_cast<void>(list_datasets(everyone, folder / "none.h5")); },
                   errc::io, {"list_datasets(\"", "none.h5", "No such file"});
    EXPECT_THROW(list_datasets(folder / "none.h5"), error);
}

} // namespace
