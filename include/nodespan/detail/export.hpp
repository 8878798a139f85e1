#pragma once

#include "nodespan/detail/requirements.hpp"

/// Stands before the name of a namespace whose declarations a shared nodespan shows; all else that
/// it is made of stays inside.
#define NODESPAN_EXPORT [[gnu::visibility("default")]]
