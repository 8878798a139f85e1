#include "nodespan/detail/inside.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace {

using nodespan::index_t;
using nodespan::detail::are_inside;

constexpr index_t lowest = std::numeric_limits<index_t>::min();
constexpr index_t highest = std::numeric_limits<index_t>::max();

TEST(Inside, AgreesWithComparisonsAtBothEnds) {
    const index_t ends[] = {lowest, lowest + 1, -2, -1, 0, 1, 6, 7, 8, 1000, highest - 1, highest};
    const std::vector<index_t> extents = {0, 1, 7, 1000, highest};

    for (const index_t low : {index_t{0}, index_t{1}, index_t{7}})
        for (const index_t extent : extents) {
            if (extent > highest - low) continue;
            for (const index_t number : ends)
                EXPECT_EQ(are_inside(&number, 1, low, extent),
                          number >= low && number < low + extent)
                    << number << " in [" << low << ", " << low + extent << ")";
        }
}

TEST(Inside, OneNumberOutsideIsFoundWhereverItStands) {
    for (std::size_t count = 1; count <= 70; ++count)
        for (std::size_t wrong = 0; wrong < count; ++wrong) {
            std::vector<index_t> numbers(count, 3);
            ASSERT_TRUE(are_inside(numbers.data(), count, 3, 1));
            numbers[wrong] = 4;
            EXPECT_FALSE(are_inside(numbers.data(), count, 3, 1)) << wrong << " of " << count;
        }
}

TEST(Inside, AnEmptyListIsInsideOfAnything) {
    EXPECT_TRUE(are_inside(nullptr, 0, 0, 0));
}

} // namespace
