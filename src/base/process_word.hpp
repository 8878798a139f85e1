#pragma once

#include <atomic>

namespace nodespan::detail {

/// Returns a zeroed word that all copies of this library in the process share under this name,
/// which is short and has no blanks. Copies hide their symbols from each other; so the word lies in
/// memory that carries the name, and is found in the process's list of its memory. A fork gets a
/// copy of the word. Null if the system refuses.
/// Cost:   reading /proc/self/maps.
std::atomic<int>* process_word(const char* name) noexcept;

} // namespace nodespan::detail
