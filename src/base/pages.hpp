#pragma once

#include <cstddef>

namespace nodespan::detail {

/// The size of a page of memory, in bytes.
std::size_t page_bytes() noexcept;

/// Asks the system to provide the memory of [begin, end), which are whole pages of one mapping,
/// now.
/// Errors: returns errno; 0 if all pages are there.
int back_pages(std::byte* begin, std::byte* end) noexcept;

} // namespace nodespan::detail
