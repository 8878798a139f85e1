#include "linear_range.hpp"

#include <gtest/gtest.h>

#include <array>

namespace {

using namespace nodespan;
using namespace nodespan::detail;

TEST(LinearRange, BoxesHoldExactlyTheRangeInOrder) {
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

TEST(LinearRange, KnowsWhichBoxesAreRanges) {
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

} // namespace
