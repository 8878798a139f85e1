#include "nodespan/detail/narrow.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace {

using nodespan::detail::holds_all_of;
using nodespan::detail::narrow;
using nodespan::detail::number_name;
template <class T>
using limits = std::numeric_limits<T>;

template <class To, class From>
bool is_kept(From value) {
    const auto same = narrow<To>(value);
    return same && static_cast<long double>(*same) == static_cast<long double>(value);
}

TEST(Narrow, IntegersAreThemselvesOrNothing) {
    EXPECT_FALSE(narrow<int>(std::int64_t{5'000'000'000}));
    EXPECT_FALSE(narrow<unsigned>(-1));
    EXPECT_FALSE(narrow<std::uint64_t>(std::int8_t{-1}));
    EXPECT_FALSE(narrow<std::int64_t>(std::uint64_t{1} << 63));
    EXPECT_FALSE(narrow<bool>(2));
    EXPECT_FALSE(narrow<bool>(-1));
    EXPECT_TRUE(is_kept<bool>(1));
    EXPECT_TRUE(is_kept<std::int8_t>(limits<std::int8_t>::min()));
    EXPECT_TRUE(is_kept<std::int64_t>(limits<std::uint64_t>::max() / 2));
    EXPECT_TRUE(is_kept<std::uint64_t>(true));
}

TEST(Narrow, IntegersInFloatsAreThemselvesOrNothing) {
    const std::int64_t whole = std::int64_t{1} << 53;

    EXPECT_TRUE(is_kept<double>(whole));
    EXPECT_FALSE(narrow<double>(whole + 1));
    EXPECT_FALSE(narrow<double>(limits<std::int64_t>::max())); // rounds to 2^63
    EXPECT_TRUE(is_kept<double>(limits<std::int64_t>::min()));
    EXPECT_FALSE(narrow<float>(limits<std::uint64_t>::max()));
    EXPECT_TRUE(is_kept<float>(std::uint64_t{1} << 63));
    EXPECT_TRUE(is_kept<long double>(limits<std::uint64_t>::max()));
}

TEST(Narrow, FloatsInIntegersAreThemselvesOrNothing) {
    EXPECT_TRUE(is_kept<int>(3.0));
    EXPECT_FALSE(narrow<int>(3.5));
    EXPECT_FALSE(narrow<int>(2147483648.0));
    EXPECT_TRUE(is_kept<int>(-2147483648.0));
    EXPECT_FALSE(narrow<std::uint64_t>(-1.0));
    EXPECT_FALSE(narrow<std::uint64_t>(18446744073709551616.0));
    EXPECT_FALSE(narrow<int>(limits<double>::quiet_NaN()));
    EXPECT_FALSE(narrow<int>(limits<double>::infinity()));
    EXPECT_FALSE(narrow<bool>(2.0));
    EXPECT_TRUE(is_kept<bool>(1.0));
}

TEST(Narrow, FloatsAreThemselvesOrNothing) {
    EXPECT_FALSE(narrow<float>(1e300));
    EXPECT_FALSE(narrow<float>(-1e300));
    EXPECT_FALSE(narrow<float>(0.1));
    EXPECT_FALSE(narrow<float>(5e-324));
    EXPECT_FALSE(narrow<double>(1e400L));
    EXPECT_FALSE(narrow<double>(limits<long double>::denorm_min()));
    EXPECT_TRUE(is_kept<float>(static_cast<double>(0.1F)));
    EXPECT_TRUE(is_kept<double>(static_cast<long double>(5e-324)));
    EXPECT_TRUE(is_kept<float>(static_cast<double>(limits<float>::max())));
    EXPECT_TRUE(is_kept<float>(limits<double>::infinity()));
    EXPECT_TRUE(std::isnan(*narrow<float>(limits<double>::quiet_NaN())));
    EXPECT_TRUE(std::signbit(*narrow<float>(-0.0)));
}

TEST(Narrow, TypesThatHoldAllOfOthersAreKnown) {
    EXPECT_TRUE((holds_all_of<double, float>));
    EXPECT_TRUE((holds_all_of<double, int>));
    EXPECT_TRUE((holds_all_of<std::int64_t, std::uint32_t>));
    EXPECT_FALSE((holds_all_of<double, std::int64_t>));
    EXPECT_FALSE((holds_all_of<std::uint64_t, std::int8_t>));
    EXPECT_FALSE((holds_all_of<std::int64_t, std::uint64_t>));
    EXPECT_FALSE((holds_all_of<float, double>));
    EXPECT_FALSE((holds_all_of<std::int64_t, float>));
}

TEST(Narrow, TypesHaveNames) {
    EXPECT_EQ(number_name<bool>(), "bool");
    EXPECT_EQ(number_name<std::uint16_t>(), "uint16");
    EXPECT_EQ(number_name<long>(), "int64");
    EXPECT_EQ(number_name<float>(), "float32");
    EXPECT_EQ(number_name<long double>(), "long double");
}

} // namespace
