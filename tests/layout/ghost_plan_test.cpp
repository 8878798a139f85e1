#include "ghost_plan.hpp"

#include <nodespan/error.hpp>

#include "distribution_cases.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <string>
#include <tuple>

namespace {

using namespace nodespan::test;
using nodespan::box;
using nodespan::distribution;
using nodespan::dynamic_rank;
using nodespan::ghost_options;
using nodespan::index_list;
using nodespan::index_t;
using nodespan::placement;
using nodespan::row_major_strides;
using nodespan::detail::check_ghosts;
using nodespan::detail::ghost_layers;
using nodespan::detail::ghost_piece;
using nodespan::detail::ghost_receives;
using nodespan::detail::ghost_sends;
using nodespan::detail::with_ghosts;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr index_t largest = std::numeric_limits<index_t>::max();

box<dynamic_rank> range(const std::vector<index_t>& lo, const std::vector<index_t>& hi) {
    return {at(lo), at(hi)};
}

ghost_layers layers(const distribution& cut, const ghost_options& options) {
    return check_ghosts(options, cut.extents());
}

// Random distributions of 1 to 4 dimensions: uneven nodes, node grids, cut points.
distribution random_distribution(random_numbers& random) {
    const int dimensions = static_cast<int>(1 + random.below(4));
    const auto extents = random_extents(random, dimensions);
    const index_t kind = random.below(3);
    if (kind == 0) return make(extents, random_nodes(random, 7, 3));
    const auto [nodes, options] =
        kind == 1 ? random_grids(random, dimensions) : random_cuts(random, extents);
    return make(extents, nodes, options);
}

// Widths of 0 to 5, as far as a periodic extent allows.
ghost_options random_ghosts(random_numbers& random, const index_list& extents) {
    ghost_options options;
    for (const index_t extent : extents) {
        const bool closed = random.below(2) == 0;
        const index_t width = random.below(6);
        options.periodic.push_back(closed);
        options.width.push_back(closed ? std::min(width, extent) : width);
    }
    if (random.below(8) == 0) options.periodic.clear();
    return options;
}

// What a ghost stands for, found one dimension at a time.
struct origin {
    bool exists = true; // false: outside of the index space
    int image = 0;
    index_list source;
};

origin origin_of(const index_list& ghost, const index_list& extents, const ghost_options& options) {
    origin result;
    result.source = ghost;
    for (std::size_t d = 0; d < extents.size(); ++d) {
        index_t turns = 0;
        for (; result.source[d] < 0; --turns) result.source[d] += extents[d];
        for (; result.source[d] >= extents[d]; ++turns) result.source[d] -= extents[d];
        result.exists &= turns == 0 || (!options.periodic.empty() && options.periodic[d]);
        result.image = 3 * result.image + static_cast<int>(turns) + 1;
    }
    return result;
}

// For every cell of a node's box with ghosts, how many pieces cover it; each as it should.
std::vector<int> covered_by_receives(const distribution& cut, const ghost_options& options,
                                     int node) {
    const ghost_layers ghosts = layers(cut, options);
    const box<dynamic_rank> grown = with_ghosts(cut.node_box(node), ghosts);
    const index_list strides = row_major_strides(grown.extents());
    std::vector<int> count(static_cast<std::size_t>(grown.size()), 0);
    for (const ghost_piece& piece : ghost_receives(cut, ghosts, node)) {
        EXPECT_FALSE(piece.ghost.empty());
        EXPECT_EQ(piece.ghost.extents(), piece.source.extents());
        EXPECT_TRUE(cut.node_box(piece.node).contains(piece.source));
        if (!grown.contains(piece.ghost)) {
            ADD_FAILURE() << "a piece reaches out of the ghosts of node " << node;
            continue;
        }
        // One cell and its image say how all of a box is shifted.
        const origin first = origin_of(piece.ghost.lo, cut.extents(), options);
        EXPECT_EQ(first.source, piece.source.lo);
        EXPECT_EQ(first.image, piece.image);
        for_each_index(piece.ghost, [&](const index_list& cell) {
            index_t offset = 0;
            for (std::size_t d = 0; d < strides.size(); ++d)
                offset += (cell[d] - grown.lo[d]) * strides[d];
            ++count[static_cast<std::size_t>(offset)];
            const origin from = origin_of(cell, cut.extents(), options);
            EXPECT_TRUE(from.exists && from.image == piece.image);
            EXPECT_EQ(cut.owner_node(from.source), piece.node);
        });
    }
    return count;
}

void expect_every_ghost_received_once(const distribution& cut, const ghost_options& options) {
    for (int node = 0; node < cut.placement().nodes(); ++node) {
        const box<dynamic_rank> own = cut.node_box(node);
        const std::vector<int> count = covered_by_receives(cut, options, node);
        std::size_t place = 0;
        for_each_index(with_ghosts(own, layers(cut, options)), [&](const index_list& cell) {
            const bool expected =
                !own.contains(cell) && origin_of(cell, cut.extents(), options).exists;
            ASSERT_EQ(count[place++], expected ? 1 : 0) << "node " << node;
        });
    }
}

// Receiver, owner, image: names a piece.
using piece_name = std::tuple<int, int, int>;
using piece_boxes = std::pair<box<dynamic_rank>, box<dynamic_rank>>;

void expect_sends_match_receives(const distribution& cut, const ghost_layers& ghosts) {
    const auto before = [](const ghost_piece& a, const ghost_piece& b) {
        return std::tie(a.image, a.node) < std::tie(b.image, b.node);
    };
    std::map<piece_name, piece_boxes> received, sent;
    std::size_t receives = 0, sends = 0;
    for (int node = 0; node < cut.placement().nodes(); ++node) {
        const auto in = ghost_receives(cut, ghosts, node);
        const auto out = ghost_sends(cut, ghosts, node);
        ASSERT_TRUE(std::is_sorted(in.begin(), in.end(), before));
        ASSERT_TRUE(std::is_sorted(out.begin(), out.end(), before));
        receives += in.size();
        sends += out.size();
        for (const ghost_piece& piece : in)
            received[{node, piece.node, piece.image}] = {piece.source, piece.ghost};
        for (const ghost_piece& piece : out)
            sent[{piece.node, node, piece.image}] = {piece.source, piece.ghost};
    }
    ASSERT_EQ(received.size(), receives) << "two pieces of one name";
    ASSERT_EQ(sent.size(), sends) << "two pieces of one name";
    ASSERT_TRUE(sent == received);
}

TEST(GhostPlan, EveryGhostWithinTheIndexSpaceIsReceivedOnceFromItsOwner) {
    for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        random_numbers random(seed);
        const distribution cut = random_distribution(random);

        expect_every_ghost_received_once(cut, random_ghosts(random, cut.extents()));
        if (HasFailure()) return;
    }
}

