// Who owns what on a million ranks: found in a few tables, which this program measures by counting
// its operator new.

#include "ghost_plan.hpp"

#include <nodespan/distribution.hpp>

#include "distribution_cases.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cctype>
#include <cstdlib>
#include <new>
#include <string>

namespace {
std::size_t held_bytes = 0; // one thread
} // namespace

// NOLINTBEGIN: what the standard asks of replaced functions. Not inlined: GCC warns of pairs that
// it sees the half of.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
    void* const memory = std::malloc(bytes);
    if (memory == nullptr) throw std::bad_alloc();
    held_bytes += malloc_usable_size(memory);
    return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
    held_bytes -= malloc_usable_size(memory);
    std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}
// NOLINTEND

namespace {

using namespace nodespan::test;
using nodespan::box;
using nodespan::distribution;
using nodespan::distribution_options;
using nodespan::dynamic_rank;
using nodespan::ghost_options;
using nodespan::index_list;
using nodespan::index_t;
using nodespan::placement;

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr int nodes = 15'625, a_node = 64, million = nodes * a_node;

struct layout {
    std::string name;
    bool even = true;
    std::vector<index_t> extents;
    distribution_options options;
};

// 1,001 points that are no multiples of anything.
std::vector<index_t> cuts_of(index_t extent) {
    std::vector<index_t> result;
    for (index_t k = 0; k <= 1000; ++k) result.push_back(k == 1000 ? extent : k * k * 7 + k);
    return result;
}

std::vector<layout> layouts() {
    constexpr index_t line = index_t{1} << 45, side = index_t{1} << 24;
    std::vector<layout> all;
    for (const bool even : {true, false}) {
        const int rows = even ? 8 : 0; // of ranks in a node; 0: whatever there are
        const std::string name = even ? "even nodes, " : "uneven nodes, ";
        all.push_back({name + "1-D", even, {line}, {}});
        all.push_back(
            {name + "2-D", even, {side, side - 3}, {{125, 125}, {rows, even ? 8 : 1}, {}}});
        all.push_back({name + "3-D",
                       even,
                       {side, 3001, 70'000},
                       {{25, 25, 25}, {rows, even ? 4 : 1, even ? 2 : 1}, {}}});
    }
    all.push_back({"even nodes, 2-D, explicit cuts",
                   true,
                   {side, side},
                   {{125, 125}, {8, 8}, {cuts_of(side), cuts_of(side)}}});
    return all;
}

std::shared_ptr<const placement> machine(bool even) {
    if (even) return std::make_shared<const placement>(nodes, a_node);
    std::vector<int> sizes(nodes, a_node);
    for (std::size_t k = 0; k + 1 < sizes.size(); k += 2) --sizes[k], ++sizes[k + 1];
    return std::make_shared<const placement>(sizes);
}

class MillionRanks : public testing::TestWithParam<layout> {};

TEST_P(MillionRanks, KeepLessThanAMebibyteEach) {
    const layout& wanted = GetParam();
    const std::size_t before = held_bytes;

    const distribution cut(at(wanted.extents), machine(wanted.even), wanted.options);

    EXPECT_EQ(cut.placement().size(), million);
    EXPECT_LT(held_bytes - before, mib / 4); // a team has one placement, and some arrays
}

TEST_P(MillionRanks, OwnWhatTheirBoxesContainAndBoxesAdjoin) {
    const layout& wanted = GetParam();
    const distribution cut(at(wanted.extents), machine(wanted.even), wanted.options);
    random_numbers random(11);
    for (int i = 0; i < 50'000; ++i) {
        index_list place = at(wanted.extents);
        for (std::size_t d = 0; d < place.size(); ++d) place[d] = random.below(cut.extents()[d]);

        const int rank = cut.owner_rank(place);
        const box<dynamic_rank> mine = cut.rank_box(rank);

        ASSERT_TRUE(mine.contains(place));
        ASSERT_EQ(cut.owner_node(place), cut.placement().node_of(rank));
        ASSERT_EQ(cut.node_box(cut.owner_node(place)).intersection(mine), mine);
        for (std::size_t d = 0; d < place.size(); ++d) {
            if (mine.hi[d] == cut.extents()[d]) continue;
            index_list beyond = place;
            beyond[d] = mine.hi[d];
            const box<dynamic_rank> next = cut.rank_box(cut.owner_rank(beyond));
            ASSERT_TRUE(next.contains(beyond));
            ASSERT_EQ(next.lo[d], mine.hi[d]);
        }
    }
}

TEST_P(MillionRanks, OwnEveryRankABoxThatIsFoundAgain) {
    const layout& wanted = GetParam();
    const distribution cut(at(wanted.extents), machine(wanted.even), wanted.options);
    index_t owned = 0;
    for (int rank = 0; rank < million; ++rank) {
        const box<dynamic_rank> mine = cut.rank_box(rank);
        owned += mine.size();
        if (rank % 16 == 0 && !mine.empty()) {
            ASSERT_EQ(cut.owner_rank(mine.lo), rank);
        }
    }
    // With boxes that contain what they own, and own all of it, this is: every index has one owner.
    EXPECT_EQ(owned, (box<dynamic_rank>{index_list(cut.dimensions(), 0), cut.extents()}.size()));
}

TEST_P(MillionRanks, PlanGhostsWithTheirNeighboursOnly) {
    const layout& wanted = GetParam();
    const distribution cut(at(wanted.extents), machine(wanted.even), wanted.options);
    ghost_options options;
    options.width.assign(wanted.extents.size(), 1);
    options.periodic.assign(wanted.extents.size(), true);
    const auto ghosts = nodespan::detail::check_ghosts(options, cut.extents());
    random_numbers random(5);
    for (int i = 0; i < 20; ++i) {
        const auto node = static_cast<int>(random.below(nodes));

        const std::size_t before = held_bytes;
        const auto receives = nodespan::detail::ghost_receives(cut, ghosts, node);
        const auto sends = nodespan::detail::ghost_sends(cut, ghosts, node);

        ASSERT_GE(receives.size(), 2U);
        ASSERT_LE(receives.size(), 60U); // 26 in 3-D grids; more where columns of nodes differ
        ASSERT_EQ(receives.size(), sends.size());
        ASSERT_LT(held_bytes - before, 64U * 1024);
    }
}

INSTANTIATE_TEST_SUITE_P(Layouts, MillionRanks, testing::ValuesIn(layouts()),
                         [](const auto& each) { // a name of letters and digits
                             std::string name;
                             for (const char c : each.param.name)
                                 if (std::isalnum(static_cast<unsigned char>(c)) != 0) name += c;
                             return name;
                         });

} // namespace
