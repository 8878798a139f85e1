#pragma once

#include <string>

namespace nodespan::bench {

/// What a rank keeps and computes to know who owns what, for 128 to a million ranks, which need not
/// be there: arithmetic of one process.
struct scale_figures {
    std::string table, json; ///< for people, and for programs
};
scale_figures measure_scale(int batches);

} // namespace nodespan::bench