TEST(GhostPlan, SendsAndReceivesOfAllPairsAreTheSamePieces) {
    for (std::uint64_t seed = 1; seed <= 1500; ++seed) {
        SCOPED_TRACE(testing::Message() << "seed " << seed);
        random_numbers random(seed);
        const distribution cut = random_distribution(random);
        const ghost_options options = random_ghosts(random, cut.extents());

        expect_sends_match_receives(cut, layers(cut, options));
        if (HasFailure()) return;
    }
}

TEST(GhostPlan, InnerEdgesHavePiecesAndOuterOnesNone) {
    const distribution cut = make({9, 4}, {1, 1, 1});
    const ghost_layers ghosts = layers(cut, {{1, 2}, {}});

    EXPECT_EQ(with_ghosts(cut.node_box(0), ghosts), range({-1, -2}, {4, 6}));
    const ghost_piece below{0, 4, range({2, 0}, {3, 4}), range({2, 0}, {3, 4})};
    const ghost_piece above{2, 4, range({6, 0}, {7, 4}), range({6, 0}, {7, 4})};
    EXPECT_THAT(ghost_receives(cut, ghosts, 1), ElementsAre(below, above));
    const ghost_piece up{1, 4, range({2, 0}, {3, 4}), range({2, 0}, {3, 4})};
    EXPECT_THAT(ghost_sends(cut, ghosts, 0), ElementsAre(up));
}

TEST(GhostPlan, CornersComeFromDiagonalNeighbours) {
    const distribution cut = make({8, 8}, {1, 1, 1, 1}, {{2, 2}, {}, {}});
    const ghost_layers ghosts = layers(cut, {{1, 1}, {}});

    const std::vector<ghost_piece> pieces = ghost_receives(cut, ghosts, 0);

    ASSERT_EQ(pieces.size(), 3U);
    EXPECT_EQ(pieces[2], (ghost_piece{3, 4, range({4, 4}, {5, 5}), range({4, 4}, {5, 5})}));
}

