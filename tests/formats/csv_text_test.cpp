#include "csv_text.hpp"
#include "text_lines.hpp"

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
    parse_csv_line(line, separator, dtype_of<T>(), columns, bytes.data());
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
    format_csv_line(reinterpret_cast<const std::byte*>(row.data()), row.size(), ',', dtype_of<T>(),
                    text);
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

TEST(CsvText, ReadsExponentsAsFortranWritesThem) {
    EXPECT_THAT(numbers<double>("1.0D+00 -2.5d-03 .5D1 1D2", ' ', 4),
                ElementsAre(1, -0.0025, 5, 100));
    EXPECT_THAT(numbers<float>("+1.5D+02", ',', 1), ElementsAre(150));
    EXPECT_THAT(complaint_of("1.0D", 1), HasSubstr("\"1.0D\" is no float64"));
    EXPECT_THAT(complaint_of("D+00", 1), HasSubstr("is no float64"));
    EXPECT_THAT(complaint_of("1.0D+999", 1), HasSubstr("does not fit into float64"));
    EXPECT_THAT(complaint_of<int>("1D0", 1), HasSubstr("is no int32"));
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
    const std::vector<double> back = numbers<double>(text.substr(0, text.size() - 1), ',', 7);
    EXPECT_EQ(std::memcmp(back.data(), row.data(), sizeof(double) * row.size()), 0);
    EXPECT_EQ(text_of<std::int64_t>({std::numeric_limits<std::int64_t>::min(), 0}),
              "-9223372036854775808,0\n");
    EXPECT_EQ(text_of<std::uint8_t>({255, 7}), "255,7\n");
}

TEST(CsvText, KnowsBlankLinesAndLineEnds) {
    std::string_view text = "a\n\r\nb\rc\r\nd";

    for (const char* line : {"a", "", "b", "c", "d"}) EXPECT_EQ(take_line(text), line);
    EXPECT_TRUE(text.empty());
    const std::string longer = std::string(1000, 'x') + "\r" + std::string(1000, 'y') + "\n";
    EXPECT_EQ(find_line_end(longer, 0), 1000U);
    EXPECT_EQ(find_line_end(longer, 1001), 2001U);
    EXPECT_EQ(find_line_end(longer, 2002), 2002U);
    EXPECT_TRUE(is_blank_line(" \t", ','));
    EXPECT_TRUE(is_blank_line(" \t", ' '));
    EXPECT_FALSE(is_blank_line(" \t", '\t')); // two fields without numbers
    EXPECT_FALSE(is_blank_line(" 0", ','));
}

} // namespace
