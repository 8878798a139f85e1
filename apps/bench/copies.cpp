#include "by_hand.hpp"

#include <fmt/format.h>
#include <nodespan/array.hpp>

#include <cstddef>
#include <cstring>
#include <span>

namespace nodespan::bench {
namespace {

constexpr index_t kib = 1024, mib = 1024 * kib;
constexpr index_t largest = 64 * mib;

// Bytes to and from the last rank's part, ours by global indices and the reference's by address:
// the same memory on both sides.
class copies {
public:
    copies(team& team, int batches)
        : team_(team),
          result_(team, batches),
          line_(team, {(largest + 4096) * team.size()}),
          begin_(line_.rank_box_of(team.size() - 1).lo[0]),
          there_(line_.block(team.size() - 1).data_handle()),
          memory_(static_cast<std::size_t>(largest + 4096)) {}

    // From or to `there` and `here` bytes behind the begin of a page.
    void measure(bool is_get, index_t bytes, index_t there, index_t here) {
        const auto size = static_cast<std::size_t>(bytes);
        const std::span<std::byte> mine(reinterpret_cast<std::byte*>(memory_.doubles()) + here,
                                        size);
        std::byte* const theirs = there_ + there;
        const box<1> part{{begin_ + there}, {begin_ + there + bytes}};
        const index_t ahead = is_get ? here - there : there - here;
        const std::string text =
            text_of_bytes(bytes) +
            (ahead == 0 && here == 0
                 ? ""
                 : fmt::format(", {} B {}", std::abs(ahead), ahead > 0 ? "ahead" : "behind"));
        if (is_get)
            result_.add("get", text, "memcpy",
                        on_rank_0(team_, [=, this] { line_.get(part, mine); }),
                        on_rank_0(team_, [=] { std::memcpy(mine.data(), theirs, size); }));
        else
            result_.add("put", text, "memcpy",
                        on_rank_0(team_, [=, this] { line_.put(part, mine); }),
                        on_rank_0(team_, [=] { std::memcpy(theirs, mine.data(), size); }));
    }

    std::vector<measurement> take() { return result_.take(); }

private:
    team& team_;
    lines result_;
    array<std::byte, 1> line_;
    index_t begin_;
    std::byte* there_;
    page_memory memory_;
};

} // namespace

std::vector<measurement> measure_copies(team& team, int batches) {
    if (!require_node_peers(team, "copies")) return {};
    copies all(team, batches);
    for (const index_t bytes :
         {index_t{8}, index_t{256}, 4 * kib, 32 * kib, 256 * kib, mib, 4 * mib, 16 * mib, largest})
        all.measure(true, bytes, 0, 0);
    for (const index_t bytes : {index_t{8}, 4 * kib, 32 * kib, mib, largest})
        all.measure(false, bytes, 0, 0);
    // The destination a little ahead of the source modulo the page is where some processors
    // stumble.
    for (const index_t bytes : {4 * kib, 32 * kib, 256 * kib, largest}) {
        all.measure(true, bytes, 0, 8);
        all.measure(true, bytes, 0, 1);
        all.measure(true, bytes, 9, 0);
    }
    return all.take();
}

} // namespace nodespan::bench