TEST(GhostPlan, TwoNodesOnARingMeetOnBothSides) {
    const distribution cut = make({8}, {1, 1});
    const ghost_layers ghosts = layers(cut, {{1}, {true}});

    const ghost_piece around{1, 0, range({7}, {8}), range({-1}, {0})};
    const ghost_piece beside{1, 1, range({4}, {5}), range({4}, {5})};
    EXPECT_THAT(ghost_receives(cut, ghosts, 0), ElementsAre(around, beside));
    const ghost_piece there{1, 1, range({3}, {4}), range({3}, {4})};
    const ghost_piece back{1, 2, range({0}, {1}), range({8}, {9})};
    EXPECT_THAT(ghost_sends(cut, ghosts, 0), ElementsAre(there, back));
}

TEST(GhostPlan, ANodeAloneOnARingCopiesFromItself) {
    const distribution cut = make({4}, {3});
    const ghost_layers ghosts = layers(cut, {{4}, {true}}); // as wide as can be

    const ghost_piece before{0, 0, range({0}, {4}), range({-4}, {0})};
    const ghost_piece behind{0, 2, range({0}, {4}), range({4}, {8})};
    EXPECT_THAT(ghost_receives(cut, ghosts, 0), ElementsAre(before, behind));
    EXPECT_THAT(ghost_sends(cut, ghosts, 0), ElementsAre(before, behind));
}

TEST(GhostPlan, WideGhostsReachPastTheNextNode) {
    const distribution cut = make({12}, {1, 1, 1, 1, 1, 1});
    const ghost_layers ghosts = layers(cut, {{5}, {}});

    std::vector<std::pair<int, index_t>> sizes;
    for (const ghost_piece& piece : ghost_receives(cut, ghosts, 0))
        sizes.emplace_back(piece.node, piece.source.size());

    EXPECT_THAT(sizes, ElementsAre(std::pair(1, 2), std::pair(2, 2), std::pair(3, 1)));
}

TEST(GhostPlan, EmptyNodesTakeNoPart) {
    const distribution cut = make({6}, {1, 1, 1}, {{}, {}, {{0, 3, 3, 6}}});
    const ghost_layers ghosts = layers(cut, {{2}, {true}});

    EXPECT_EQ(with_ghosts(cut.node_box(1), ghosts), cut.node_box(1));
    EXPECT_THAT(ghost_receives(cut, ghosts, 1), IsEmpty());
    EXPECT_THAT(ghost_sends(cut, ghosts, 1), IsEmpty());
    for (const int node : {0, 2})
        for (const ghost_piece& piece : ghost_receives(cut, ghosts, node))
            EXPECT_EQ(piece.node, 2 - node);
}

TEST(GhostPlan, WithoutLayersThereIsNothingToDo) {
    const distribution cut = make({6, 6}, {1, 1});
    const std::vector<ghost_options> none{{}, {{0, 0}, {}}, {{}, {true, true}}};
    for (const ghost_options& options : none) {
        const ghost_layers ghosts = layers(cut, options);

        EXPECT_FALSE(ghosts.any());
        EXPECT_EQ(ghosts.width, at({0, 0}));
        EXPECT_EQ(with_ghosts(cut.node_box(1), ghosts), cut.node_box(1));
        EXPECT_THAT(ghost_receives(cut, ghosts, 1), IsEmpty());
        EXPECT_THAT(ghost_sends(cut, ghosts, 1), IsEmpty());
    }
    EXPECT_TRUE(layers(cut, {{0, 1}, {}}).any());
}

TEST(GhostPlan, SixPeriodicDimensionsHaveImagesInEveryDirection) {
    const distribution cut = make({2, 3, 2, 3, 2, 2}, {1, 1}, {{1, 1, 1, 2, 1, 1}, {}, {}});
    const ghost_options options{std::vector<index_t>(6, 1), std::vector<bool>(6, true)};

    expect_every_ghost_received_once(cut, options);
    expect_sends_match_receives(cut, layers(cut, options));
    EXPECT_EQ(ghost_receives(cut, layers(cut, options), 0).front().image, 0);
    EXPECT_EQ(ghost_receives(cut, layers(cut, options), 1).back().image, 3 * 3 * 3 * 3 * 3 * 3 - 1);
}

