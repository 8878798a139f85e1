#include "nodespan/compound_type.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace nodespan::detail {

bool is_same_type(const file_type& a, const file_type& b) {
    if (a.kind != b.kind || a.members.size() != b.members.size() || a.extents != b.extents)
        return false;
    if (a.kind != 's' && a.bytes != b.bytes) return false; // structs may be padded otherwise
    return std::all_of(a.members.begin(), a.members.end(), [&](const file_member& mine) {
        return std::any_of(b.members.begin(), b.members.end(), [&](const file_member& other) {
            return other.name == mine.name && is_same_type(mine.type, other.type);
        });
    });
}

bool is_whole(const file_type& type) {
    return type.kind != 0 && std::all_of(type.members.begin(), type.members.end(),
                                         [](const file_member& m) { return is_whole(m.type); });
}

std::string to_text(const file_type& type) {
    switch (type.kind) {
    case 'i':
        return fmt::format("int{}", type.bytes * 8);
    case 'u':
        return fmt::format("uint{}", type.bytes * 8);
    case 'f':
        return fmt::format("float{}", type.bytes * 8);
    case 'c':
        return fmt::format("complex{}", type.bytes * 8);
    case 'a':
        return fmt::format("{}[{}]", to_text(type.members[0].type), fmt::join(type.extents, ", "));
    case 's':
        break;
    default:
        return type.name.empty() ? "another type" : type.name;
    }
    std::vector<std::string> members;
    for (const file_member& m : type.members)
        members.push_back(fmt::format("{}: {}", m.name, to_text(m.type)));
    return fmt::format("{{{}}}", fmt::join(members, ", "));
}

} // namespace nodespan::detail
