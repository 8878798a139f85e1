// Maps against std::map, with as many ranks as there are, and more than there are cores.

#include <nodespan/error.hpp>
#include <nodespan/map.hpp>

#include "mpi_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <stdexcept>
#include <vector>

namespace {

using namespace nodespan::test;
using nodespan::errc;
using nodespan::index_t;
using nodespan::team;

struct point { // a key of three words
    std::int64_t x, y;
    std::int32_t z, w;
};
struct record { // a value that is torn if it is written without care
    std::int64_t first;
    std::int32_t middle;
    std::int64_t last;
};

// The keys of other nodes' and of other ranks' operations are not these: each rank checks its own.
std::int64_t key_of(const team& everyone, std::int64_t number) {
    return number * everyone.size() + everyone.rank();
}

TEST(Map, IsStdMapUnderRandomOperationsOfAllRanksAtOnce) {
    team everyone(MPI_COMM_WORLD);
    constexpr int keys = 3000, operations = 2'000'000;
    nodespan::map<std::int64_t, std::int64_t> table(everyone, index_t{keys} * everyone.size());
    std::map<std::int64_t, std::int64_t> expected;
    std::mt19937_64 random(static_cast<std::uint64_t>(everyone.rank()));
    index_t wrong = 0;
    const auto plus_one = [](std::int64_t value) { return value + 1; };
    for (int i = 0; i < operations / everyone.size(); ++i) {
        const std::int64_t key = key_of(everyone, static_cast<std::int64_t>(random() % keys));
        if (!table.is_here(key)) continue;
        const auto value = static_cast<std::int64_t>(random() % 1000);
        const auto there = expected.find(key);
        const bool is_there = there != expected.end();
        switch (random() % 6) {
        case 0:
            wrong += table.insert(key, value) == is_there;
            expected.emplace(key, value);
            break;
        case 1:
            wrong += table.assign(key, value) == is_there;
            expected[key] = value;
            break;
        case 2:
            wrong += table.update(key, plus_one) != is_there;
            if (is_there) ++there->second;
            break;
        case 3:
            wrong += table.update(key, plus_one, value) != is_there;
            if (is_there)
                ++there->second;
            else
                expected[key] = value;
            break;
        case 4:
            wrong += table.erase(key) != is_there;
            expected.erase(key);
            break;
        default:
            wrong += table.find(key) != (is_there ? std::optional(there->second) : std::nullopt);
        }
    }
    EXPECT_EQ(wrong, 0);
    everyone.fence();
    EXPECT_EQ(table.size(), all_reduce(everyone, static_cast<index_t>(expected.size())));

    table.compact();

    EXPECT_EQ(table.size(), all_reduce(everyone, static_cast<index_t>(expected.size())));
    for (const auto& [key, value] : expected) wrong += table.find(key) != value;
    index_t seen = 0;
    table.for_each([&](std::int64_t, std::int64_t) { ++seen; });
    EXPECT_EQ(wrong, 0);
    EXPECT_EQ(all_reduce(everyone, seen), table.size());
}

// All ranks of a node count in the same few places: no step is lost, no value is torn.
TEST(Map, UpdatesOfTheSameKeysAreIndivisible) {
    team everyone(MPI_COMM_WORLD);
    constexpr int steps = 20'000;
    nodespan::map<point, record> table(everyone, 100);
    const auto step = [](const record& old) {
        if (old.first != old.last || old.first != old.middle) throw std::runtime_error("torn");
        return record{old.first + 1, old.middle + 1, old.last + 1};
    };
    const auto here = [&](int number) {
        for (std::int64_t x = 0;; ++x)
            if (const point key{x, number, 1, 2}; table.is_here(key)) return key;
    };
    const std::vector<point> keys = {here(0), here(1), here(2)};
    int torn = 0;
    for (int i = 0; i < steps; ++i) {
        table.update(keys[static_cast<std::size_t>(i % 3)], step, record{1, 1, 1});
        const auto found = table.find(keys[static_cast<std::size_t>((i + 1) % 3)]);
        torn += found && (found->first != found->last || found->first != found->middle);
    }
    everyone.fence();
    std::int64_t sum = 0;
    for (const point& key : keys) sum += table.find(key)->first;
    EXPECT_EQ(torn, 0);
    EXPECT_EQ(sum, std::int64_t{steps} * everyone.node_size());
}

TEST(Map, BatchesReachTheKeysOfAllNodes) {
    team everyone(MPI_COMM_WORLD);
    for (const int each : {0, 1, 700}) {
        nodespan::map<std::int64_t, double> table(everyone,
                                                  std::max<index_t>(1, each * everyone.size()));
        std::vector<std::int64_t> keys, missing;
        std::vector<double> values;
        for (int i = 0; i < each; ++i) {
            keys.push_back(key_of(everyone, i * 7919));
            missing.push_back(-1 - keys.back());
            values.push_back(static_cast<double>(keys.back()) / 2);
        }
        const index_t all = index_t{each} * everyone.size();

        EXPECT_EQ(table.insert(keys, values), all);
        EXPECT_EQ(table.insert(keys, values), 0);
        EXPECT_EQ(table.size(), all);

        // What others have inserted, and what nobody has.
        for (std::int64_t& key : keys)
            key = key / everyone.size() * everyone.size() + (everyone.rank() + 1) % everyone.size();
        const auto found = table.find(keys);
        const auto nothing = table.find(missing);
        index_t wrong = 0;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            wrong += found[i] != static_cast<double>(keys[i]) / 2;
            wrong += nothing[i].has_value();
        }
        EXPECT_EQ(wrong, 0);

        // Out as arrays, and in again.
        const auto [all_keys, all_values] = table.entries();
        EXPECT_EQ(all_keys.size(), all);
        nodespan::map<std::int64_t, double> again(everyone, std::max<index_t>(1, all));
        EXPECT_EQ(again.insert(all_keys.local(), all_values.local()), all);
        EXPECT_EQ(again.find(keys), found);
        table.clear();
        EXPECT_EQ(table.size(), 0);
    }
}

