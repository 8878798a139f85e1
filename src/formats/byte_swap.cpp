#include "byte_swap.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

namespace nodespan::detail {
namespace {

template <class Word>
void swap_words(std::byte* data, std::size_t count) {
    for (std::size_t k = 0; k < count; ++k, data += sizeof(Word)) {
        Word word;
        std::memcpy(&word, data, sizeof(Word));
        Word turned = 0;
        for (std::size_t byte = 0; byte < sizeof(Word); ++byte) // compiles to one instruction
            turned = static_cast<Word>(turned << 8 | (word >> (8 * byte) & 0xFF));
        std::memcpy(data, &turned, sizeof(Word));
    }
}

std::size_t word_bytes(dtype type) {
    return facts_of(type).kind == 'c' ? bytes_of(type) / 2 : bytes_of(type);
}

} // namespace

bool needs_swap(byte_order in_file, dtype type) {
    const bool is_little = std::endian::native == std::endian::little;
    return word_bytes(type) > 1 && is_little != (in_file == byte_order::little);
}

void swap_bytes(std::byte* data, index_t count, dtype type) {
    const std::size_t word = word_bytes(type);
    const std::size_t words = static_cast<std::size_t>(count) * (bytes_of(type) / word);
    if (word == 2) swap_words<std::uint16_t>(data, words);
    if (word == 4) swap_words<std::uint32_t>(data, words);
    if (word == 8) swap_words<std::uint64_t>(data, words);
}

} // namespace nodespan::detail
