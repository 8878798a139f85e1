#pragma once

#include "nodespan/detail/array_core.hpp"
#include "nodespan/detail/export.hpp"

#include <cstddef>
#include <memory>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

class pins_of_array;

/// Memory of an array that is registered with a GPU's driver, in bytes: everything of `pinned` that
/// need not be a template. See there what it does. Move-only; ends what it holds.
class pinned_core {
public:
    pinned_core() = default;

    /// Registers `bytes` bytes of the array's memory on this node.
    /// Errors: as pin.
    pinned_core(array_core& array, const void* begin, std::size_t bytes);

    pinned_core(pinned_core&& other) noexcept { swap(other); }
    pinned_core& operator=(pinned_core&& other) noexcept;
    pinned_core(const pinned_core&) = delete;
    pinned_core& operator=(const pinned_core&) = delete;
    ~pinned_core();

    bool is_pinned() const noexcept;
    std::size_t bytes() const noexcept { return bytes_; }
    std::byte* device_data() const noexcept { return is_pinned() ? device_data_ : nullptr; }

private:
    void swap(pinned_core& other) noexcept;

    std::shared_ptr<pins_of_array> pins_;
    std::byte* begin_ = nullptr;
    std::size_t bytes_ = 0;
    std::byte* device_data_ = nullptr;
};

} // namespace detail
} // namespace nodespan
