#pragma once

#include <cstddef>

namespace nodespan::detail {

/// The size of a page of memory, in bytes.
std::size_t page_bytes() noexcept;

/// Asks the system for the pages of [begin, end), whole pages of one mapping, now.
/// Errors: errno, 0 if all are there.
int back_pages(std::byte* begin, std::byte* end) noexcept;

} // namespace nodespan::detail
