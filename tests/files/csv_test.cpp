#include <nodespan/csv.hpp>
#include <nodespan/team.hpp>

#include "file_cases.hpp"

#include <cmath>
#include <cstdint>
#include <limits>

namespace {

using namespace nodespan;
using namespace nodespan::test;
namespace fs = std::filesystem;

static_assert(csv_number<bool> && csv_number<double> && !csv_number<std::complex<double>>);

template <class T, int N>
void expect_round_trip(team& everyone, const indices<N>& extents, const csv_options& options = {},
                       const array_options& made = {}) {
    const file_folder folder;
    array<T, N> written(everyone, extents, made), read(everyone, extents, made);
    fill_elements(written);

    save_csv(written, folder / "a.csv", options);
    csv_options how = options;
    how.names.clear();
    load_csv(read, folder / "a.csv", how);
    array<T, N> opened = open_csv<T, N>(everyone, folder / "a.csv");

    expect_elements(read);
    expect_elements(opened);
    EXPECT_EQ(opened.extent(0), extents[0]);
    EXPECT_EQ(csv_info(folder / "a.csv").names, options.names);
    EXPECT_FALSE(fs::exists(folder / "a.csv.part"));
    everyone.fence();
}

// All elements of a small file, on every rank.
template <class T = double>
std::vector<T> numbers_of(team& everyone, const fs::path& file, indices<2> extents,
                          const csv_options& options = {}) {
    array<T, 2> a = open_csv<T, 2>(everyone, file, options);
    EXPECT_EQ(a.extents(), extents);
    std::vector<T> result(static_cast<std::size_t>(a.size()));
    a.get({{0, 0}, a.extents()}, result);
    everyone.fence();
    return result;
}

TEST(Csv, BringsBackEveryElementType) {
    team everyone(MPI_COMM_WORLD);

    expect_round_trip<bool, 2>(everyone, {23, 3});
    expect_round_trip<std::int8_t, 2>(everyone, {23, 3});
    expect_round_trip<std::uint8_t, 2>(everyone, {23, 3});
    expect_round_trip<std::int16_t, 2>(everyone, {23, 3});
    expect_round_trip<std::uint16_t, 2>(everyone, {23, 3});
    expect_round_trip<std::int32_t, 2>(everyone, {23, 3});
    expect_round_trip<std::uint32_t, 2>(everyone, {23, 3});
    expect_round_trip<std::int64_t, 2>(everyone, {23, 3});
    expect_round_trip<std::uint64_t, 2>(everyone, {23, 3});
    expect_round_trip<float, 2>(everyone, {23, 3});
    expect_round_trip<double, 2>(everyone, {23, 3});
}

TEST(Csv, BringsBackAllSeparatorsNamesAndShapes) {
    team everyone(MPI_COMM_WORLD);
    for (const char separator : {',', ';', '\t', ' ', '|', ':'}) {
        csv_options options;
        options.separator = separator;
        expect_round_trip<double, 2>(everyone, {17, 3}, options);
        for (const std::vector<std::string>& names : std::vector<std::vector<std::string>>{
                 {"time in s", "a \"b\"", "c,;d"}, {"1", "2.5", "1e3"}, {"t", "1990", "2000"}}) {
            options.names = names;
            expect_round_trip<double, 2>(everyone, {17, 3}, options);
            expect_round_trip<double, 2>(everyone, {1, 3}, options);
        }
        options.names = {"a", "b", "c"};
        expect_round_trip<double, 2>(everyone, {0, 3}, options);
    }
    expect_round_trip<double, 1>(everyone, {40});
    expect_round_trip<double, 1>(everyone, {0});
    expect_round_trip<double, 2>(everyone, {0, 3});
    expect_round_trip<double, 2>(everyone, {1, 1});
    expect_round_trip<double, 2>(everyone, {2, 3});
}

TEST(Csv, BringsBackColumnsOfManyRanksAndMoreThanTheBufferHolds) {
    team everyone(MPI_COMM_WORLD);
    array_options columns;
    columns.distribution.node_grid = {1, everyone.nodes()};
    columns.distribution.rank_grid = {1, 0};

    expect_round_trip<int, 2>(everyone, {11, 9}, {}, columns);
    expect_round_trip<float, 2>(everyone, {60'000, 20});
}

TEST(Csv, ReadsWhatOtherProgramsWrite) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    const fs::path file = folder / "a.csv";
    const std::vector<double> expected{1, 2, 3, 4};

    for (const std::string text :
         {"1,2\n3,4\n", "1,2\n3,4", "1,2\r\n3,4\r\n", "\n1,2\n\n\n3,4\n\n", "a,b\n1,2\n3,4\n",
          "# x\n# y\n1 2\n3 4\n",
          "\xEF\xBB\xBF"
          "a;b\r\n1;2\r\n\r\n3;4",
          "\"1\",\"2\"\n 3 ,+4\n", "1.0e+00 2.0e+00\n3.0e+00 4.0e+00\n", "   1\t   2\n   3\t   4\n",
          "1,2\r3,4\r", "a,b\r\r1,2\r3,4", "1|2\n3|4\n", "1:2\r\n3:4", "\n# a,b\n1,2\r3,4\n",
          "1.0D+00 2.0D+00\n3.0D+00 4.0D+00\n"}) {
        SCOPED_TRACE(text);
        write_text(file, text);

        EXPECT_EQ(numbers_of(everyone, file, {2, 2}), expected);
    }
    write_text(file, "1,2\n3,4\n");
    csv_options headed;
    headed.header = csv_header::present;
    EXPECT_EQ(numbers_of(everyone, file, {1, 2}, headed), (std::vector<double>{3, 4}));
    write_text(file, "");
    EXPECT_EQ(numbers_of(everyone, file, {0, 0}), std::vector<double>{});
    write_text(file, "a,b\n");
    EXPECT_EQ(numbers_of(everyone, file, {0, 2}, headed), std::vector<double>{});
    write_text(file, "5,6"); // a single row
    EXPECT_EQ(numbers_of(everyone, file, {1, 2}), (std::vector<double>{5, 6}));
}

TEST(Csv, CutsLinesOfAnyLengthAtAnyPlace) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    // Rows whose lengths differ much, so that ranks' bytes begin at all places within a line, and
    // within its end.
    for (const std::string end : {"\n", "\r", "\r\n"})
        for (const int longest : {1, 2, 7, 20}) {
            std::string text;
            std::vector<double> expected;
            for (int row = 0; row < 53; ++row) {
                text += std::string(static_cast<std::size_t>(row % longest), ' ') + "1" +
                        std::string(static_cast<std::size_t>(row * 7 % longest), '0') + end;
                expected.push_back(std::pow(10, row * 7 % longest));
            }
            write_text(folder / "a.csv", text);

            EXPECT_EQ(numbers_of(everyone, folder / "a.csv", {53, 1}), expected);
            everyone.fence();
        }
}

TEST(Csv, KeepsEveryBitOfDoubles) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 1> a(everyone, {1000}), b(everyone, {1000});
    for (index_t i = a.rank_box().lo[0]; i < a.rank_box().hi[0]; ++i) {
        const auto bits = static_cast<std::uint64_t>(i + 1) * 0x9E3779B97F4A7C15U;
        a(i) = i % 10 == 0 ? INFINITY : i % 10 == 1 ? -0.0 : std::bit_cast<double>(bits);
        if (std::isnan(a(i))) a(i) = 5e-324;
    }

