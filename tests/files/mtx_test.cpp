#include <nodespan/mtx.hpp>
#include <nodespan/team.hpp>

#include "file_cases.hpp"

#include <complex>
#include <cstdint>

namespace {

using namespace nodespan;
using namespace nodespan::test;
namespace fs = std::filesystem;

using complex = std::complex<double>;

template <class T, int N>
void expect_round_trip(team& everyone, const indices<N>& extents, const array_options& made = {}) {
    const file_folder folder;
    array<T, N> written(everyone, extents, made), read(everyone, extents, made);
    fill_elements(written);

    save_mtx(written, folder / "a.mtx");
    load_mtx(read, folder / "a.mtx");
    array<T, N> opened = open_mtx<T, N>(everyone, folder / "a.mtx");

    expect_elements(read);
    expect_elements(opened);
    EXPECT_EQ(opened.extents(), extents);
    EXPECT_FALSE(fs::exists(folder / "a.mtx.part"));
    everyone.fence();
}

// All elements of a small file, row by row, on every rank.
template <class T = double>
std::vector<T> numbers_of(team& everyone, const fs::path& file, indices<2> extents) {
    array<T, 2> a = open_mtx<T, 2>(everyone, file);
    EXPECT_EQ(a.extents(), extents);
    std::vector<T> result(static_cast<std::size_t>(a.size()));
    a.get({{0, 0}, a.extents()}, result);
    everyone.fence();
    return result;
}

TEST(Mtx, BringsBackEveryElementType) {
    team everyone(MPI_COMM_WORLD);

    expect_round_trip<bool, 2>(everyone, {23, 3});
    expect_round_trip<std::int8_t, 2>(everyone, {23, 3});
    expect_round_trip<std::uint16_t, 2>(everyone, {23, 3});
    expect_round_trip<std::int32_t, 2>(everyone, {23, 3});
    expect_round_trip<std::int64_t, 2>(everyone, {23, 3});
    expect_round_trip<std::uint64_t, 2>(everyone, {23, 3});
    expect_round_trip<float, 2>(everyone, {23, 3});
    expect_round_trip<double, 2>(everyone, {23, 3});
    expect_round_trip<std::complex<float>, 2>(everyone, {23, 3});
    expect_round_trip<complex, 2>(everyone, {23, 3});
}

TEST(Mtx, BringsBackEveryShape) {
    team everyone(MPI_COMM_WORLD);
    array_options columns;
    columns.distribution.node_grid = {1, everyone.nodes()};
    columns.distribution.rank_grid = {1, 0};

    expect_round_trip<double, 1>(everyone, {40});
    expect_round_trip<double, 1>(everyone, {0});
    expect_round_trip<complex, 1>(everyone, {5});
    expect_round_trip<double, 2>(everyone, {0, 3});
    expect_round_trip<double, 2>(everyone, {3, 0});
    expect_round_trip<double, 2>(everyone, {1, 1});
    expect_round_trip<double, 2>(everyone, {2, 30});
    expect_round_trip<int, 2>(everyone, {11, 9}, columns);
    expect_round_trip<float, 2>(everyone, {60'000, 20}); // more than the buffers hold
}

TEST(Mtx, WritesWhatTheFormatSays) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {2, 3});
    array<complex, 1> z(everyone, {2});
    if (everyone.rank() == 0) {
        a.put({{0, 0}, {2, 3}}, std::vector<double>{1, 2, 3, 4, 5.5, 6});
        z.put({{0}, {2}}, std::vector<complex>{{1, -1}, {0, 2.5}});
    }

    save_mtx(a, folder / "a.mtx");
    save_mtx(z, folder / "z.mtx");

    EXPECT_EQ(read_text(folder / "a.mtx"),
              "%%MatrixMarket matrix array real general\n2 3\n1\n4\n2\n5.5\n3\n6\n");
    EXPECT_EQ(read_text(folder / "z.mtx"),
              "%%MatrixMarket matrix array complex general\n2 1\n1 -1\n0 2.5\n");
    const mtx_contents found = mtx_info(folder / "z.mtx");
    EXPECT_EQ(found.type, dtype::complex128);
    EXPECT_EQ(found.symmetry, "general");
    EXPECT_EQ(found.rows, 2);
    EXPECT_EQ(found.columns, 1);
}

TEST(Mtx, ReadsWhatOtherProgramsWrite) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    const fs::path file = folder / "a.mtx";

    for (const std::string text :
         {"%%MatrixMarket matrix array real general\n2 2\n1\n3\n2\n4\n",
          "%%MatrixMarket MATRIX Array integer general\r\n%\r\n% a\r\n\r\n2 2\r\n1\r\n3\r\n2\r\n4",
          "%%MatrixMarket matrix array real general\n%\n 2  2 \n  1.0e+00\n\n3.0D0\n+2\n 4. "
          "\n\n"}) {
        SCOPED_TRACE(text);
        write_text(file, text);

        EXPECT_EQ(numbers_of(everyone, file, {2, 2}), (std::vector<double>{1, 2, 3, 4}));
        EXPECT_EQ(numbers_of<complex>(everyone, file, {2, 2}), (std::vector<complex>{1, 2, 3, 4}));
    }
}

