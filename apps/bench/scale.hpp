#pragma once

#include <string>

namespace nodespan::bench {

/// What a rank keeps and computes to know who owns what, for 128 to a million ranks, which need not
/// be there: arithmetic of one process. A table for people, or JSON.
std::string measure_scale(int batches, bool as_json);

} // namespace nodespan::bench
