#pragma once

#include "nodespan/box.hpp"
#include "nodespan/error.hpp"

#include <cassert>
#include <concepts>
#include <ranges>
#include <span>
#if __has_include(<mdspan>)
#include <mdspan>
#endif

namespace nodespan {

/// Layout of a view whose last dimension is contiguous: the compiler knows that stride is 1.
struct row_major {};

/// Layout of a view whose first dimension is contiguous, as Fortran has it.
struct column_major {};

/// Layout of a view with any stride in any dimension.
struct strided {};

/// The layout of the same memory when its indices are taken in reverse order.
template <class Layout>
using transposed_layout =
    std::conditional_t<std::same_as<Layout, row_major>, column_major,
                       std::conditional_t<std::same_as<Layout, column_major>, row_major, strided>>;

/// A non-owning N-d view of elements in this process's memory, with `std::mdspan`'s member names.
///
/// Indices are local to the view: from 0 to extent(d). They are not checked, except by `assert`.
/// Copying a view copies no elements. Valid as long as the memory behind it.
template <class T, int N, class Layout = row_major>
class view {
    static_assert(N >= 1 && N <= max_dimensions, "a view has 1 to 6 dimensions");
    static_assert(std::same_as<Layout, row_major> || std::same_as<Layout, column_major> ||
                  std::same_as<Layout, strided>);
    static constexpr bool is_strided = std::same_as<Layout, strided>;
    static constexpr bool is_column_major = std::same_as<Layout, column_major>;

    // The dimension of stride 1, and the layouts of rows and columns.
    static constexpr int dense = is_column_major ? 0 : N - 1;
    using row_layout = std::conditional_t<is_column_major, strided, Layout>;
    using column_layout = std::conditional_t<is_column_major, column_major, strided>;

public:
    using element_type = T;
    using value_type = std::remove_cv_t<T>;

    constexpr view() = default;

    /// A dense block, row-major unless the layout is column_major.
    constexpr view(T* data, const indices<N>& extents)
        : data_(data),
          extents_(extents),
          strides_(is_column_major ? reversed(row_major_strides(reversed(extents)))
                                   : row_major_strides(extents)) {}

    /// Strides in elements. With layout row_major the last stride must be 1, with column_major the
    /// first one.
    constexpr view(T* data, const indices<N>& extents, const indices<N>& strides)
        : data_(data),
          extents_(extents),
          strides_(strides) {
        assert(is_strided || strides[dense] == 1);
    }

    /// To const elements, and from any layout to strided.
    template <class U, class L>
    requires(std::convertible_to<U (*)[], T (*)[]> &&
             (std::same_as<L, Layout> || is_strided)) constexpr view(const view<U, N, L>& other)
        : data_(other.data_handle()),
          extents_(other.extents()),
          strides_(other.strides()) {}

    [[nodiscard]] constexpr const indices<N>& extents() const noexcept { return extents_; }
    [[nodiscard]] constexpr index_t extent(int d) const noexcept {
        return extents_[static_cast<std::size_t>(d)];
    }
    [[nodiscard]] constexpr const indices<N>& strides() const noexcept { return strides_; }
    [[nodiscard]] constexpr index_t stride(int d) const noexcept {
        return !is_strided && d == dense ? 1 : strides_[static_cast<std::size_t>(d)];
    }
    [[nodiscard]] static constexpr int rank() noexcept { return N; }
    [[nodiscard]] constexpr T* data_handle() const noexcept { return data_; }
    [[nodiscard]] constexpr index_t size() const noexcept { return box<N>{{}, extents_}.size(); }
    [[nodiscard]] constexpr bool empty() const noexcept { return size() == 0; }

    /// Whether the elements lie one after the other without gaps: column by column with layout
    /// column_major, else row-major.
    [[nodiscard]] constexpr bool is_exhaustive() const noexcept {
        index_t expected = 1;
        for (int k = 0; k < N; ++k) {
            const int d = is_column_major ? k : N - 1 - k;
            if (extent(d) > 1 && stride(d) != expected) return empty();
            expected *= extent(d);
        }
        return true;
    }

