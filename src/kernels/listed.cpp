#include "listed.hpp"

namespace nodespan::detail {

void store_listed(std::byte* block, const index_t* at, const std::byte* values, std::size_t count,
                  std::size_t bytes) {
    with_size(bytes, [=](auto size) {
        for (std::size_t i = 0; i < count; ++i)
            std::memcpy(block + static_cast<std::size_t>(at[i]) * size, values + i * size, size);
    });
}

void load_listed(const std::byte* block, const index_t* at, std::byte* to, std::size_t count,
                 std::size_t bytes) {
    with_size(bytes, [=](auto size) {
        for (std::size_t i = 0; i < count; ++i)
            std::memcpy(to + i * size, block + static_cast<std::size_t>(at[i]) * size, size);
    });
}

void load_listed(const std::byte* block, const index_t* at, std::byte* to,
                 const std::uint32_t* to_at, std::size_t count, std::size_t bytes) {
    with_size(bytes, [=](auto size) {
        for (std::size_t i = 0; i < count; ++i)
            std::memcpy(to + to_at[i] * static_cast<std::size_t>(size),
                        block + static_cast<std::size_t>(at[i]) * size, size);
    });
}

void spread_listed(const std::byte* values, std::byte* to, const std::uint32_t* to_at,
                   std::size_t count, std::size_t bytes) {
    with_size(bytes, [=](auto size) {
        for (std::size_t i = 0; i < count; ++i)
            std::memcpy(to + to_at[i] * static_cast<std::size_t>(size), values + i * size, size);
    });
}

} // namespace nodespan::detail