TEST(Mtx, CompletesMatricesOfWhichAFileHasTheLowerTriangle) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    const fs::path file = folder / "a.mtx";
    write_text(file, "%%MatrixMarket matrix array real symmetric\n3 3\n1\n2\n3\n4\n5\n6\n");
    EXPECT_EQ(numbers_of(everyone, file, {3, 3}), (std::vector<double>{1, 2, 3, 2, 4, 5, 3, 5, 6}));
    EXPECT_EQ(mtx_info(file).symmetry, "symmetric");
    everyone.fence();

    write_text(file, "%%MatrixMarket matrix array integer skew-symmetric\n3 3\n1\n2\n3\n");
    EXPECT_EQ(numbers_of<int>(everyone, file, {3, 3}),
              (std::vector<int>{0, -1, -2, 1, 0, -3, 2, 3, 0}));
    expect_same_refusal([&] { static_cast<void>(open_mtx<unsigned, 2>(everyone, file)); }, errc::io,
                        {"negative elements, and uint32 none"});

    write_text(file, "%%MatrixMarket matrix array complex hermitian\n2 2\n1 0\n2 3\n4 0\n");
    EXPECT_EQ(numbers_of<complex>(everyone, file, {2, 2}),
              (std::vector<complex>{1, {2, -3}, {2, 3}, 4}));
    everyone.fence();

    constexpr index_t size = 90; // many lines a rank, which end within columns
    std::string text = "%%MatrixMarket matrix array integer symmetric\n90 90\n";
    for (index_t column = 0; column < size; ++column)
        for (index_t row = column; row < size; ++row)
            text += std::to_string(row * size + column) + "\n";
    write_text(file, text);
    std::vector<std::int64_t> expected;
    for (index_t row = 0; row < size; ++row)
        for (index_t column = 0; column < size; ++column)
            expected.push_back(std::max(row, column) * size + std::min(row, column));
    EXPECT_EQ(numbers_of<std::int64_t>(everyone, file, {size, size}), expected);
}

TEST(Mtx, NamesFileLineAndPlaceOfWhatIsWrong) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    const fs::path file = folder / "bad.mtx";
    const std::string first = "%%MatrixMarket matrix array real general\n% about\n";
    const auto expect = [&](const std::string& text, const std::vector<std::string>& words) {
        write_text(file, text);
        expect_same_refusal([&] { static_cast<void>(open_mtx<double, 2>(everyone, file)); },
                            errc::io, words);
    };

    expect(first + "2 3\n1\n2\n3\n\n4\nx\n6\n",
           {"bad.mtx", "line 9, row 1, column 3: \"x\" is no float64"});
    expect(first + "2 3\n1\n2\n3\n4\n5\n",
           {"line 3 announces 6 values", "has 5 up to line 8: it is truncated"});
    expect(first + "1 2\n1\n2\n3\n", {"has 3 up to line 6: something follows them"});
    expect(first + "2 1\n1 2\n3\n", {"line 4, row 1, column 1: \"1 2\" is more than one value"});
    expect(first, {"the file ends before the line with its rows and columns: it is truncated"});
    expect("", {"line 1: this is no Matrix Market file"});
    expect("a,b\n1,2\n", {"line 1: this is no Matrix Market file"});
    expect(std::string(300'000, 'x'), {"line 1: this is no Matrix Market file"});
    expect("%%MatrixMarket matrix coordinate real general\n1 1 1\n1 1 1\n",
           {"line 1: the matrix is sparse (coordinate)", "toarray"});
    expect("%%MatrixMarket matrix array complex general\n1 1\n1 1\n",
           {"the file holds complex numbers, the array float64"});
    expect("%%MatrixMarket matrix array real symmetric\n3 3\n1\n2\n3\n4\nx\n6\n",
           {"line 7, row 3, column 2: \"x\" is no float64"});
    expect(first + "100000 100000\n1\n", {"announces 10000000000 values", "truncated"});
}

TEST(Mtx, RefusesFilesThatDoNotFit) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {3, 2});
    const fs::path file = folder / "a.mtx";
    write_text(file, "%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n");

    expect_same_refusal([&] { load_mtx(a, file); }, errc::io,
                        {"the file has extents {2, 2}, the array {3, 2}"});
    expect_same_refusal([&] { static_cast<void>(open_mtx<double, 1>(everyone, file)); }, errc::io,
                        {"2 columns, the array one dimension"});
    expect_same_refusal([&] { static_cast<void>(open_mtx<int, 2>(everyone, file)); }, errc::io,
                        {"the file holds real numbers, the array int32"});
    expect_same_refusal([&] { load_mtx(a, folder / "none.mtx"); }, errc::io, {"No such file"});
}

TEST(Mtx, LeavesTheOldFileWhereTheNewOneCannotBeWritten) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> old(everyone, {6, 3}), newer(everyone, {600, 30});
    fill_elements(old);
    save_mtx(old, folder / "a.mtx");

    {
        const file_size_limit disk(world_rank() == world_size() - 1 ? 1000 : RLIM_INFINITY);
        expect_same_refusal([&] { save_mtx(newer, folder / "a.mtx"); }, errc::io,
                            {"a.mtx", "File too large"});
    }

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_FALSE(fs::exists(folder / "a.mtx.part"));
    load_mtx(old, folder / "a.mtx");
    expect_elements(old);
}

TEST(Mtx, SavesWhereALinkLeads) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {6, 3});
    fill_elements(a);

    expect_saving_follows_links(folder.path(), [&](const fs::path& file) { save_mtx(a, file); });
}

} // namespace
