#include "npy_header.hpp"

#include "malformed.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace {

using namespace nodespan;
using namespace nodespan::detail;
using testing::HasSubstr;

std::string file_of(const std::string& dictionary, char version = '\1') {
    std::string text = std::string("\x93NUMPY") + version + '\0';
    const std::size_t size = dictionary.size();
    text += static_cast<char>(size & 0xFF);
    text += static_cast<char>(size >> 8);
    if (version != '\1') text += std::string(2, '\0');
    return text + dictionary;
}

std::string complaint_of(const std::string& text) {
    try {
        parse_npy_header(text);
    } catch (const malformed& wrong) {
        return wrong.what();
    }
    return {};
}

std::string complaint_of_type(const std::string& descr) {
    return complaint_of(
        file_of("{'descr': " + descr + ", 'fortran_order': False, 'shape': (3,), }\n"));
}

TEST(NpyHeader, ReadsWhatNumPyWrites) {
    const std::string text =
        file_of("{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }      \n");

    const npy_header header = parse_npy_header(text);

    EXPECT_EQ(header.type, dtype::float64);
    EXPECT_EQ(header.bytes, byte_order::little);
    EXPECT_EQ(header.order, index_order::row_major);
    EXPECT_EQ(header.shape, (std::vector<index_t>{3, 4}));
    EXPECT_EQ(header.data_offset, text.size());
}

TEST(NpyHeader, ReadsAllVersionsAndShapes) {
    for (const char version : {'\1', '\2', '\3'}) {
        const auto shape_of = [&](const std::string& shape) {
            return parse_npy_header(
                       file_of("{\"shape\":" + shape + ",'fortran_order' : True ,'descr': '>c16'}",
                               version))
                .shape;
        };

        EXPECT_EQ(shape_of("()"), std::vector<index_t>{});
        EXPECT_EQ(shape_of("(5,)"), std::vector<index_t>{5});
        EXPECT_EQ(shape_of("( 1,2 , 0, 7 )"), (std::vector<index_t>{1, 2, 0, 7}));
        EXPECT_EQ(shape_of("(3L, 4L)"), (std::vector<index_t>{3, 4}));
    }
}

TEST(NpyHeader, BringsBackEveryTypeOrderAndShape) {
    for (const dtype_facts& facts : dtypes)
        for (const byte_order bytes : {byte_order::little, byte_order::big})
            for (const index_order order : {index_order::row_major, index_order::column_major})
                for (const std::vector<index_t>& shape : std::vector<std::vector<index_t>>{
                         {}, {0}, {7}, {3, 4}, {1LL << 40, 5}, {1, 2, 3, 4, 5, 6, 7, 8}}) {
                    npy_header header{*find_dtype(facts.name), bytes, order, shape, 0};

                    const std::string text = make_npy_header(header);

                    if (facts.bytes == 1) header.bytes = byte_order::little; // bytes have none
                    header.data_offset = text.size();
                    EXPECT_EQ(text.size() % 64, 0U);
                    EXPECT_EQ(parse_npy_header(text), header);
                }
}

TEST(NpyHeader, WritesVersionTwoWhereOneHasNoRoom) {
    npy_header header;
    header.shape = std::vector<index_t>(30000, 1);

    const std::string text = make_npy_header(header);

    EXPECT_EQ(text[6], '\2');
    EXPECT_EQ(parse_npy_header(text).shape, header.shape);
}

TEST(NpyHeader, SaysWhyATypeIsRefused) {
    EXPECT_EQ(complaint_of_type("'<i4'"), "");
    EXPECT_EQ(complaint_of_type("'|b1'"), "");
    EXPECT_THAT(complaint_of_type("'<f2'"), HasSubstr("float16"));
    EXPECT_THAT(complaint_of_type("'<f16'"), HasSubstr("'<f16'"));
    EXPECT_THAT(complaint_of_type("'|O'"), HasSubstr("Python objects"));
    EXPECT_THAT(complaint_of_type("'<U12'"), HasSubstr("'<U12'"));
    EXPECT_THAT(complaint_of_type("'<M8[ns]'"), HasSubstr("'<M8[ns]'"));
    EXPECT_THAT(complaint_of_type("'|V8'"), HasSubstr("'|V8'"));
    EXPECT_THAT(complaint_of_type("'|i4'"), HasSubstr("'|i4'"));
    EXPECT_THAT(complaint_of_type("''"), HasSubstr("''"));
    EXPECT_THAT(complaint_of_type("[('x', '<f8'), ('y', '<i4')]"), HasSubstr("structured dtype"));
}

TEST(NpyHeader, SaysWhatIsWrongWithAHeader) {
    const std::string good = file_of("{'descr': '<f8', 'fortran_order': False, 'shape': (3,)}");

    EXPECT_THAT(complaint_of(""), HasSubstr("empty"));
    EXPECT_THAT(complaint_of("PK\3\4 a zip archive"), HasSubstr("no .npy file"));
    EXPECT_THAT(complaint_of(good.substr(0, 5)), HasSubstr("truncated"));
    EXPECT_THAT(complaint_of(good.substr(0, 11)), HasSubstr("truncated"));
    EXPECT_THAT(complaint_of(good.substr(0, good.size() - 1)), HasSubstr("truncated"));
    EXPECT_THAT(complaint_of(file_of("{}", '\4')), HasSubstr("version 4.0"));
    EXPECT_THAT(complaint_of(file_of("{'descr': '<f8', 'shape': (3,)}")), HasSubstr("missing"));
    EXPECT_THAT(complaint_of(file_of("{'descr': '<f8', 'descr': '<f8'}")), HasSubstr("second"));
    EXPECT_THAT(complaint_of(file_of("{'shape': (-3,)}")), HasSubstr("extent"));
    EXPECT_THAT(complaint_of(file_of("{'shape': (99999999999999999999,)}")), HasSubstr("extent"));
    EXPECT_THAT(complaint_of(file_of("{'descr': '<f8', 'fortran_order': 0, 'shape': (3,)}")),
                HasSubstr("neither True nor False"));
    EXPECT_THAT(complaint_of(file_of("{'descr': '<f8', 'fortran_order': False, "
                                     "'shape': (4000000000, 4000000000)}")),
                HasSubstr("2^62"));
}

} // namespace
