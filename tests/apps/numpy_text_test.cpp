#include "numpy_text.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::app;

// Expectations are what NumPy 1.24 prints.
template <class T>
std::string row(const std::vector<T>& values) {
    return in_brackets(indices<1>{static_cast<index_t>(values.size())}, numpy_words(values));
}

// 0, 1, 2, ... in an array of these extents; only what is shown gets words.
std::string counted(const index_list& extents) {
    const index_list strides = row_major_strides(extents);
    const index_t elements = strides[0] * extents[0];
    std::vector<index_t> values = {0};
    for (std::size_t d = 0; d < extents.size(); ++d) {
        std::vector<index_t> next;
        for (const index_t before : values)
            for (const index_t i : shown_along(extents[d], elements))
                next.push_back(before + i * strides[d]);
        values = next;
    }
    return in_brackets(extents, numpy_words(values));
}

TEST(NumpyText, PutsPointsBelowEachOther) {
    EXPECT_EQ(row<double>({0}), "[0.]");
    EXPECT_EQ(row<double>({0.5, -12.25, 3}), "[  0.5  -12.25   3.  ]");
    EXPECT_EQ(row<double>({1. / 3, 2. / 3}), "[0.33333333 0.66666667]");
    EXPECT_EQ(row<double>({0.123456789, 1}), "[0.12345679 1.        ]");
    EXPECT_EQ(row<float>({0.1F, 1.F / 3}), "[0.1        0.33333334]");
}

TEST(NumpyText, WritesExponentsWhereNumbersAreLargeSmallOrFarApart) {
    EXPECT_EQ(row<double>({1e8, 1.5, 0}), "[1.0e+08 1.5e+00 0.0e+00]");
    EXPECT_EQ(row<double>({1e100, 1, 1e-5}), "[1.e+100 1.e+000 1.e-005]");
    EXPECT_EQ(row<double>({1000, 1}), "[1000.    1.]");
    EXPECT_EQ(row<double>({1001, 1}), "[1.001e+03 1.000e+00]");
    EXPECT_EQ(row<float>({1374.8525F, 616.312F, -2000717.2F}),
              "[ 1.3748525e+03  6.1631201e+02 -2.0007172e+06]");
}

TEST(NumpyText, WritesIntegersAsWideAsTheWidest) {
    EXPECT_EQ(row<std::int8_t>({-128, 5, 127}), "[-128    5  127]");
    EXPECT_EQ(row<std::uint64_t>({std::numeric_limits<std::uint64_t>::max(), 0}),
              "[18446744073709551615                    0]");
}

TEST(NumpyText, BreaksLinesBefore75Characters) {
    EXPECT_EQ(counted(indices<1>{30}),
              "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n"
              " 24 25 26 27 28 29]");
}

TEST(NumpyText, PutsDimensionsInBrackets) {
    EXPECT_EQ(counted(indices<3>{2, 3, 4}), "[[[ 0  1  2  3]\n  [ 4  5  6  7]\n  [ 8  9 10 11]]\n\n"
                                            " [[12 13 14 15]\n  [16 17 18 19]\n  [20 21 22 23]]]");
}

TEST(NumpyText, ShowsTheEdgesOfMoreThan1000Elements) {
    EXPECT_EQ(counted(indices<1>{1001}), "[   0    1    2 ...  998  999 1000]");
    EXPECT_EQ(counted(indices<2>{7, 286}), "[[   0    1    2 ...  283  284  285]\n"
                                           " [ 286  287  288 ...  569  570  571]\n"
                                           " [ 572  573  574 ...  855  856  857]\n"
                                           " ...\n"
                                           " [1144 1145 1146 ... 1427 1428 1429]\n"
                                           " [1430 1431 1432 ... 1713 1714 1715]\n"
                                           " [1716 1717 1718 ... 1999 2000 2001]]");
    EXPECT_EQ(counted(indices<1>{1000}).find("..."), std::string::npos);
}

} // namespace
