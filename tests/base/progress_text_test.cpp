// What progress is shown as: lines for logs, and bars that are exactly as wide as a terminal.

#include "progress_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

namespace {

using namespace nodespan::detail;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr progress_facts half{"heat", "steps", 0, 450, 1000, 30, ""};

TEST(ProgressLine, TellsPercentsCountsRateAndTimeLeft) {
    EXPECT_EQ(progress_line(half), "heat: 45%, 450/1000 steps, 15.0 steps/s, 37 s left");
}

TEST(ProgressLine, EndsWithTheNoteOfTheProgram) {
    progress_facts noted = half;
    noted.note = "error 0.25";

    EXPECT_THAT(progress_line(noted), testing::EndsWith(" left, error 0.25"));
}

TEST(ProgressLine, TellsAtTheEndHowLongItTook) {
    progress_facts all = half;
    all.done = 1000;

    EXPECT_EQ(progress_line(all), "heat: 100%, 1000/1000 steps, 33.3 steps/s, 30 s");
}

TEST(ProgressLine, LeavesWhatWasDoneBeforeOutOfTheRate) {
    progress_facts resumed = half;
    resumed.begin = 420;

    EXPECT_EQ(progress_line(resumed), "heat: 45%, 450/1000 steps, 1.00 steps/s, 9 min 10 s left");
}

TEST(ProgressLine, TellsBytesAndSlowThingsInUnitsThatFit) {
    EXPECT_EQ(progress_line({"reading", "B", 0, 1'500'000'000, 4'000'000'000, 2, ""}),
              "reading: 37%, 1.50 GB of 4.00 GB, 750 MB/s, 3.3 s left");
    EXPECT_EQ(progress_line({"training", "epochs", 0, 1, 3, 45, ""}),
              "training: 33%, 1/3 epochs, 1.33 epochs/min, 1 min 30 s left");
    EXPECT_EQ(progress_line({"training", "epochs", 0, 1, 3, 7200, ""}),
              "training: 33%, 1/3 epochs, 0.50 epochs/h, 4 h left");
}

TEST(ProgressLine, KnowsNoTimeLeftWithoutATotalOrAStart) {
    EXPECT_EQ(progress_line({"acquire", "frames", 0, 30, 0, 2, ""}),
              "acquire: 30 frames, 15.0 frames/s");
    EXPECT_EQ(progress_line({"heat", "", 0, 0, 10, 2, ""}), "heat: 0%, 0/10");
}

TEST(ProgressLine, SaysAHundredPercentWhenAllIsDoneAndNoSooner) {
    EXPECT_THAT(progress_line({"heat", "", 0, 99999, 100000, 2, ""}), HasSubstr(" 99%"));
    EXPECT_THAT(progress_line({"heat", "", 0, 200, 100, 2, ""}), HasSubstr(" 100%"));
}

int width(const std::string& text) {
    return static_cast<int>(
        std::ranges::count_if(text, [](char c) { return (c & '\xC0') != '\x80'; }));
}

TEST(ProgressBar, IsAsWideAsTheTerminal) {
    progress_facts noted = half;
    noted.note = "error 0.25, größer als zuvor";
    for (int columns = 1; columns < 300; ++columns) {
        EXPECT_EQ(width(progress_bar(half, columns)), columns);
        EXPECT_EQ(width(progress_bar(noted, columns)), columns);
    }
}

TEST(ProgressBar, ShowsMoreTheWiderItIs) {
    const std::string narrow = progress_bar(half, 39), wide = progress_bar(half, 79);

    EXPECT_EQ(narrow, "heat  45% [#####........] 37 s left    ");
    EXPECT_EQ(wide,
              "heat  45% [#########............] 450/1000 steps, 15.0 steps/s, 37 s left      ");
}

TEST(ProgressBar, KeepsItsLengthWhileFiguresGrow) {
    std::set<std::size_t> ends;
    for (std::int64_t done = 1; done < 1000; ++done) {
        progress_facts at = half;
        at.done = done;
        at.seconds = 20;
        ends.insert(progress_bar(at, 100).find(']'));
    }

    EXPECT_LE(ends.size(), 4U); // with times left from hours to seconds
}

TEST(ProgressBar, IsFullAtTheEndAndEmptyAtTheBeginning) {
    progress_facts at = half;
    at.done = 0;
    EXPECT_THAT(progress_bar(at, 60), Not(HasSubstr("#")));

    at.done = at.total;
    EXPECT_THAT(progress_bar(at, 60), Not(HasSubstr(".]")));
    EXPECT_THAT(progress_bar(at, 60), StartsWith("heat 100% [####"));
}

TEST(ProgressBar, IsTextAloneWhereNobodyKnowsTheTotal) {
    const std::string text = progress_bar({"acquire", "frames", 0, 30, 0, 2, ""}, 60);

    EXPECT_THAT(text, StartsWith("acquire 30 frames, 15.0 frames/s "));
    EXPECT_THAT(text, Not(HasSubstr("[")));
}

TEST(TimeInWords, IsShortAndNeedsNoArithmetic) {
    EXPECT_EQ(time_in_words(0.42), "0.4 s");
    EXPECT_EQ(time_in_words(12.4), "12 s");
    EXPECT_EQ(time_in_words(60), "1 min");
    EXPECT_EQ(time_in_words(200), "3 min 20 s");
    EXPECT_EQ(time_in_words(7500), "2 h 5 min");
    EXPECT_EQ(time_in_words(273600), "3 d 4 h");
}

} // namespace
