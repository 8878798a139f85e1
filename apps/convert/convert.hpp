#pragma once

#include "job.hpp"
#include "outcome.hpp"

namespace nodespan::convert {

/// Does it, with the whole dataset in the memory of the team.
/// Call: collective. Errors: usage_error and nodespan::error, on all ranks.
outcome run(team& everyone, const job& asked);

} // namespace nodespan::convert