TEST(GhostPlan, ABillionNodesCostNoMoreThanTheNeighbours) {
    const auto ranks = std::make_shared<const placement>(1'000'000'000, 1);
    const distribution cut(at({4000, 4000, 4000}), ranks, {{1000, 1000, 1000}, {}, {}});
    const ghost_layers ghosts = layers(cut, {{1, 1, 1}, {true, true, true}});

    for (const int node : {0, 1, 500'500'500, 999'999'999}) {
        EXPECT_EQ(ghost_receives(cut, ghosts, node).size(), 26U);
        EXPECT_EQ(ghost_sends(cut, ghosts, node).size(), 26U);
    }
}

TEST(GhostPlan, HugeExtentsDoNotOverflow) {
    const std::vector<std::vector<int>> machines{{1}, {1, 1}, {2, 1, 3}};
    for (const auto& nodes : machines)
        for (const bool closed : {false, true})
            for (const index_t width : {index_t{1}, index_t{12'345}, index_t{1} << 60}) {
                const distribution cut = make({largest - 2 * width}, nodes);
                const ghost_layers ghosts = layers(cut, {{width}, {closed}});

                expect_sends_match_receives(cut, ghosts);
                index_t received = 0;
                for (const ghost_piece& piece : ghost_receives(cut, ghosts, 0))
                    received += piece.source.size();
                EXPECT_EQ(received, (nodes.size() > 1 ? width : 0) + (closed ? width : 0) +
                                        (nodes.size() == 1 && closed ? width : 0));
            }
}

std::string refusal(const ghost_options& options, const std::vector<index_t>& extents) {
    try {
        check_ghosts(options, at(extents));
    } catch (const nodespan::error& refused) {
        EXPECT_EQ(refused.code(), nodespan::errc::invalid_argument);
        return refused.what();
    }
    return "accepted";
}

TEST(GhostRefusals, ListsOfTheWrongLength) {
    EXPECT_THAT(refusal({{1, 2}, {}}, {8, 8, 8}), HasSubstr("width [1, 2] has 2 entries for 3"));
    EXPECT_THAT(refusal({{1, 2}, {}}, {8}), HasSubstr("width [1, 2] has 2 entries for 1"));
    EXPECT_THAT(refusal({{}, {true, false}}, {8}),
                HasSubstr("periodic [true, false] has 2 entries for 1"));
    EXPECT_THAT(refusal({std::vector<index_t>(9, 1), {}}, {8}), HasSubstr("9 entries"));
    EXPECT_THAT(refusal({{}, std::vector<bool>(9, true)}, {8}), HasSubstr("9 entries"));
}

TEST(GhostRefusals, NegativeWidths) {
    EXPECT_THAT(refusal({{1, -2}, {}}, {8, 8}), HasSubstr("width [1, -2]: below 0"));
    EXPECT_THAT(refusal({{-largest - 1}, {}}, {8}), HasSubstr("below 0"));
}

TEST(GhostRefusals, WidthsAboveAPeriodicExtent) {
    EXPECT_THAT(refusal({{1, 5}, {false, true}}, {8, 4}),
                HasSubstr("width 5 is above extent 4 of periodic dimension 1"));
    EXPECT_THAT(refusal({{1}, {true}}, {0}), HasSubstr("above extent 0"));
    EXPECT_EQ(refusal({{1, 4}, {false, true}}, {8, 4}), "accepted");
    EXPECT_EQ(refusal({{9}, {false}}, {4}), "accepted");
}

TEST(GhostRefusals, MoreElementsThan64BitsCount) {
    EXPECT_THAT(refusal({{largest}, {}}, {8}), HasSubstr("over 2^63"));
    EXPECT_THAT(refusal({{1}, {}}, {largest - 1}), HasSubstr("extents {9223372036854775806}"));
    EXPECT_THAT(refusal({{largest, 0}, {}}, {8, 8}),
                HasSubstr("width [9223372036854775807, 0] around extents {8, 8}"));
    EXPECT_THAT(refusal({{index_t{1} << 40, index_t{1} << 40}, {}}, {8, 8}),
                HasSubstr("over 2^63"));
    EXPECT_EQ(refusal({{1}, {}}, {largest - 2}), "accepted");
}

} // namespace
