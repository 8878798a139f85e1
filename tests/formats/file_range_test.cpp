#include "file_range.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::detail;

TEST(FileRange, BoxesHoldExactlyTheRangeInOrder) {
    for (const index_list& extents : {index_list(1, 7), index_list(std::array<index_t, 2>{3, 5}),
                                      index_list(std::array<index_t, 3>{3, 1, 4}),
                                      index_list(std::array<index_t, 4>{2, 3, 2, 3})}) {
        const index_list zero(static_cast<int>(extents.size()), 0);
        const box<dynamic_rank> whole{zero, extents};
        for (index_t first = 0; first <= whole.size(); ++first)
            for (index_t count = 0; first + count <= whole.size(); ++count) {
                index_t at = first, boxes = 0;
                for_each_box_of_range(extents, first, count, [&](const box<dynamic_rank>& part) {
                    EXPECT_FALSE(part.empty());
                    EXPECT_TRUE(whole.contains(part));
                    EXPECT_TRUE(is_range(extents, part));
                    EXPECT_EQ(range_offset(extents, part.lo), at);
                    at += part.size();
                    ++boxes;
                });
                ASSERT_EQ(at, first + count);
                EXPECT_LE(boxes, 2 * static_cast<index_t>(extents.size()));
            }
    }
}

TEST(FileRange, KnowsWhichBoxesAreRanges) {
    const index_list extents(std::array<index_t, 3>{4, 3, 5});
    const auto range = [&](std::array<index_t, 3> lo, std::array<index_t, 3> hi) {
        return is_range(extents, {lo, hi});
    };

    EXPECT_TRUE(range({1, 0, 0}, {3, 3, 5}));
    EXPECT_TRUE(range({1, 1, 0}, {2, 3, 5}));
    EXPECT_TRUE(range({1, 1, 2}, {2, 2, 4}));
    EXPECT_TRUE(range({2, 2, 2}, {2, 3, 4}));
    EXPECT_FALSE(range({1, 1, 0}, {3, 3, 5}));
    EXPECT_FALSE(range({1, 0, 1}, {2, 3, 5}));
}

template <class T>
std::vector<unsigned char> turned(const std::vector<T>& values) {
    std::vector<unsigned char> bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    swap_bytes(reinterpret_cast<std::byte*>(bytes.data()), static_cast<index_t>(values.size()),
               dtype_of<T>());
    return bytes;
}

TEST(FileRange, TurnsTheBytesOfEachNumber) {
    if (!needs_swap(byte_order::big, dtype::int16)) GTEST_SKIP() << "this machine is big";

    EXPECT_EQ(turned<std::uint16_t>({0x0102, 0x0304}), (std::vector<unsigned char>{1, 2, 3, 4}));
    EXPECT_EQ(turned<std::uint32_t>({0x01020304}), (std::vector<unsigned char>{1, 2, 3, 4}));
    EXPECT_EQ(turned<std::int64_t>({0x0102030405060708}),
              (std::vector<unsigned char>{1, 2, 3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(turned<std::complex<float>>({{1.0F, 2.0F}}),
              (std::vector<unsigned char>{0x3F, 0x80, 0, 0, 0x40, 0, 0, 0}));
    EXPECT_FALSE(needs_swap(byte_order::big, dtype::uint8));
    EXPECT_FALSE(needs_swap(byte_order::little, dtype::complex128));
}

} // namespace
