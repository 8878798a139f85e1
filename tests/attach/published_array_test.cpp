#include "published_array.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <limits>
#include <string>

namespace {

using nlohmann::json;
using nodespan::box;
using nodespan::dynamic_rank;
using nodespan::index_list;
using nodespan::index_t;
using nodespan::detail::array_facts;
using nodespan::detail::element_kind;
using nodespan::detail::line_of;
using nodespan::detail::published_array;

array_facts facts_of(int dimensions, index_t extent) {
    const index_list lo(dimensions, 0), hi(dimensions, extent);
    array_facts facts;
    facts.name = "field";
    facts.type = "d";
    facts.kind = element_kind::float64;
    facts.element_bytes = 8;
    facts.extents = hi;
    facts.node_box = facts.stored_box = box<dynamic_rank>{lo, hi};
    facts.team = std::numeric_limits<std::uint64_t>::max();
    return facts;
}

TEST(PublishedArray, IsALineOfJsonWithTheSameNumberAtBothEnds) {
    const std::string line = line_of(facts_of(2, 30), 7, 1023);

    const json read = json::parse(line);
    EXPECT_EQ(read["name"], "field");
    EXPECT_EQ(read["dtype"], "float64");
    EXPECT_EQ(read["shape"], json({30, 30}));
    EXPECT_EQ(read["team"], std::numeric_limits<std::uint64_t>::max());
    EXPECT_EQ(line.find("{\"serial\":7,"), 0U);
    EXPECT_EQ(line.rfind(",\"end\":7}"), line.size() - 9);
}

TEST(PublishedArray, FitsIntoItsLineWhateverItIsCalled) {
    const index_t most = std::numeric_limits<index_t>::max();
    for (const std::string& name : {std::string(5000, 'n'), std::string(400, '\1'),
                                    std::string(90, '\xff'), std::string("\xc3\xa9\"\\\n{}")}) {
        array_facts facts = facts_of(6, most);
        facts.name = name;
        facts.type = std::string(5000, 't');

        const std::string line = line_of(facts, 1, 1023);

        EXPECT_LE(line.size(), 1023U);
        EXPECT_EQ(line.find('\n'), std::string::npos);
        EXPECT_TRUE(json::accept(line)) << line;
    }
}

TEST(PublishedArray, CostsAPointerWhereNobodyAsked) {
    unsetenv("NODESPAN_ATTACH");

    EXPECT_EQ(published_array::if_wanted(facts_of(1, 5)), nullptr);
}

} // namespace
