#pragma once

#include "nodespan/array.hpp"
#include "nodespan/column_major.hpp"
#include "nodespan/detail/access.hpp"
#include "nodespan/detail/pinned_core.hpp"
#include "nodespan/view.hpp"

#include <cstddef>
#include <type_traits>
#include <utility>

namespace nodespan {

/// Elements of an array on this node that the driver of the node's GPUs knows: copies to and from a
/// device run at full speed and asynchronously, and kernels reach the elements in place. Made by
/// pin. Move-only; its end, or the array's if that comes first, gives the memory back.
///
/// The memory rule holds for a GPU as for the rank that uses it. What others wrote is there after a
/// fence, which comes before the copy or the kernel starts. From then on, until its stream is
/// synchronised, it reads or writes in this rank's name: it has ended before the fence after which
/// others write what it reads, or read what it writes; and before this object or the array ends.
///
/// Orders of ending: this object and the array may end in either order, before or after the context
/// that was current, and after main. It does not keep the array: that ends at the same place on
/// all ranks, whoever has a GPU. In a fork of the rank its end does nothing.
template <class T, int N, class Layout = row_major>
class pinned {
public:
    /// Nothing.
    pinned() = default;

    /// The elements that are pinned, as the program reaches them. Valid as long as the array.
    const view<T, N, Layout>& elements() const noexcept { return elements_; }

    /// Where kernels find the first of them, in the context that was current for pin: the others
    /// lie as the view's strides say. Null where is_mapped() is not.
    T* device_data() const noexcept { return reinterpret_cast<T*>(core_.device_data()); }

    /// Whether kernels reach the elements in place. Where not, copies are fast all the same.
    bool is_mapped() const noexcept { return device_data() != nullptr; }

    /// Whether the memory is held: no longer once this was moved from, or the array has ended.
    bool is_pinned() const noexcept { return core_.is_pinned(); }

    /// From the first element's begin to the last one's end.
    std::size_t bytes() const noexcept { return core_.bytes(); }

private:
    template <class U, int M, class L>
    friend pinned<U, M, L> pin(array<U, M, L>&, const std::type_identity_t<view<U, M, L>>&);
    pinned(detail::pinned_core core, const view<T, N, Layout>& elements)
        : core_(std::move(core)),
          elements_(elements) {}

    detail::pinned_core core_;
    view<T, N, Layout> elements_;
};

namespace detail {

// From the first element's begin to the last one's end.
template <class T, int N, class Layout>
std::size_t bytes_spanned(const view<T, N, Layout>& elements) noexcept {
    if (elements.empty()) return 0;
    index_t last = 0;
    for (int d = 0; d < N; ++d) last += (elements.extent(d) - 1) * elements.stride(d);
    return static_cast<std::size_t>(last + 1) * sizeof(T);
}

} // namespace detail

/// Registers elements of the array on this node with the driver of its GPUs, which loses no time
/// then in copying them to memory of its own first: `part` is local(), node(), block(rank) or a
/// view into one of these; without it, all that this node holds. Each rank that uses a GPU pins
/// what it will touch: pages are shared, what the driver notes is each rank's.
///
/// CUDA's driver or HIP's is loaded at run time, from the file NODESPAN_GPU_LIBRARY where that is
/// set. What is pinned already, in whole or in part, is shared and stays until the last holder
/// ends.
/// Shape:  the memory from the first element to the last, whatever lies between.
/// Call:   any rank alone, on any thread, with a context of a GPU current on it (CUDA), or a device
///         (HIP).
/// Errors: errc::unsupported (no driver, no GPU: go on without), errc::invalid_argument (no context
///         is current; the memory is registered by others), errc::no_capacity (the driver could not
///         lock so much), errc::out_of_range (a view of other memory), errc::finalized,
///         errc::wrong_thread (a fork), errc::device (what else the driver says).
/// Cost:   some 50 ms a GiB and rank, and some ms the first time; it pays where 1 MiB or more is
///         copied, several times.
/// Source: cuMemHostRegister, hipHostRegister (portable, mapped).
template <class T, int N, class Layout>
pinned<T, N, Layout> pin(array<T, N, Layout>& a,
                         const std::type_identity_t<view<T, N, Layout>>& part) {
    return {
        detail::pinned_core(detail::core_of(a), part.data_handle(), detail::bytes_spanned(part)),
        part};
}

template <class T, int N, class Layout>
pinned<T, N, Layout> pin(array<T, N, Layout>& a) {
    return pin(a, a.node());
}

} // namespace nodespan
