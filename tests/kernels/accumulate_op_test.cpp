#include <gtest/gtest.h>
#include <nodespan/accumulate_op.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace {

using nodespan::accumulate_op;
using nodespan::detail::element_kind;
using nodespan::detail::kind_of;
using nodespan::detail::supports;

enum class colour : int { red };
struct point {
    double x, y;
};

TEST(Element, KindsOfIntegersGoBySizeAndSign) {
    EXPECT_EQ(kind_of<signed char>(), element_kind::int8);
    EXPECT_EQ(kind_of<unsigned char>(), element_kind::uint8);
    EXPECT_EQ(kind_of<char>(), char(-1) < 0 ? element_kind::int8 : element_kind::uint8);
    EXPECT_EQ(kind_of<char16_t>(), element_kind::uint16);
    EXPECT_EQ(kind_of<short>(), element_kind::int16);
    EXPECT_EQ(kind_of<std::uint16_t>(), element_kind::uint16);
    EXPECT_EQ(kind_of<int>(), element_kind::int32);
    EXPECT_EQ(kind_of<unsigned>(), element_kind::uint32);
    EXPECT_EQ(kind_of<long long>(), element_kind::int64);
    EXPECT_EQ(kind_of<unsigned long long>(), element_kind::uint64);
    EXPECT_EQ(kind_of<long>(), sizeof(long) == 8 ? element_kind::int64 : element_kind::int32);
}

TEST(Element, KindsOfFloatingAndComplexNumbersGoByType) {
    EXPECT_EQ(kind_of<float>(), element_kind::float32);
    EXPECT_EQ(kind_of<const double>(), element_kind::float64);
    EXPECT_EQ(kind_of<long double>(), element_kind::long_double);
    EXPECT_EQ(kind_of<std::complex<float>>(), element_kind::complex_float32);
    EXPECT_EQ(kind_of<std::complex<double>>(), element_kind::complex_float64);
}

TEST(Element, WhatIsNoNumberIsOther) {
    EXPECT_EQ(kind_of<bool>(), element_kind::other);
    EXPECT_EQ(kind_of<colour>(), element_kind::other);
    EXPECT_EQ(kind_of<std::byte>(), element_kind::other);
    EXPECT_EQ(kind_of<point>(), element_kind::other);
    EXPECT_EQ(kind_of<int*>(), element_kind::other);
    EXPECT_EQ(kind_of<std::complex<long double>>(), element_kind::other);
}

TEST(Element, OnlyOrderedNumbersHaveMinAndMax) {
    EXPECT_TRUE(supports(element_kind::int8, accumulate_op::min));
    EXPECT_TRUE(supports(element_kind::long_double, accumulate_op::max));
    EXPECT_TRUE(supports(element_kind::complex_float64, accumulate_op::sum));
    EXPECT_TRUE(supports(element_kind::complex_float32, accumulate_op::replace));
    EXPECT_FALSE(supports(element_kind::complex_float32, accumulate_op::min));
    EXPECT_FALSE(supports(element_kind::complex_float64, accumulate_op::max));
    EXPECT_FALSE(supports(element_kind::complex_float32, accumulate_op::fmin));
    EXPECT_TRUE(supports(element_kind::float32, accumulate_op::fmax));
    EXPECT_FALSE(supports(element_kind::float32, static_cast<accumulate_op>(7)));
    EXPECT_FALSE(supports(element_kind::other, accumulate_op::replace));
}

TEST(Element, OperationsHaveNames) {
    EXPECT_EQ(to_string(accumulate_op::sum), std::string("sum"));
    EXPECT_EQ(to_string(accumulate_op::replace), std::string("replace"));
}

} // namespace
