#include "text.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace nodespan::ensemble;
using words = std::vector<std::string>;

/// A folder of its own for each test, removed after it.
class EnsembleText : public testing::Test {
protected:
    void SetUp() override {
        const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
        folder_ = fs::path(testing::TempDir()) /
                  ("ensemble_text_" + test + "_" + std::to_string(getpid()));
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    void TearDown() override { fs::remove_all(folder_); }

    void write(const std::string& name, const std::string& content) {
        std::ofstream(folder_ / name, std::ios::binary) << content;
    }

    /// `count` texts, each with a word no other text has.
    void write_texts(const std::string& name, int count) {
        std::string content;
        for (int i = 0; i < count; ++i) {
            content += "common word " + name + std::to_string(i) + "\n%\n";
        }
        write(name, content);
    }

    std::string failure(const fs::path& folder) {
        try {
            read_corpus(folder, settings{});
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "no error";
    }

    fs::path folder_;
};

bool equal(const std::vector<document>& a, const std::vector<document>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.words == y.words && x.category == y.category;
    });
}

TEST_F(EnsembleText, WordsAreLowerCaseAndRunsOfAMarkAreOneWord) {
    EXPECT_EQ(tokenise("Don't PANIC!!", 40), (words{"don't", "panic", "!!"}));
    EXPECT_EQ(tokenise("  so.....\n\t-- Adams '42'", 40),
              (words{"so", "...", "--", "adams", "'", "42", "'"}));
}

TEST_F(EnsembleText, LongTextsAreCut) {
    EXPECT_EQ(tokenise("one two three", 2), (words{"one", "two"}));
    EXPECT_TRUE(tokenise("one", 0).empty());
}

TEST_F(EnsembleText, BytesOutsideAsciiAreLettersAndControlBytesSeparate) {
    EXPECT_EQ(tokenise("caf\xc3\xa9 \xff\xfe", 40), (words{"caf\xc3\xa9", "\xff\xfe"}));
    EXPECT_EQ(tokenise(std::string("a\0b\x1b\x7f", 5), 40), (words{"a", "b"}));
}

TEST_F(EnsembleText, PercentLinesSeparateTextsAndBlankLinesDoNot) {
    EXPECT_EQ(split_texts("a\n\nb\n%\n%\r\n100%\n%\n"), (words{"a\n\nb\n", "100%\n"}));
}

TEST_F(EnsembleText, BlankLinesSeparateTextsWithoutPercentLines) {
    EXPECT_EQ(split_texts("a\nb\n\n \t\r\nc %"), (words{"a\nb\n", "c %\n"}));
    EXPECT_TRUE(split_texts("").empty());
}

TEST_F(EnsembleText, EachCategoryIsSplitAndNoTextIsLost) {
    write_texts("b", 40);
    write_texts("a", 20);
    settings options;
    options.held_out = 0.25;

    const corpus read = read_corpus(folder_, options);

    EXPECT_EQ(read.categories, (words{"a", "b"}));
    EXPECT_EQ(read.train.size(), 45U);
    EXPECT_EQ(read.held_out.size(), 15U);
    EXPECT_EQ(std::count_if(read.held_out.begin(), read.held_out.end(),
                            [](const auto& text) { return text.category == 0; }),
              5);
    EXPECT_DOUBLE_EQ(majority(read.held_out), 10.0 / 15);
}

TEST_F(EnsembleText, TheVocabularyKnowsTrainingTextsOnly) {
    write_texts("a", 20);
    write_texts("b", 20);

    const corpus read = read_corpus(folder_, settings{});

    EXPECT_EQ(read.words.size(), 1 + 2 + static_cast<int>(read.train.size()));
    for (const auto& text : read.held_out) {
        EXPECT_EQ(text.words[2], vocabulary::unknown);
    }
    for (const auto& text : read.train) EXPECT_NE(text.words[2], vocabulary::unknown);
}

