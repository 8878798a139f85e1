#include "account.hpp"
#include "frame.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

using namespace nodespan::acquire;

std::vector<sample> frame_of(std::uint64_t sequence, std::size_t samples) {
    std::vector<sample> frame(samples);
    write_frame(frame, sequence);
    stamp_frame(frame, sequence);
    return frame;
}

TEST(AcquireFrame, IsRightAsItWasWritten) {
    for (const std::size_t samples : {32U, 1000U, 20'000U})
        for (const std::uint64_t sequence : {0UL, 1UL, 77'777UL})
            EXPECT_TRUE(examine_frame(frame_of(sequence, samples), sequence).is_right);
}

TEST(AcquireFrame, IsWrongUnderAnotherNumber) {
    const std::vector<sample> frame = frame_of(5, 1000);

    EXPECT_FALSE(examine_frame(frame, 6).is_right);
    EXPECT_FALSE(examine_frame(frame, 5 + 65'536).is_right); // the same samples, but for the header
}

TEST(AcquireFrame, IsWrongWithOneStrangeSample) {
    for (const std::size_t at : {header_samples, std::size_t{9000}, std::size_t{19'999}}) {
        std::vector<sample> frame = frame_of(5, 20'000);

        ++frame[at];

        EXPECT_FALSE(examine_frame(frame, 5).is_right) << at;
    }
}

TEST(AcquireFrame, IsWrongWhereItIsTornBetweenTwo) {
    std::vector<sample> frame = frame_of(5, 20'000);
    const std::vector<sample> next = frame_of(6, 20'000);

    std::copy(next.begin() + 12'000, next.end(), frame.begin() + 12'000);

    EXPECT_FALSE(examine_frame(frame, 5).is_right);
}

TEST(AcquireFrame, HasTheStatisticsOfItsSamples) {
    const std::vector<sample> frame = frame_of(123, 20'000);
    std::int64_t sum = 0;
    for (std::size_t i = header_samples; i < frame.size(); ++i) sum += frame[i];

    const statistics seen = examine_frame(frame, 123).samples;

    EXPECT_EQ(seen.sum, sum);
    EXPECT_EQ(seen.count, static_cast<std::int64_t>(frame.size() - header_samples));
    EXPECT_EQ(seen.least, *std::min_element(frame.begin() + header_samples, frame.end()));
    EXPECT_EQ(seen.most, *std::max_element(frame.begin() + header_samples, frame.end()));
}

TEST(AcquireLatencies, AreKnownToThreePercent) {
    latencies seen;
    for (std::int64_t ns = 1; ns <= 1'000'000; ++ns) seen.add(ns);

    for (const double part : {0.0001, 0.01, 0.5, 0.99, 0.999}) {
        const auto found = static_cast<double>(seen.quantile(part));
        EXPECT_GE(found, 1e6 * part);
        EXPECT_LE(found, 1.04e6 * part + 1) << part;
    }
    EXPECT_EQ(seen.quantile(1), 1'000'000);
    EXPECT_EQ(seen.most(), 1'000'000);
    EXPECT_EQ(latencies().quantile(0.5), 0);
}

TEST(AcquireLatencies, TakeExtremeTimes) {
    latencies seen;

    seen.add(-5); // a clock that is not the same everywhere
    seen.add(0);
    seen.add(std::int64_t{1} << 61);

    EXPECT_EQ(seen.quantile(0.5), 0);
    EXPECT_EQ(seen.quantile(1), std::int64_t{1} << 61);
}

} // namespace
