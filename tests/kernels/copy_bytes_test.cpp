#include "nodespan/detail/copy_bytes.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <vector>

namespace {

using nodespan::detail::copy_bytes;
using nodespan::detail::plain_copy_below_bytes;
using nodespan::detail::streaming_copy_from_bytes;

using sizes = std::initializer_list<std::size_t>;

constexpr std::byte guard{0xA5};

// Two buffers for copies of up to `most` bytes at any place within a page. No period of the source
// divides a page or a line, so bytes from a wrong place show.
class copier {
public:
    using way = void (*)(std::byte* to, const std::byte* from, std::size_t bytes) noexcept;

    explicit copier(std::size_t most, way copy = copy_bytes)
        : copy_(copy),
          from_(most + margin),
          to_(most + margin, guard) {
        for (std::size_t i = 0; i < from_.size(); ++i)
            from_[i] = static_cast<std::byte>(i % 251 + i / 251 % 241);
    }

    // Copies; checks every byte of the copy, and the guards in front and behind.
    void check(std::size_t from_offset, std::size_t distance, std::size_t bytes) {
        SCOPED_TRACE(testing::Message() << bytes << " bytes from " << from_offset
                                        << ", distance modulo a page " << distance);
        const std::byte* const from = from_.data() + from_offset;
        const auto gap = reinterpret_cast<std::uintptr_t>(from) + distance -
                         reinterpret_cast<std::uintptr_t>(to_.data()) - 64;
        std::byte* const to = to_.data() + 64 + gap % 4096;

        copy_(to, from, bytes);

        EXPECT_TRUE(std::equal(from, from + bytes, to));
        EXPECT_TRUE(std::all_of(to - 64, to, [](std::byte b) { return b == guard; }));
        EXPECT_TRUE(
            std::all_of(to + bytes, to + bytes + 64, [](std::byte b) { return b == guard; }));
        std::fill(to, to + bytes, guard);
    }

private:
    static constexpr std::size_t margin = 2 * 4096 + 256;
    way copy_;
    std::vector<std::byte> from_, to_;
};

TEST(CopyBytes, OfEverySmallSizeAtEveryAlignment) {
    copier c(300);

    for (std::size_t bytes = 0; bytes <= 300; ++bytes)
        for (const std::size_t offset : sizes{0, 1, 7, 8, 31})
            for (const std::size_t distance : sizes{0, 1, 8, 33, 63, 64, 4088})
                c.check(offset, distance, bytes);
}

TEST(CopyBytes, AroundTheSizeFromWhichDistanceMatters) {
    copier c(plain_copy_below_bytes + 300);

    for (std::size_t bytes = plain_copy_below_bytes - 70; bytes < plain_copy_below_bytes + 300;
         bytes += bytes % 2 == 0 ? 1U : 6U)
        for (const std::size_t offset : sizes{0, 1, 17, 31, 32, 63})
            for (const std::size_t distance : sizes{0, 1, 8, 31, 32, 63, 64, 2048, 4095})
                c.check(offset, distance, bytes);
}

TEST(CopyBytes, OfPagesAtEveryDistanceThatMatters) {
    copier c(70001);

    for (const std::size_t bytes : sizes{4096, 4097, 8191, 65536, 70001})
        for (std::size_t distance = 0; distance <= 65; ++distance)
            c.check(distance % 5, distance, bytes);
}

TEST(CopyBytes, AroundTheSizeFromWhichStoresPassTheCaches) {
    copier c(streaming_copy_from_bytes + 200);

    for (const std::ptrdiff_t more : {-1, 0, 1, 63, 64, 129, 200})
        for (const std::size_t offset : sizes{0, 5})
            for (const std::size_t distance : sizes{0, 8, 59, 3000})
                c.check(offset, distance,
                        streaming_copy_from_bytes + static_cast<std::size_t>(more));
}

TEST(CopyBytes, OfPiecesOfALongCopyPassTheCachesAtEveryAlignment) {
    copier c(70001, nodespan::detail::stream_bytes);

    for (const std::size_t bytes : sizes{1, 127, 4095, 4096, 4097, 4159, 70001})
        for (const std::size_t offset : sizes{0, 5, 63})
            for (const std::size_t distance : sizes{0, 1, 8, 63, 3000})
                c.check(offset, distance, bytes);
}

TEST(CopyBytes, OfNothingTakesNullPointers) {
    copy_bytes(nullptr, nullptr, 0);
}

} // namespace