TEST_F(EnsembleText, TheVocabularyKeepsFrequentWordsAndTiesByAlphabet) {
    write("a", "x z y\n%\nx z y\n%\n");
    write("b", "x y z w\n%\nx y z w\n");
    settings options;
    options.words = 4;

    const corpus read = read_corpus(folder_, options);

    ASSERT_EQ(read.words.size(), 4);
    EXPECT_EQ(read.words.word(1), "x");
    EXPECT_EQ(read.words.word(2), "y");
    EXPECT_EQ(read.words.word(3), "z");
    EXPECT_EQ(read.words.number("w"), vocabulary::unknown);
}

TEST_F(EnsembleText, TheSplitFollowsTheSeed) {
    write_texts("a", 50);
    write_texts("b", 50);
    settings options;
    // Each text has a word of its own, known only if the text is not held out.
    const auto known = [](const corpus& read) {
        std::vector<bool> result;
        for (int i = 0; i < 50; ++i) {
            const std::string word = "a" + std::to_string(i);
            result.push_back(read.words.number(word) != vocabulary::unknown);
        }
        return result;
    };

    const corpus first = read_corpus(folder_, options);
    const corpus again = read_corpus(folder_, options);
    options.seed = 2;
    const corpus other = read_corpus(folder_, options);

    EXPECT_TRUE(equal(first.train, again.train) && equal(first.held_out, again.held_out));
    EXPECT_NE(known(first), known(other));
}

TEST_F(EnsembleText, OnlyTheLargestCategoriesAreKeptInOrderOfName) {
    write_texts("a", 3);
    write_texts("b", 9);
    write_texts("c", 3);
    write_texts("d", 8);
    settings options;

    options.categories = 3;
    EXPECT_EQ(read_corpus(folder_, options).categories, (words{"a", "b", "d"}));
    options.categories = 0;
    EXPECT_EQ(read_corpus(folder_, options).categories, (words{"a", "b", "c", "d"}));
}

TEST_F(EnsembleText, IndexFilesHiddenFilesLinksAndFoldersAreSkipped) {
    write_texts("a", 4);
    write_texts("b", 4);
    write_texts("c.dat", 4);
    write_texts(".hidden", 4);
    fs::create_symlink("a", folder_ / "a.u8");
    fs::create_symlink("a", folder_ / "link");
    fs::create_directory(folder_ / "folder");

    EXPECT_EQ(read_corpus(folder_, settings{}).categories, (words{"a", "b"}));
}

TEST_F(EnsembleText, TextsOfOneWordAreSkipped) {
    write("a", "one two\n%\none\n%\none two\n");
    write("b", "one two\n%\none two three\n");

    const corpus read = read_corpus(folder_, settings{});

    EXPECT_EQ(read.train.size() + read.held_out.size(), 4U);
}

TEST_F(EnsembleText, BinaryFilesAreReadLikeAnyOther) {
    std::string bytes;
    for (int i = 0; i < 4096; ++i) bytes.push_back(static_cast<char>(i * 37 % 256));
    write("a", bytes + "\n\n" + bytes);
    write("b", bytes + "\n%\n" + bytes);

    const corpus read = read_corpus(folder_, settings{});

    EXPECT_GE(read.train.size(), 2U);
}

TEST_F(EnsembleText, ErrorsNameTheFolderAndTheCause) {
    EXPECT_NE(failure(folder_).find("no plain text files"), std::string::npos);
    EXPECT_NE(failure(folder_).find(folder_.string()), std::string::npos);
    EXPECT_NE(failure(folder_ / "absent").find("no such folder"), std::string::npos);
    write("a", "word");
    EXPECT_NE(failure(folder_ / "a").find("not a folder"), std::string::npos);
    EXPECT_NE(failure(folder_).find("two texts"), std::string::npos);
    write_texts("b", 4);
    EXPECT_NE(failure(folder_).find("only one category, \"b\""), std::string::npos);
}

TEST_F(EnsembleText, AFileThatCannotBeOpenedIsAnError) {
    if (geteuid() == 0) GTEST_SKIP() << "root may open any file";
    write_texts("a", 4);
    fs::permissions(folder_ / "a", fs::perms::none);

    EXPECT_NE(failure(folder_).find("cannot open"), std::string::npos);
}

TEST_F(EnsembleText, NoTextsHaveNoMajority) {
    EXPECT_EQ(majority({}), 0);
}

} // namespace
