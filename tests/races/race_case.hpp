#pragma once

#include <nodespan/nodespan.hpp>

#include <initializer_list>
#include <string>
#include <vector>

// A case is a small program: called with is_racy it breaks the memory rule in one place, otherwise
// it is the same program put right. The checker must report the one whatever the ranks' order, and
// must be silent about the other.

namespace races {

using nodespan::array;
using nodespan::index_t;
using nodespan::team;

/// Teams in which a case can be tried.
enum class needs {
    peers,    // two ranks of a node, be there one node or more
    one_node, // and nothing else
    nodes,    // several of them
    both,     // several nodes, with two ranks each
    ranks     // two, anywhere
};

struct race_case {
    const char* name;
    needs where;
    void (*run)(team& everyone, bool is_racy);
};

/// The cases of each source.
std::vector<race_case> direct_cases();
std::vector<race_case> element_cases();
std::vector<race_case> transfer_cases();
std::vector<race_case> atomic_cases();
std::vector<race_case> lock_cases();
std::vector<race_case> stream_cases();
std::vector<race_case> order_cases();
std::vector<race_case> ghost_cases();
std::vector<race_case> c_cases();

/// Two ranks of this node, if it has so many.
inline bool is_first(const team& t) {
    return t.node_rank() == 0;
}
inline bool is_second(const team& t) {
    return t.node_rank() == 1;
}

/// A rank of another node, or of this one if there is no other.
inline int far_rank(const team& t) {
    return t.size() - 1;
}

/// Uses a value, so that no compiler takes its load away.
template <class T>
void use(const T& value) {
    static_cast<void>(*const_cast<const volatile char*>(reinterpret_cast<const char*>(&value)));
}

/// Lets one of the ranks be late: the order in which a race happens must not matter.
void be_late(const team& t);

} // namespace races
