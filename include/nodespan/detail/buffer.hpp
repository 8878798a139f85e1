#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/view.hpp"

#include <concepts>
#include <cstddef>
#include <ranges>
#include <type_traits>
#include <utility>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

template <class T>
inline constexpr bool is_a_view = false;
template <class T, int N, class Layout>
inline constexpr bool is_a_view<view<T, N, Layout>> = true;

/// A buffer whose element type and number of dimensions are known only at run time.
struct patch_memory {
    std::byte* data = nullptr; // not written if it is the source
    index_t size = 0;          // elements, of a contiguous range
    bool is_view = false;      // has extents and strides instead
    index_list extents;
    index_list strides; // elements
};

/// Program memory to or from which a patch is copied: a view with the patch's extents, or a
/// contiguous range with as many elements (vector, span, array), taken as row-major. T is const if
/// the memory is only read.
template <class T, int N>
class buffer {
public:
    template <class U, class Layout>
    requires(std::convertible_to<U (*)[], T (*)[]>)
        buffer(const view<U, N, Layout>& elements) // NOLINT: meant to convert
        : data_(elements.data_handle()),
          extents_(elements.extents()),
          strides_(elements.strides()),
          is_view_(true) {
        for (int d = 0; d < N; ++d) strides_[static_cast<std::size_t>(d)] = elements.stride(d);
    }

    template <std::ranges::contiguous_range R>
    requires(std::ranges::sized_range<R> && !is_a_view<std::remove_cvref_t<R>> &&
             std::convertible_to<std::remove_reference_t<std::ranges::range_reference_t<R>> (*)[],
                                 T (*)[]>) buffer(R&& elements) // NOLINT: meant to convert
        : data_(std::ranges::data(elements)),
          size_(static_cast<index_t>(std::ranges::size(elements))) {}

    /// The same memory for a patch whose indices are taken in reverse order.
    buffer transposed() const noexcept {
        buffer result = *this;
        result.extents_ = reversed(extents_);
        result.strides_ = reversed(strides_);
        return result;
    }

    /// Whether it is `size` elements, one after the other, whatever the patch's extents are.
    bool is_dense(index_t size) const noexcept { return !is_view_ && size_ == size; }
    T* data() const noexcept { return data_; }

    patch_memory memory() const noexcept {
        using value = std::remove_const_t<T>;
        return {reinterpret_cast<std::byte*>(const_cast<value*>(data_)), size_, is_view_, extents_,
                strides_};
    }

private:
    T* data_ = nullptr;
    index_t size_ = 0;
    indices<N> extents_{};
    indices<N> strides_{};
    bool is_view_ = false;
};

/// The same for a call that returns before it is done: memory that outlives the call.
template <class T, int N>
class lasting_buffer : public buffer<T, N> {
public:
    /// From views, spans, and what has a name.
    template <class R>
    requires(std::constructible_from<buffer<T, N>, R>)
        lasting_buffer(R&& elements) // NOLINT: meant to convert
        : buffer<T, N>(std::forward<R>(elements)) {}

    /// A temporary would end while MPI still uses its memory: give it a name, and keep it until the
    /// request is done.
    template <class R>
    requires(std::constructible_from<buffer<T, N>, R>&& std::ranges::range<R> &&
             !std::ranges::borrowed_range<R>) lasting_buffer(R&& temporary)
    = delete;
};

} // namespace detail
} // namespace nodespan
