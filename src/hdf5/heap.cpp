#include "heap.hpp"

#include "collective_io.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace nodespan::detail {
namespace {

[[noreturn]] void refuse_heap() {
    refuse("a heap of the file, where HDF5 keeps texts, is damaged");
}

} // namespace

std::uint64_t number_at(const std::byte* bytes, std::size_t width) {
    std::uint64_t result = 0;
    for (std::size_t k = std::min<std::size_t>(width, 8); k-- > 0;)
        result = result << 8 | std::to_integer<std::uint64_t>(bytes[k]);
    return result;
}

// A heap is "GCOL", a version and the number of its bytes; then objects, each with number, uses and
// bytes, at multiples of 8 bytes. Number 0 is free space, whose size includes its head.
std::map<std::uint64_t, heap_object> objects_of_heap(const posix_file& file, std::uint64_t length,
                                                     std::uint64_t at, std::size_t size_bytes) {
    const std::size_t head = (8 + size_bytes + 7) / 8 * 8;
    std::array<std::byte, 16> bytes{};
    if (size_bytes > 8 || at > length || length - at < head) refuse_heap();
    file.read(at, bytes.data(), head);
    const std::uint64_t whole = number_at(&bytes[8], size_bytes);
    if (std::memcmp(bytes.data(), "GCOL\1", 5) != 0 || whole > length - at) refuse_heap();
    const std::uint64_t end = at + whole;
    std::map<std::uint64_t, heap_object> result;
    for (at += head; at + head <= end;) {
        file.read(at, bytes.data(), head);
        const std::uint64_t number = number_at(bytes.data(), 2);
        const std::uint64_t size = number_at(&bytes[8], size_bytes);
        if (number == 0) {
            if (size < head || size > end - at) refuse_heap();
            at += size;
            continue;
        }
        at += head;
        if (size > end - at || !result.emplace(number, heap_object{at, size}).second) refuse_heap();
        at += (size + 7) / 8 * 8;
    }
    return result;
}

} // namespace nodespan::detail