TEST(Map, AFullTableIsAClearErrorAndLosesNothing) {
    team everyone(MPI_COMM_WORLD);
    nodespan::map<std::int64_t, std::int64_t> table(everyone, 10);
    std::vector<std::int64_t> in;
    std::string text;
    for (std::int64_t number = 0; text.empty(); ++number) {
        const std::int64_t key = key_of(everyone, number);
        if (!table.is_here(key)) continue;
        try {
            table.insert(key, -key);
            in.push_back(key);
        } catch (const nodespan::error& failure) {
            EXPECT_EQ(failure.code(), errc::no_capacity);
            text = failure.what();
        }
    }
    EXPECT_THAT(text, testing::HasSubstr("larger capacity"));
    everyone.fence();
    EXPECT_GE(table.size(), 10);
    for (const std::int64_t key : in) EXPECT_EQ(table.find(key), -key);
    std::vector<std::int64_t> more;
    for (int i = 0; i < 100; ++i) more.push_back(1'000'000 + key_of(everyone, i));
    const caught_error full = caught([&] { table.insert(more, more); });
    EXPECT_EQ(full.code, errc::no_capacity);
    EXPECT_TRUE(full.collective);
    for (const std::int64_t key : in) EXPECT_EQ(table.find(key), -key);

    // Erased keys make room when the table is made anew.
    for (const std::int64_t key : in) EXPECT_TRUE(table.erase(key));
    table.compact();
    EXPECT_EQ(table.size(), 0);
    if (table.is_here(7)) table.insert(7, 7);
}

TEST(Map, WhatDoesNotFitIsAnErrorOnAllRanks) {
    team everyone(MPI_COMM_WORLD);
    EXPECT_EQ(caught([&] { nodespan::map<int, int> none(everyone, 0); }).code,
              errc::invalid_argument);
    nodespan::map<std::int64_t, int> table(everyone, 50);
    const std::vector<std::int64_t> keys = {1, 2};
    const std::vector<int> values(everyone.rank() == 0 ? 1 : 2);
    const caught_error other = caught([&] { table.insert(keys, values); });
    EXPECT_EQ(other.code, errc::size_mismatch);
    EXPECT_TRUE(other.collective);
    if (everyone.nodes() > 1) {
        std::int64_t far = 0;
        while (table.is_here(far)) ++far;
        EXPECT_EQ(caught([&] { table.insert(far, 1); }).code, errc::not_on_node);
        EXPECT_NE(table.node_of(far), everyone.node());
    }
    if (everyone.size() > 1) {
        const index_t capacity = everyone.rank() == 0 ? 50 : 51; // of as many places, mostly
        EXPECT_EQ(caught([&] { nodespan::map<int, int> one(everyone, capacity); }).code,
                  errc::mismatched_arguments);
    }
}

} // namespace
