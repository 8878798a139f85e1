#include "pieces.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace {

using nodespan::dynamic_rank;
using nodespan::index_list;
using nodespan::index_t;
using nodespan::detail::largest_piece;
using nodespan::detail::pieces;
using box = nodespan::box<dynamic_rank>;

box make_box(const std::array<index_t, 3>& lo, const std::array<index_t, 3>& hi) {
    return {lo, hi};
}

TEST(Pieces, CoverABoxWithoutOverlapInOrder) {
    const box whole = make_box({2, 3, 1}, {9, 8, 7});
    for (index_t most = 1; most <= whole.size() + 1; ++most) {
        SCOPED_TRACE(most);
        index_t covered = 0, largest = 0;
        for (const box& part : pieces(whole, most)) {
            EXPECT_FALSE(part.empty());
            EXPECT_LE(part.size(), most);
            EXPECT_TRUE(whole.contains(part));
            // Row-major pieces: each begins where the last one ended.
            const index_t offset = ((part.lo[0] - 2) * 5 + part.lo[1] - 3) * 6 + part.lo[2] - 1;
            EXPECT_EQ(offset, covered);
            covered += part.size();
            largest = std::max(largest, part.size());
        }
        EXPECT_EQ(covered, whole.size());
        EXPECT_EQ(largest, largest_piece(whole, most));
    }
}

TEST(Pieces, KeepASmallBoxWhole) {
    const box whole = make_box({0, 0, 0}, {4, 4, 4});

    ASSERT_EQ(pieces(whole, 64).size(), 1U);
    EXPECT_EQ(pieces(whole, 64).front(), whole);
}

TEST(Pieces, CutRowsThatAreTooLong) {
    const box whole = make_box({0, 0, 0}, {2, 1, index_t{1} << 33});

    EXPECT_EQ(pieces(whole, index_t{1} << 30).size(), 16U);
}

TEST(Pieces, EndWhereTheLargestNumberDoes) {
    constexpr index_t most = std::numeric_limits<index_t>::max();

    const auto found = pieces(box{index_list(1, most - 5), index_list(1, most)}, 2);

    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found.back(), (box{index_list(1, most - 1), index_list(1, most)}));
}

TEST(Pieces, OfAnEmptyBoxAreNone) {
    EXPECT_TRUE(pieces(make_box({0, 0, 0}, {4, 0, 4}), 3).empty());
}

} // namespace
