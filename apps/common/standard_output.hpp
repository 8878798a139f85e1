#pragma once

#include <string>
#include <string_view>

namespace nodespan::app {

/// Writes to standard output. What fails is remembered for is_output_written.
void print(std::string_view text);

/// Before anything else is opened: a standard stream that the caller has closed is opened to where
/// nothing can be written or read, or a file of ours would get its number, and the output.
void fill_closed_streams();

/// Whether all that was printed has arrived: sends off what waits, and says on standard error what
/// went wrong. Call: this process's last words.
bool is_output_written(std::string_view program);

/// Writes a small file of a program's own, in place of what it held: links are followed, and its
/// mode stays. Errors: std::runtime_error, with the system's words.
void write_file(const std::string& file, std::string_view bytes);

} // namespace nodespan::app
