#include "csv_lines.hpp"

#include "line_reader.hpp"
#include "text_lines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <sys/mman.h>
#include <unistd.h>

namespace {

using namespace nodespan::detail;
using testing::ElementsAre;

// A file in memory, with a name under which it can be opened.
class memory_file {
public:
    explicit memory_file(const std::string& text) : descriptor_(memfd_create("text", MFD_CLOEXEC)) {
        file_ = posix_file::open_to_write("/proc/self/fd/" + std::to_string(descriptor_));
        file_.write(0, text.data(), text.size());
    }
    memory_file(const memory_file&) = delete;
    memory_file& operator=(const memory_file&) = delete;
    ~memory_file() { close(descriptor_); }

    const posix_file& file() const { return file_; }

private:
    int descriptor_;
    posix_file file_;
};

std::vector<std::string> lines_of(const posix_file& file, std::uint64_t start, std::uint64_t first,
                                  std::uint64_t last, std::size_t block) {
    std::vector<std::string> result;
    line_reader lines(file, start, first, last, block);
    while (const auto line = lines.next()) result.emplace_back(*line);
    return result;
}

TEST(CsvLines, LinesAreTheSameHoweverTheFileIsCut) {
    std::mt19937 random(20140504);
    for (int round = 0; round < 400; ++round) {
        std::string text;
        const char* const pieces[] = {"\n", "\r", "\r\n", "1", "2,3", "\n\r", " "};
        for (auto k = random() % 12; k > 0; --k) text += pieces[random() % 7];
        const std::uint64_t start = text.empty() || text[0] == '\r' ? 0 : random() % 2;
        std::vector<std::string> expected;
        for (std::string_view rest =
                 std::string_view(text).substr(std::min<std::size_t>(start, text.size()));
             !rest.empty();)
            expected.emplace_back(take_line(rest));
        const memory_file made(text);
        for (const std::size_t block : {2U, 3U, 64U})
            for (std::uint64_t cut = start; cut <= text.size(); ++cut) {
                auto found = lines_of(made.file(), start, start, cut, block);
                const auto second = lines_of(made.file(), start, cut, text.size(), block);
                found.insert(found.end(), second.begin(), second.end());
                ASSERT_EQ(found, expected) << testing::PrintToString(text) << " cut at " << cut;
            }
    }
}

TEST(CsvLines, BeginsBehindTheNamesWhateverEndsTheirLine) {
    for (const std::string end : {"\n", "\r", "\r\n"}) {
        const std::string text = "# c" + end + end + "a,b" + end + "1,2" + end + end + "3,4";
        const memory_file made(text);

        const csv_head head = read_csv_head(made.file(), 0, std::nullopt);

        EXPECT_THAT(head.names, ElementsAre("a", "b"));
        EXPECT_EQ(head.separator, ',');
        EXPECT_EQ(head.columns, 2U);
        EXPECT_EQ(head.lines_before, 3U);
        EXPECT_THAT(lines_of(made.file(), head.data_start, head.data_start, text.size(), 2),
                    ElementsAre("1,2", "", "3,4"));
    }
}

TEST(CsvLines, ReadsHeadsLongerThanTheFirstBlock) {
    // The first look ends between CR and LF, of a comment, of names, of a row.
    const std::size_t look = 1 << 16;
    for (const std::size_t comment : {look - 1, look - 6, look - 11, look, look + 7}) {
        const std::string text = "#" + std::string(comment - 2, 'c') + "\r\na,b\r\n1,2\r\n3,4\r\n";
        const memory_file made(text);

        const csv_head head = read_csv_head(made.file(), 0, std::nullopt);

        EXPECT_THAT(head.names, ElementsAre("a", "b"));
        EXPECT_EQ(head.data_start, comment + 6) << comment;
        EXPECT_EQ(head.lines_before, 2U);
    }
}

} // namespace
