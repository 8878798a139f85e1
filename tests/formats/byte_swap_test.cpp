#include "byte_swap.hpp"

#include <gtest/gtest.h>

#include <complex>
#include <cstdint>
#include <cstring>
#include <vector>

namespace {

using namespace nodespan;
using namespace nodespan::detail;

template <class T>
std::vector<unsigned char> turned(const std::vector<T>& values) {
    std::vector<unsigned char> bytes(values.size() * sizeof(T));
    std::memcpy(bytes.data(), values.data(), bytes.size());
    swap_bytes(reinterpret_cast<std::byte*>(bytes.data()), static_cast<index_t>(values.size()),
               dtype_of<T>());
    return bytes;
}

TEST(ByteSwap, TurnsTheBytesOfEachNumber) {
    if (!needs_swap(byte_order::big, dtype::int16)) GTEST_SKIP() << "this machine is big";

    EXPECT_EQ(turned<std::uint16_t>({0x0102, 0x0304}), (std::vector<unsigned char>{1, 2, 3, 4}));
    EXPECT_EQ(turned<std::uint32_t>({0x01020304}), (std::vector<unsigned char>{1, 2, 3, 4}));
    EXPECT_EQ(turned<std::int64_t>({0x0102030405060708}),
              (std::vector<unsigned char>{1, 2, 3, 4, 5, 6, 7, 8}));
    EXPECT_EQ(turned<std::complex<float>>({{1.0F, 2.0F}}),
              (std::vector<unsigned char>{0x3F, 0x80, 0, 0, 0x40, 0, 0, 0}));
    EXPECT_FALSE(needs_swap(byte_order::big, dtype::uint8));
    EXPECT_FALSE(needs_swap(byte_order::little, dtype::complex128));
}

} // namespace