    /// The element at local indices (i, j, ...).
    template <std::convertible_to<index_t>... I>
    requires(sizeof...(I) == N) constexpr T& operator()(I... i) const noexcept {
        return operator[](indices<N>{static_cast<index_t>(i)...});
    }

    constexpr T& operator[](const indices<N>& at) const noexcept {
        assert((box<N>{{}, extents_}.contains(at)));
        index_t offset = 0;
        for (int d = 0; d < N; ++d) offset += at[static_cast<std::size_t>(d)] * stride(d);
        return data_[offset];
    }

    /// Row `i`: the view with the first dimension taken away.
    [[nodiscard]] constexpr view<T, N - 1, row_layout> row(index_t i) const noexcept
        requires(N > 1) {
        assert(i >= 0 && i < extents_[0]);
        indices<N - 1> extents{}, strides{};
        std::copy(extents_.begin() + 1, extents_.end(), extents.begin());
        std::copy(strides_.begin() + 1, strides_.end(), strides.begin());
        return {data_ + i * stride(0), extents, strides};
    }

    /// Column `j`: the view with the last dimension taken away.
    [[nodiscard]] constexpr view<T, N - 1, column_layout> column(index_t j) const noexcept
        requires(N > 1) {
        assert(j >= 0 && j < extents_[N - 1]);
        indices<N - 1> extents{}, strides{};
        std::copy(extents_.begin(), extents_.end() - 1, extents.begin());
        std::copy(strides_.begin(), strides_.end() - 1, strides.begin());
        return {data_ + j * stride(N - 1), extents, strides};
    }

    /// The same elements with the indices in reverse order: v.transposed()(j, i) is v(i, j).
    [[nodiscard]] constexpr view<T, N, transposed_layout<Layout>> transposed() const noexcept {
        return {data_, reversed(extents_), reversed(strides_)};
    }

    /// The part inside `part`, whose indices are local to this view.
    [[nodiscard]] constexpr view patch(const box<N>& part) const noexcept {
        assert((box<N>{{}, extents_}.contains(part)));
        index_t offset = 0;
        if (!part.empty())
            for (int d = 0; d < N; ++d) offset += part.lo[static_cast<std::size_t>(d)] * stride(d);
        return {data_ + offset, part.extents(), strides_};
    }

    /// All elements as a span.
    /// Errors: errc::invalid_argument unless is_exhaustive().
    [[nodiscard]] constexpr std::span<T> span() const {
        if (!is_exhaustive())
            throw error(errc::invalid_argument,
                        "view::span(): the view has gaps between its rows; take rows instead");
        return {data_, static_cast<std::size_t>(size())};
    }
    constexpr operator std::span<T>() const
        requires(N > 1 || is_strided) // others are ranges, which convert by themselves
    {
        return span();
    }

    [[nodiscard]] constexpr T* begin() const noexcept requires(N == 1 && !is_strided) {
        return data_;
    }
    [[nodiscard]] constexpr T* end() const noexcept requires(N == 1 && !is_strided) {
        return data_ + extents_[0];
    }

#ifdef __cpp_lib_mdspan
    constexpr operator std::mdspan<T, std::dextents<index_t, N>, std::layout_stride>() const {
        using mapping = std::layout_stride::mapping<std::dextents<index_t, N>>;
        return {data_, mapping{std::dextents<index_t, N>{extents_}, strides_}};
    }
#endif

private:
    T* data_ = nullptr;
    indices<N> extents_{};
    indices<N> strides_{};
};

} // namespace nodespan

// A view does not own its elements: iterators outlive it, so temporaries may become spans.
template <class T, int N, class Layout>
inline constexpr bool std::ranges::enable_borrowed_range<nodespan::view<T, N, Layout>> = true;
