#include "csv_dialect.hpp"

#include "csv_text.hpp"
#include "malformed.hpp"
#include "text_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace nodespan::detail;
using testing::HasSubstr;

// "names" or "rows", as the first row is taken; else the complaint.
std::string first_row_of(const std::string& text, char separator = 0) {
    const std::string_view rows = std::string_view(text).substr(csv_preamble_bytes(text));
    try {
        const char found = separator != 0 ? separator : find_csv_separator(rows);
        return csv_has_names(rows, found) ? "names" : "rows";
    } catch (const malformed& wrong) {
        return wrong.what();
    }
}

TEST(CsvDialect, FindsEverySeparator) {
    const auto expect = [](const std::string& text, char separator) {
        SCOPED_TRACE(text);
        EXPECT_EQ(find_csv_separator(text), separator);
    };
    expect("", ',');
    expect("1\n2\n", ',');
    expect("1,2\n3,4\n", ',');
    expect("1;2\n", ';');
    expect("1|2|3\n", '|');
    expect("a|b\n1|2\n", '|');
    expect("1:2\n3:4", ':');
    expect("1 | 2\r 3 | 4\r", '|');
    expect("\"x, y\"\t\"z\"\n1\t2\n", '\t');
    expect("time: s, height: m\n1,2\n", ',');
    expect("my weight\n71.5\n", ',');
    expect("  1.0   2.0\n  3.0   4.0\n", ' ');
    expect("  1.0   2.0\t3.0\n", ' ');
    expect("1\t\t3\n4\t\t6\n", '\t'); // a gap is no blank
    expect("\t2\n\t4\n", '\t');
    expect("1.0D+00 2.0D+00\n", ' ');
    expect("1:2\n3:NA\n", ':');
    expect("1,5;2,5\n", ';');
}

TEST(CsvDialect, TakesARowForNamesOnlyWhereNoFieldIsANumberAndARowFollows) {
    for (const std::string text :
         {"a,b\n3,4\n", "a,b\r3,4", "time in s|T 1\n1|2\n", ",a,b\n0,1,2\n", "\"a\",b\n1,2\n",
          "# 1,2\n\n# c,d\na,b\n1,2\n", "x\n1\n", "a,b\nc,d\n1,2\n"})
        EXPECT_EQ(first_row_of(text), "names") << text;
    for (const std::string text :
         {"1,2\n", "1,2\n3,4\n", "nan,inf,1e9999\n", "1,,3\n4,5,6\n", "1.0D+00 2.0D+00\n",
          "1|2|3\n", "\"1\",\"2\"\n3,4\n", "\"1\",\"2\"\n\n\"3\",\"4\"\n", "\"1\",\"2\"\n\n",
          "\n# a,b\n1,2\n", "  # a,b\n1,2\n",
          "\xEF\xBB\xBF# made by hand; really\n# again\n\n1,2\n", "# a b\r# c d\r1 2\r", ""})
        EXPECT_EQ(first_row_of(text), "rows") << text;
}

TEST(CsvDialect, AsksForTheOptionWhereTheFirstRowIsNotClear) {
    const auto expect = [](const std::string& text, const std::string& field) {
        SCOPED_TRACE(text);
        const std::string found = first_row_of(text);
        EXPECT_THAT(found, HasSubstr(field));
        EXPECT_THAT(found, HasSubstr(" leaves open whether this line names the columns"));
        EXPECT_THAT(found, HasSubstr("csv_options::header"));
        EXPECT_THAT(found, HasSubstr("--header yes or no"));
    };
    expect("1,2 # first\n3,4\n", "column 2: \"2 # first\"");
    expect("1,NA,3\n4,5,6\n", "column 2: \"NA\"");
    expect("year,1990,2000\n1,2,3\n", "column 1: \"year\"");
    expect("a,b\n", "column 1: \"a\""); // no row follows
    expect("NA,n/a\n1,2\n", "column 1: \"NA\"");
    expect("#N/A,#N/A\n1,2\n", "column 1: \"#N/A\"");
    expect("-,-\n1,2\n", "column 1: \"-\"");
    expect("1st,2nd\n1,2\n", "column 1: \"1st\"");
    expect("a,0x10\n1,2\n", "column 2: \"0x10\"");
    expect("2014-05-04,12:30\n1,2\n", "column 1: \"2014-05-04\"");
    expect("1.5+100 2.5+100\n1 2\n", "column 1: \"1.5+100\"");
    expect("\xE2\x88\x92"
           "1,\xE2\x88\x92"
           "2\n1,2\n",
           "column 1: ");
    expect(",\n1,2\n", "column ");
    EXPECT_THAT(first_row_of("1|2\n3|4\n", ';'), HasSubstr("';' is not the separator"));
}

TEST(CsvDialect, NamesThatAreWrittenComeBack) {
    for (const char separator : {',', ';', '\t', ' ', '|', ':'})
        for (const std::vector<std::string>& names :
             std::vector<std::vector<std::string>>{{"a", "b"},
                                                   {"1", "2"},
                                                   {"time", "1980"},
                                                   {"nan", "NA"},
                                                   {"", ""},
                                                   {" a ", "#b"},
                                                   {"# c", "d\t\"e\""},
                                                   {"1D0", "2.5|3:4;5,6"}}) {
            const std::string text = format_csv_names(names, separator, true) + "1\n";
            SCOPED_TRACE(text);
            std::string_view rows = text;

            EXPECT_EQ(csv_preamble_bytes(text), 0U);
            EXPECT_TRUE(csv_has_names(text, separator));
            EXPECT_EQ(split_csv_line(take_csv_row(rows), separator), names);
        }
    EXPECT_EQ(format_csv_names({"a", "b c"}, ',', true), "a,b c\n");
    EXPECT_EQ(format_csv_names({"1", "a"}, ',', true), "\"1\",\"a\"\n\n");
    EXPECT_EQ(first_row_of(format_csv_names({"a", "b"}, ',', false)), "names"); // above no rows
    EXPECT_EQ(format_csv_names({}, ',', true), "");
}

TEST(CsvDialect, PassesByCommentsAboveTheRowsAlone) {
    EXPECT_EQ(csv_preamble_bytes("#a\n#b\n1\n"), 6U);
    EXPECT_EQ(csv_preamble_bytes("\n\n #a\r\n\r#b\r1\r"), 11U);
    EXPECT_EQ(csv_preamble_bytes("# no end"), 8U);
    EXPECT_EQ(csv_preamble_bytes("\n1\n#a\n"), 0U);
    EXPECT_EQ(csv_preamble_bytes("#N/A,1\n"), 0U);
    EXPECT_EQ(csv_preamble_bytes("1\n"), 0U);
}

} // namespace