    save_csv(a, folder / "a.csv");
    load_csv(b, folder / "a.csv");

    for (index_t i = a.rank_box().lo[0]; i < a.rank_box().hi[0]; ++i) {
        EXPECT_EQ(std::bit_cast<std::uint64_t>(a(i)), std::bit_cast<std::uint64_t>(b(i)));
    }
}

TEST(Csv, NamesFileLineAndColumnOfWhatIsWrong) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    const fs::path file = folder / "bad.csv";
    std::string good = "a,b\n";
    for (int row = 0; row < 100; ++row) good += "1,2\n\n";
    const auto expect = [&](const std::string& text, const std::vector<std::string>& words) {
        write_text(file, text);
        expect_same_refusal([&] { static_cast<void>(open_csv<double, 2>(everyone, file)); },
                            errc::io, words);
    };

    expect(good + "3,x\n4,y\n", {"bad.csv", "line 202, column 2: \"x\" is no float64"});
    expect("1,2\n" + good.substr(4) + "1,2,3\n", {"line 202, ", "3 columns, the first one 2"});
    expect("1,2\n3,\n" + good.substr(4), {"line 2, column 2: the field is empty"});
    expect("1,2\n3,\"4\n", {"line 2, column 2", "past the end"});
    expect("\"a,b\n1,2", {"column 1", "past the end"});
    expect("a,b\r\n\r\n1,2\r\n3,4\rx,5\n", {"line 5, column 1"}); // as an editor counts lines
    expect("1,2\n# end,\n", {"line 2, column 1: \"# end\" is no float64"});
    expect("1\t2\n\t\n3\t4\n", {"line 2, column 1: the field is empty"});
    expect("\n1,NA\n3,4\n", {"line 2, column 2: \"NA\" leaves open", "csv_options::header"});
    expect("a,b\n", {"line 1, column 1: \"a\" leaves open", "csv_options::header"});
    expect(std::string("\xFF\xFE"
                       "1\0,\0"
                       "2\0",
                       8),
           {"UTF-16"});
    expect("3;4\n1,5;2,5\n", {"line 2, column 1: \"1,5\" is no float64"});
    write_text(file, "1\n300\n");
    expect_same_refusal([&] { static_cast<void>(open_csv<std::int8_t, 2>(everyone, file)); },
                        errc::io, {"line 2, column 1", "does not fit into int8"});
}

