#include "packed_patch.hpp"

#include "strided.hpp"

namespace nodespan::detail {
namespace {

// Longer stretches cost more to copy than to send one by one.
constexpr index_t long_stretch_bytes = 4096;

// How many bytes lie one after the other.
index_t stretch(const index_list& extents, std::size_t element_bytes, const index_list& strides) {
    auto bytes = static_cast<index_t>(element_bytes);
    for (std::size_t d = extents.size(); d-- > 0;) {
        if (extents[d] == 1) continue;
        if (strides[d] != bytes) break;
        bytes *= extents[d];
    }
    return bytes;
}

} // namespace

bool is_scattered(const index_list& extents, std::size_t element_bytes, const index_list& memory,
                  const index_list& target) noexcept {
    const index_t here = stretch(extents, element_bytes, memory);
    return here < long_stretch_bytes && stretch(extents, element_bytes, target) >= 2 * here;
}

packed_patch::packed_patch(index_t elements, std::size_t element_bytes)
    : element_bytes_(element_bytes),
      data_(std::make_unique_for_overwrite<std::byte[]>(static_cast<std::size_t>(elements) *
                                                        element_bytes)) {}

void packed_patch::stand_for(const index_list& extents, std::byte* memory,
                             const index_list& strides) {
    stand_for(extents, static_cast<const std::byte*>(memory), strides);
    to_ = memory;
}

void packed_patch::stand_for(const index_list& extents, const std::byte* memory,
                             const index_list& strides) {
    extents_ = extents;
    strides_ = strides;
    own_strides_ = dense_strides(extents, element_bytes_);
    from_ = memory;
    to_ = nullptr;
}

void packed_patch::read() noexcept {
    copy_patch(extents_, element_bytes_, data_.get(), own_strides_, from_, strides_);
}

void packed_patch::write() noexcept {
    if (to_ != nullptr)
        copy_patch(extents_, element_bytes_, to_, strides_, data_.get(), own_strides_);
}

} // namespace nodespan::detail
