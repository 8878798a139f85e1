// Feeds damaged .npy headers, CSV lines and Matrix Market files to their parsers, built with the
// address and undefined-behaviour sanitizers: whatever comes, they return or throw `malformed`.

#include "csv_dialect.hpp"
#include "csv_text.hpp"
#include "malformed.hpp"
#include "mtx_header.hpp"
#include "npy_header.hpp"
#include "number_text.hpp"
#include "text_lines.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <cstring>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::detail;

constexpr unsigned seed = 20140504;
constexpr int rounds = 300'000;

// Changes, inserts, removes and doubles bytes; numbers drawn are the same everywhere.
class mutator {
public:
    explicit mutator(std::string alphabet) : alphabet_(std::move(alphabet)) {}

    std::string change(std::string text) {
        for (std::size_t k = 1 + below(6); k > 0; --k) change_once(text);
        return text;
    }

    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }

private:
    char any() {
        return below(3) == 0 ? static_cast<char>(below(256)) : alphabet_[below(alphabet_.size())];
    }

    void change_once(std::string& text) {
        const std::size_t at = below(text.size() + 1), count = below(8);
        switch (below(6)) {
        case 0:
            if (at < text.size()) text[at] = any();
            break;
        case 1:
            text.insert(at, 1, any());
            break;
        case 2:
            text.erase(at, count);
            break;
        case 3:
            text.insert(at, text.substr(below(text.size() + 1), count * 4));
            break;
        case 4:
            if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
            break;
        default:
            if (below(8) == 0) text.resize(at);
        }
    }

    std::string alphabet_;
    std::mt19937 random_{seed};
};

// In memory of exactly its size, so that a look beyond its end is noticed.
class exact_copy {
public:
    explicit exact_copy(const std::string& text)
        : bytes_(std::make_unique<char[]>(text.size())),
          size_(text.size()) {
        std::memcpy(bytes_.get(), text.data(), size_);
    }
    std::string_view text() const { return {bytes_.get(), size_}; }

private:
    std::unique_ptr<char[]> bytes_;
    std::size_t size_;
};

template <class Body>
bool is_taken(Body&& body) {
    try {
        body();
        return true;
    } catch (const malformed& wrong) {
        EXPECT_NE(std::string(wrong.what()), "");
        return false;
    }
}

TEST(ParsersFuzz, NpyHeadersAreReadOrRefused) {
    std::vector<std::string> seeds;
    for (const std::vector<index_t>& shape :
         std::vector<std::vector<index_t>>{{}, {3}, {30, 4}, {1, 2, 3, 4, 5, 6}})
        seeds.push_back(make_npy_header(
            {dtype::float64, byte_order::big, index_order::column_major, shape, 0}));
    seeds.push_back(seeds[1]);
    seeds.back()[6] = '\2';
    mutator random("{}()',:<>|=0123456789LTrueFalsdciofbS[ \n\\\"-");
    int taken = 0;
    for (int round = 0; round < rounds; ++round) {
        const std::string text = random.change(seeds[random.below(seeds.size())]);
        const exact_copy copy(text);
        taken += is_taken([&] {
            const npy_header header = parse_npy_header(copy.text());
            EXPECT_GE(npy_size(header), 0);
            EXPECT_LE(header.data_offset, text.size());
            npy_header again = header; // what was read can be written
            again.data_offset = make_npy_header(header).size();
            if (bytes_of(header.type) > 1 || header.bytes == byte_order::little) {
                EXPECT_EQ(parse_npy_header(make_npy_header(header)), again);
            }
        });
    }
    std::printf("seed %u: %d of %d headers were read\n", seed, taken, rounds);
    EXPECT_GT(taken, rounds / 100);
    EXPECT_LT(taken, rounds);
}

// A row that is taken for names unasked has no numbers, unless it stands in quotes above a blank
// line.
void expect_names_only_of_what_is_no_number(std::string_view rows, char separator) {
    if (!csv_has_names(rows, separator)) return;
    const std::string_view first = take_csv_row(rows);
    if (is_quoted_csv_line(first, separator) && is_blank_line(take_line(rows), ' ')) return;
    for (const std::string& field : split_csv_line(first, separator))
        EXPECT_FALSE(is_number_text(trim_blanks(field))) << first;
}

// Whatever names are written above a row, they come back.
void expect_same_names(const std::vector<std::string>& names, char separator) {
    if (names.empty()) return;
    const std::string text = format_csv_names(names, separator, true) + "1";
    std::string_view rows = text;
    EXPECT_TRUE(csv_has_names(rows, separator)) << text;
    EXPECT_EQ(csv_preamble_bytes(text), 0U) << text;
    EXPECT_EQ(split_csv_line(take_csv_row(rows), separator), names) << text;
}

