#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nodespan::detail::race {

/// An instruction, in a way that all processes of a program understand.
struct code_place {
    std::uint16_t file = 0; // a hash of the name of the program or the library
    std::uint64_t offset = 0;
};
code_place place_in_file(std::uintptr_t address) noexcept;

/// A line of the program, and the function it stands in.
struct source_line {
    std::string function, file;
    int line = 0;

    /// file:line (function), or what is known of it.
    std::string text() const;
};

/// The line of a place, from the debug information, by addr2line. Of functions that were expanded
/// where they are called, the outermost line in nodespan's headers is passed over for the line
/// that called them.
source_line line_of(const code_place& place);

} // namespace nodespan::detail::race
