#include "endings.hpp"

#include "agreement.hpp"
#include "team_core.hpp"

#include <boost/functional/hash.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

namespace nodespan::detail {
namespace {

std::uint64_t followed_by(std::uint64_t hash, std::uint64_t number) {
    std::size_t seed = hash;
    boost::hash_combine(seed, number);
    return seed;
}

} // namespace

void endings::reserve(std::size_t count) {
    if (list_.capacity() < count) list_.reserve(std::max(count, 2 * list_.capacity()));
}

void endings::ended(std::uint64_t number, const std::string& text) noexcept {
    hash_ = followed_by(hash_, number);
    ending last{hash_, number, {}};
    try {
        last.text = text;
    } catch (const std::bad_alloc&) {
        // There is no memory for the text; the number is enough.
    }
    if (list_.size() < list_.capacity()) list_.push_back(std::move(last));
}

// For ranks that have ended fewer than `count` arrays: as if they had then ended nothing more.
std::uint64_t endings::hash_after(std::size_t count) const noexcept {
    if (count <= list_.size()) return list_[count - 1].hash;
    return followed_by(hash_, ~std::uint64_t{0});
}

std::string endings::told(std::size_t position) const {
    if (position >= list_.size()) return list_.empty() ? "ended none" : "ended no more";
    return fmt::format("ended {} (number {} of the team)", list_[position].text,
                       list_[position].number);
}

void endings::compare(team_core& team) const {
    const auto differs = [&](std::uint64_t mine) {
        const agreed_words all = team.agree({0, mine, ~mine, list_.size(), 0}, {"creation"});
        if (all[0] != 0) throw cannot_agree();
        return std::pair(all[1] != ~all[2], static_cast<std::size_t>(all[3]));
    };
    auto [any, longest] = differs(hash_);
    if (!any) return;
    std::size_t same = 0; // the number of equal endings; the first difference follows
    while (longest - same > 1) {
        const std::size_t middle = same + (longest - same) / 2;
        (differs(hash_after(middle)).first ? longest : same) = middle;
    }
    const std::size_t position = same;
    const auto say = [](const team_core::mismatch& found) {
        return fmt::format("ranks do not end the same arrays in the same order: rank 0 {}, rank {} "
                           "{}",
                           found.first, found.other, found.second);
    };
    team.throw_mismatch(hash_after(position + 1), told(position), {"creation"}, say);
}

} // namespace nodespan::detail
