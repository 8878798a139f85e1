#pragma once

#include "sites.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace nodespan::detail::race {

// Lines of programs in languages that leave no debug information, such as Python. They are known by
// the file's name without its folder, so that processes on several hosts understand each other.

/// Stands for a line wherever the address of an access does.
std::uintptr_t place_of_source(const std::string& file, int line);

/// Remembers a file: others may have told of its lines.
void know_source(const std::string& file);

/// From now on what this thread does was asked for there; 0: by the code itself.
void calls_come_from(std::uintptr_t place) noexcept;

std::optional<code_place> find_source(std::uintptr_t place) noexcept;
std::optional<source_line> line_of_source(const code_place& place);

} // namespace nodespan::detail::race
