#include "mtx_header.hpp"

#include "malformed.hpp"
#include "text_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <complex>
#include <cstring>

namespace {

using namespace nodespan;
using namespace nodespan::detail;
using testing::HasSubstr;

mtx_header header_of(std::string_view text) {
    mtx_header_parser parser;
    while (!text.empty())
        if (parser.take(take_line(text))) return parser.header();
    throw malformed("no size");
}

template <class Body>
std::string refusal_of(Body&& body) {
    try {
        body();
    } catch (const malformed& wrong) {
        return wrong.what();
    }
    return "nothing was refused";
}

template <class T>
T value_of(std::string_view line, mtx_field field) {
    T result{};
    parse_mtx_value(line, field, dtype_of<T>(), reinterpret_cast<std::byte*>(&result));
    return result;
}

template <class T>
std::string text_of(T value) {
    std::string result;
    format_mtx_value(reinterpret_cast<const std::byte*>(&value), dtype_of<T>(), result);
    return result;
}

TEST(MtxHeader, ReadsFieldSymmetryAndSizeBehindComments) {
    const mtx_header a = header_of("%%MatrixMarket matrix array real general\n3 4\n1\n");
    EXPECT_EQ(a.field, mtx_field::real);
    EXPECT_EQ(a.symmetry, mtx_symmetry::general);
    EXPECT_EQ(a.rows, 3);
    EXPECT_EQ(a.columns, 4);
    EXPECT_EQ(a.lines, 2U);

    const mtx_header b = header_of(
        "%%matrixmarket  MATRIX Array\tComplex Hermitian\r\n% a\r\n%\r\n\r\n  5\t5 \r\n1 2\r\n");
    EXPECT_EQ(b.field, mtx_field::complex);
    EXPECT_EQ(b.symmetry, mtx_symmetry::hermitian);
    EXPECT_EQ(b.rows, 5);
    EXPECT_EQ(b.lines, 5U);
}

TEST(MtxHeader, WhatIsWrittenIsRead) {
    for (const dtype type : {dtype::boolean, dtype::int64, dtype::float32, dtype::complex128}) {
        const mtx_header found = header_of(format_mtx_header(type, 7, 0));
        EXPECT_TRUE(can_hold(type, found.field));
        EXPECT_EQ(found.rows, 7);
        EXPECT_EQ(found.columns, 0);
        EXPECT_EQ(found.lines, 2U);
    }
}

TEST(MtxHeader, NamesTheLineOfWhatIsWrong) {
    const auto expect = [](const std::string& text, const char* words) {
        EXPECT_THAT(refusal_of([&] { header_of(text); }), HasSubstr(words)) << text;
    };
    const std::string first = "%%MatrixMarket matrix array real general\n";
    expect("\x93NUMPY\n", "line 1: this is no Matrix Market file");
    expect("\n" + first, "line 1: this is no Matrix Market file");
    expect("%%MatrixMarket matrix array real\n", "five words");
    expect("%%MatrixMarket vector array real general\n", "\"vector\", which is no matrix");
    expect("%%MatrixMarket matrix coordinate real general\n", "line 1: the matrix is sparse");
    expect("%%MatrixMarket matrix list real general\n", "\"list\" is neither array");
    expect("%%MatrixMarket matrix array pattern general\n", "\"pattern\" is no field");
    expect("%%MatrixMarket matrix array real round\n", "\"round\" is no symmetry");
    expect("%%MatrixMarket matrix array real hermitian\n", "hermitian matrix is complex");
    expect(first + "%\n3 x\n", "line 3: \"x\" is no number of rows or columns");
    expect(first + "3 -4\n", "line 2: \"-4\" is no number of rows or columns");
    expect(first + "3 4 5\n", "line 2: \"3 4 5\" is not the rows and columns");
    expect(first + "4294967296 4294967296\n", "line 2: so many rows and columns");
    expect(first + "0 9223372036854775807\n", "line 2: so many rows and columns");
    expect("%%MatrixMarket matrix array real symmetric\n3 4\n", "symmetric has as many rows");
}

TEST(MtxPlaces, TellTheRowAndColumnOfEveryElement) {
    for (const mtx_symmetry symmetry : {mtx_symmetry::general, mtx_symmetry::symmetric,
                                        mtx_symmetry::skew_symmetric, mtx_symmetry::hermitian})
        for (const index_t size : {0, 1, 2, 7}) {
            const mtx_entries places({mtx_field::complex, symmetry, size, size, 2});
            index_t element = 0;
            for (index_t column = 0; column < size; ++column) {
                EXPECT_EQ(places.column_start(column), element);
                for (index_t row = places.first_row(column); row < size; ++row, ++element) {
                    EXPECT_EQ(places[element].row, row);
                    EXPECT_EQ(places[element].column, column);
                }
            }
            EXPECT_EQ(places.size(), element);
        }
}

TEST(MtxValues, BringBackEveryBit) {
    EXPECT_EQ(text_of(0.1), "0.1\n");
    EXPECT_EQ(text_of(true), "1\n");
    EXPECT_EQ(text_of(std::complex<float>(1.5F, -2)), "1.5 -2\n");
    EXPECT_EQ(value_of<double>(" 0.1 ", mtx_field::real), 0.1);
    EXPECT_EQ(value_of<std::int64_t>("-9223372036854775808", mtx_field::integer), INT64_MIN);
    EXPECT_EQ(value_of<std::complex<double>>("1\t -2.5", mtx_field::complex),
              std::complex<double>(1, -2.5));
    EXPECT_EQ(value_of<std::complex<double>>("1.0D+01", mtx_field::real), 10.0);
}

TEST(MtxValues, ShowWhatIsNone) {
    const auto expect = [](const std::string& why, const char* words) {
        EXPECT_THAT(why, HasSubstr(words));
    };
    expect(refusal_of([] { value_of<double>("1 2", mtx_field::real); }), "more than one value");
    expect(refusal_of([] { value_of<std::complex<float>>("1", mtx_field::complex); }),
           "is one number");
    expect(refusal_of([] { value_of<std::complex<float>>("1 2 3", mtx_field::complex); }),
           "\"2 3\" is no float32");
    expect(refusal_of([] { value_of<std::int8_t>("300", mtx_field::integer); }),
           "does not fit into int8");
    expect(refusal_of([] { value_of<double>("% later", mtx_field::real); }), "more than one");
}

TEST(MtxValues, AreMirroredAsTheSymmetrySays) {
    std::complex<double> z(1, 2);
    mirror_mtx_values(reinterpret_cast<std::byte*>(&z), 1, mtx_symmetry::hermitian,
                      dtype::complex128);
    EXPECT_EQ(z, std::complex<double>(1, -2));
    std::int8_t small[] = {5, -128};
    const auto mirror = [&](std::size_t count) {
        mirror_mtx_values(reinterpret_cast<std::byte*>(small), count, mtx_symmetry::skew_symmetric,
                          dtype::int8);
    };
    mirror(1);
    EXPECT_EQ(small[0], -5);
    EXPECT_THAT(refusal_of([&] { mirror(2); }), HasSubstr("does not fit into int8"));
}

} // namespace
