#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nodespan/error.hpp>

#include <stdexcept>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

using nodespan::errc;
using nodespan::error;

TEST(Error, SaysExactlyWhatItWasGiven) {
    const error failure(errc::out_of_range, "array<double,2>::get({1000, 0}): too far");

    EXPECT_STREQ(failure.what(), "nodespan: array<double,2>::get({1000, 0}): too far");
}

TEST(Error, IsOneLine) {
    const error failure(errc::io, "load(\"x\"): no such file");

    EXPECT_THAT(failure.what(), testing::Not(testing::HasSubstr("\n")));
}

TEST(Error, ComparesWithItsCode) {
    const error failure(errc::not_on_node, "somewhere");

    EXPECT_EQ(failure.code(), errc::not_on_node);
    EXPECT_NE(failure.code(), errc::out_of_range);
    EXPECT_EQ(failure.code().category(), nodespan::own_category());
}

TEST(Error, IsCaughtAsWhatTheStandardCallsIt) {
    EXPECT_THROW(throw error(errc::io, "x"), std::system_error);
    EXPECT_THROW(throw error(errc::io, "x"), std::runtime_error);
}

TEST(Error, IsCollectiveOnlyWhereSaidSo) {
    EXPECT_FALSE(error(errc::io, "x").is_collective());
    EXPECT_TRUE(error(errc::io, "x", true).is_collective());
}

TEST(Error, ACopyKeepsTextCodeAndKind) {
    error copy(errc::io, "");
    {
        const error original(errc::no_capacity, "10 bytes needed", true);
        copy = original;
    }

    EXPECT_STREQ(copy.what(), "nodespan: 10 bytes needed");
    EXPECT_EQ(copy.code(), errc::no_capacity);
    EXPECT_TRUE(copy.is_collective());
}
static_assert(std::is_nothrow_copy_constructible_v<error>);

TEST(Error, EveryCodeOfOursHasWordsOfItsOwn) {
    std::vector<std::string> texts;
    for (int code = static_cast<int>(errc::invalid_argument); code <= static_cast<int>(errc::io);
         ++code) {
        const std::string text = nodespan::own_category().message(code);
        EXPECT_THAT(text, testing::Not(testing::HasSubstr("unknown"))) << code;
        EXPECT_THAT(texts, testing::Not(testing::Contains(text))) << code;
        texts.push_back(text);
    }
    EXPECT_STREQ(nodespan::own_category().name(), "nodespan");
    EXPECT_EQ(nodespan::own_category().message(4711), "unknown error 4711");
}

TEST(Error, ZeroIsNoError) {
    EXPECT_FALSE(std::error_code(0, nodespan::own_category()));
    EXPECT_TRUE(make_error_code(errc::invalid_argument));
}

TEST(Error, CategoriesAreNotMistakenForEachOther) {
    const std::error_code ours = errc::invalid_argument;
    const std::error_code mpi(ours.value(), nodespan::mpi_category());

    EXPECT_NE(ours, mpi);
    EXPECT_STREQ(nodespan::mpi_category().name(), "MPI");
}

TEST(Error, TheLastTextIsKeptForEachThread) {
    const error mine(errc::io, "mine");
    std::string of_other = "not run";

    std::thread([&] { of_other = nodespan::detail::last_error_text(); }).join();

    EXPECT_STREQ(nodespan::detail::last_error_text(), "nodespan: mine");
    EXPECT_EQ(of_other, "");
}

} // namespace