TEST(Csv, RefusesFilesAndArgumentsThatDoNotFit) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {3, 2}), empty(everyone, {3, 0});
    write_text(folder / "a.csv", "1,2\n3,4\n");
    csv_options odd, names;
    odd.separator = '.';
    names.names = {"a"};

    expect_same_refusal([&] { load_csv(a, folder / "a.csv"); }, errc::io,
                        {"2 rows of 2 columns, the array extents {3, 2}"});
    expect_same_refusal([&] { static_cast<void>(open_csv<double, 1>(everyone, folder / "a.csv")); },
                        errc::io, {"2 columns, the array one dimension"});
    expect_same_refusal([&] { load_csv(a, folder / "none.csv"); }, errc::io, {"No such file"});
    expect_same_refusal([&] { load_csv(a, folder / "a.csv", odd); }, errc::invalid_argument,
                        {"separator"});
    expect_same_refusal([&] { save_csv(a, folder / "b.csv", names); }, errc::invalid_argument,
                        {"1 names for 2 columns"});
    expect_same_refusal([&] { save_csv(empty, folder / "b.csv"); }, errc::invalid_argument,
                        {"rows without columns"});
}

TEST(Csv, LeavesTheOldFileWhereTheNewOneCannotBeWritten) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> old(everyone, {6, 3}), newer(everyone, {600, 30});
    fill_elements(old);
    save_csv(old, folder / "a.csv");

    {
        const file_size_limit disk(world_rank() == world_size() - 1 ? 1000 : RLIM_INFINITY);
        expect_same_refusal([&] { save_csv(newer, folder / "a.csv"); }, errc::io,
                            {"a.csv", "File too large"});
    }

    MPI_Barrier(MPI_COMM_WORLD);
    EXPECT_FALSE(fs::exists(folder / "a.csv.part"));
    load_csv(old, folder / "a.csv");
    expect_elements(old);
}

TEST(Csv, SavesWhereALinkLeads) {
    const file_folder folder;
    team everyone(MPI_COMM_WORLD);
    array<double, 2> a(everyone, {6, 3});
    fill_elements(a);

    expect_saving_follows_links(folder.path(), [&](const fs::path& file) { save_csv(a, file); });
}

} // namespace
