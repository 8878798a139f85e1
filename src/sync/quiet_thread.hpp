#pragma once

#include <pthread.h>

namespace nodespan::detail {

/// Starts a thread of the library's own, which takes no signals, since those belong to the
/// program's threads, and has a small stack. Returns 0 or what pthread_create says.
int start_quiet_thread(pthread_t& thread, void* (*body)(void*), void* argument) noexcept;

} // namespace nodespan::detail