TEST(ParsersFuzz, CsvLinesAreReadOrRefused) {
    const std::vector<std::string> seeds = {"1,2,3",
                                            "-1.5e10;nan; +inf ;0.1",
                                            "\"1\",\"2.5\", \"-3\"",
                                            "  12   -7\t 9.25 ",
                                            "name,\"a \"\"b\"\"\",c",
                                            "# text\n\n1,2\r\n3,4\r\n",
                                            "\n# a,b\n\n # c\n1|2\r3|4\r",
                                            "\"1\":\"b\"\n\n1:2\n",
                                            "#N/A\tNA\n1.0D+00\t2.5D-3\n",
                                            "\xEF\xBB\xBF x;y\n1;2\n",
                                            "99999999999999999999,1e400,1e-400,0x10"};
    mutator random("0123456789+-.eED,;|: \t\r\n\r\n\"#naifNA/");
    int taken = 0;
    for (int round = 0; round < rounds; ++round) {
        const exact_copy copy(random.change(seeds[random.below(seeds.size())]));
        const char separator = ",; \t|:"[random.below(6)];
        std::string_view rest = copy.text();
        const std::string_view line = take_line(rest);
        taken += is_taken([&] {
            const std::string_view rows = copy.text().substr(csv_preamble_bytes(copy.text()));
            const char found = find_csv_separator(rows);
            EXPECT_EQ(split_csv_line(line, found).size(), count_csv_fields(line, found));
            expect_names_only_of_what_is_no_number(rows, found);
            expect_names_only_of_what_is_no_number(rows, separator);
            expect_same_names(split_csv_line(line, separator), separator);
        });
        taken += is_taken([&] {
            const std::size_t columns = count_csv_fields(line, separator);
            ASSERT_LE(columns, line.size() + 1);
            const auto type = static_cast<dtype>(random.below(11)); // none complex
            const auto row = std::make_unique<std::byte[]>(columns * bytes_of(type));
            parse_csv_line(line, separator, type, columns, row.get());
            if (columns == 0) return;
            std::string text; // what was read can be written, and is the same
            format_csv_line(row.get(), columns, separator, type, text);
            const auto again = std::make_unique<std::byte[]>(columns * bytes_of(type));
            parse_csv_line(text.substr(0, text.size() - 1), separator, type, columns, again.get());
            std::string second;
            format_csv_line(again.get(), columns, separator, type, second);
            EXPECT_EQ(text, second);
        });
    }
    std::printf("seed %u: %d of %d readings were good\n", seed, taken, 2 * rounds);
    EXPECT_GT(taken, rounds / 10);
    EXPECT_LT(taken, 2 * rounds);
}

TEST(ParsersFuzz, MtxFilesAreReadOrRefused) {
    const std::vector<std::string> seeds = {
        "%%MatrixMarket matrix array real general\n% a\n2 2\n1\n2.5e3\nnan\n",
        "%%MatrixMarket matrix array integer skew-symmetric\r\n3 3\r\n-1\r\n+2\r\n3\r\n",
        "%%MatrixMarket matrix array complex hermitian\n\n2 2\n1 0\n1.0D+00\t-2\n4 0"};
    mutator random("0123456789+-.eED \t\r\n%MatrixkgenlpcyhmsI");
    int taken = 0;
    for (int round = 0; round < rounds; ++round) {
        const exact_copy copy(random.change(seeds[random.below(seeds.size())]));
        taken += is_taken([&] {
            std::string_view rest = copy.text();
            mtx_header_parser parser;
            while (!parser.take(take_line(rest)))
                if (rest.empty()) throw malformed("no size");
            const mtx_entries places(parser.header());
            ASSERT_GE(places.size(), 0);
            if (places.size() > 0) {
                const auto last = places[places.size() - 1];
                EXPECT_LT(last.row, parser.header().rows);
                EXPECT_LT(last.column, parser.header().columns);
            }
            std::complex<double> value;
            while (!rest.empty())
                parse_mtx_value(take_line(rest), parser.header().field, dtype::complex128,
                                reinterpret_cast<std::byte*>(&value));
        });
    }
    std::printf("seed %u: %d of %d files were read\n", seed, taken, rounds);
    EXPECT_GT(taken, rounds / 100);
    EXPECT_LT(taken, rounds);
}

} // namespace
