#include "csv_text.hpp"

#include "malformed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

namespace {

using namespace nodespan;
using namespace nodespan::detail;
using testing::ElementsAre;
using testing::HasSubstr;

// The numbers of a line; bits of bool are taken as bytes.
template <class T, class Shown = std::conditional_t<std::same_as<T, bool>, char, T>>
std::vector<Shown> numbers(const std::string& line, char separator, std::size_t columns) {
    std::vector<std::byte> bytes(columns * sizeof(T));
    parse_csv_line(line, separator, number_type_of<T>(), columns, bytes.data());
    std::vector<Shown> result(columns);
    std::memcpy(result.data(), bytes.data(), bytes.size());
    return result;
}

template <class T = double>
std::string complaint_of(const std::string& line, std::size_t columns, char separator = ',') {
    try {
        numbers<T>(line, separator, columns);
    } catch (const malformed& wrong) {
        return wrong.what();
    }
    return {};
}

template <class T>
std::string text_of(const std::vector<T>& row) {
    std::string text;
    format_csv_line(reinterpret_cast<const std::byte*>(row.data()), row.size(), ',',
                    number_type_of<T>(), text);
    return text;
}

TEST(CsvText, ReadsNumbersBetweenSeparators) {
    EXPECT_THAT(numbers<double>("1,2.5,-3e2", ',', 3), ElementsAre(1, 2.5, -300));
    EXPECT_THAT(numbers<double>(" 1 ; +2.5;\t-.5 ", ';', 3), ElementsAre(1, 2.5, -0.5));
    EXPECT_THAT(numbers<double>("1\t 2\t3", '\t', 3), ElementsAre(1, 2, 3));
    EXPECT_THAT(numbers<double>("  1   2\t3 ", ' ', 3), ElementsAre(1, 2, 3));
    EXPECT_THAT(numbers<double>("\"1\",\" 2\" , 3", ',', 3), ElementsAre(1, 2, 3));
    EXPECT_THAT(numbers<int>("7,-8,+9", ',', 3), ElementsAre(7, -8, 9));
}

TEST(CsvText, ReadsWhatIsNoFiniteNumber) {
    const std::vector<double> row = numbers<double>("nan,-inf,Infinity,NaN,1e-400,-1e-400", ',', 6);

    EXPECT_TRUE(std::isnan(row[0]));
    EXPECT_EQ(row[1], -INFINITY);
    EXPECT_EQ(row[2], INFINITY);
    EXPECT_TRUE(std::isnan(row[3]));
    EXPECT_EQ(row[4], 0);
    EXPECT_TRUE(std::signbit(row[5]));
}

TEST(CsvText, NamesTheColumnOfWhatIsNoNumber) {
    EXPECT_THAT(complaint_of("1,x y,3", 3), HasSubstr("column 2: \"x y\" is no float64"));
    EXPECT_THAT(complaint_of("1,2,", 3), HasSubstr("column 3: the field is empty"));
    EXPECT_THAT(complaint_of("1,2.5.6", 2), HasSubstr("column 2"));
    EXPECT_THAT(complaint_of("+-1", 1), HasSubstr("column 1"));
    EXPECT_THAT(complaint_of("1e999", 1), HasSubstr("does not fit into float64"));
    EXPECT_THAT(complaint_of<float>("1e39", 1), HasSubstr("does not fit into float32"));
    EXPECT_THAT(complaint_of<std::int8_t>("300", 1), HasSubstr("does not fit into int8"));
    EXPECT_THAT(complaint_of<unsigned>("-1", 1), HasSubstr("is no uint32"));
    EXPECT_THAT(complaint_of<int>("1.0", 1), HasSubstr("is no int32"));
    EXPECT_THAT(complaint_of<bool>("2", 1), HasSubstr("is no bool"));
    EXPECT_THAT(complaint_of("\"1", 1), HasSubstr("past the end of its line"));
    EXPECT_THAT(complaint_of("\"1\"2", 1), HasSubstr("follows the quotes"));
}

TEST(CsvText, RefusesRowsOfAnotherLength) {
    EXPECT_THAT(complaint_of("1,2", 3), HasSubstr("the line has 2 columns, the first one 3"));
    EXPECT_THAT(complaint_of("1,2,3,4", 3), HasSubstr("the line has 4 columns, the first one 3"));
    EXPECT_THAT(complaint_of("1 2 3", 2, ' '), HasSubstr("the line has 3 columns"));
}

TEST(CsvText, FindsSeparatorAndHeader) {
    const auto expect = [](const std::string& text, char separator, bool has_header) {
        SCOPED_TRACE(text);
        const csv_dialect found = detect_csv_dialect(text, 0);
        EXPECT_EQ(found.separator, separator);
        EXPECT_EQ(found.has_header, has_header);
    };
    expect("", ',', false);
    expect("1\n2\n", ',', false);
    expect("1,2\n3,4\n", ',', false);
    expect("a,b\n3,4\n", ',', true);
    expect("1;2\n", ';', false);
    expect("\"x, y\"\t\"z\"\n1\t2\n", '\t', true);
    expect("my weight\n71.5\n", ',', true);
    expect("  1.0   2.0\n  3.0   4.0\n", ' ', false);
    expect("\xEF\xBB\xBF# made by hand; really\n# again\n\n1,2\n", ',', false);
    expect("nan,inf,1e999\n", ',', false);
    EXPECT_EQ(detect_csv_dialect("a b;c\n1,2\n", ';').separator, ';');
}

TEST(CsvText, SplitsNames) {
    EXPECT_THAT(split_csv_line("a, b c ,,\"d, \"\"e\"\"\"", ','),
                ElementsAre("a", "b c", "", "d, \"e\""));
    EXPECT_THAT(split_csv_line("a  b", ' '), ElementsAre("a", "b"));
}

TEST(CsvText, WritesTheShortestTextThatReadsBack) {
    const std::vector<double> row{0.1, -0.0, 1e300, 5e-324, 1.0 / 3, INFINITY, -INFINITY};
    const std::string text = text_of(row);

    EXPECT_EQ(text, "0.1,-0,1e+300,5e-324,0.3333333333333333,inf,-inf\n");
    const std::vector<double> back = numbers<double>(std::string(without_line_end(text)), ',', 7);
    EXPECT_EQ(std::memcmp(back.data(), row.data(), sizeof(double) * row.size()), 0);
    EXPECT_EQ(text_of<std::int64_t>({std::numeric_limits<std::int64_t>::min(), 0}),
              "-9223372036854775808,0\n");
    EXPECT_EQ(text_of<std::uint8_t>({255, 7}), "255,7\n");
}

TEST(CsvText, KnowsBlankLinesAndLineEnds) {
    EXPECT_EQ(without_line_end("1,2\r\n"), "1,2");
    EXPECT_EQ(without_line_end("1,2\n"), "1,2");
    EXPECT_EQ(without_line_end("1,2"), "1,2");
    EXPECT_TRUE(is_blank_line(" \t"));
    EXPECT_FALSE(is_blank_line(" 0"));
    EXPECT_EQ(csv_preamble_bytes("#a\n#b\n1\n"), 6U);
    EXPECT_EQ(csv_preamble_bytes("# no end"), 8U);
    EXPECT_EQ(csv_preamble_bytes("1\n"), 0U);
}

} // namespace
