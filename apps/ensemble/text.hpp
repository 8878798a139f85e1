#pragma once

#include "settings.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace nodespan::ensemble {

/// Words known to the models, most frequent first; number 0 stands for every other word.
class vocabulary {
public:
    static constexpr int unknown = 0;

    vocabulary() : vocabulary(std::vector<std::string>{}) {}

    /// Numbers `words` from 1.
    explicit vocabulary(std::vector<std::string> words);

    /// How many numbers are in use, the unknown word's included.
    int size() const { return static_cast<int>(words_.size()); }

    /// The number of `word`, or `unknown`.
    int number(const std::string& word) const;

    const std::string& word(int number) const {
        return words_.at(static_cast<std::size_t>(number));
    }

private:
    std::vector<std::string> words_;
    std::unordered_map<std::string, int> numbers_;
};

/// One text: the numbers of its words, at least two, and its category.
struct document {
    std::vector<int> words;
    int category = 0;
};

/// Texts by category, split into those to learn from and those to judge by.
struct corpus {
    std::vector<std::string> categories;
    vocabulary words;
    std::vector<document> train;
    std::vector<document> held_out;
};

/// Splits `text` into lower-case words and marks of punctuation, the first `max_words` of them.
/// Bytes outside ASCII count as letters, so that any encoding, or none, gives words.
std::vector<std::string> tokenise(std::string_view text, int max_words);

/// Splits a file into texts: at lines holding only `%` if there are any, else at blank lines.
std::vector<std::string> split_texts(std::string_view file);

/// Reads every plain file of `folder` as one category, in the order of their names. Symbolic
/// links, hidden files, `*.dat` and `*.u8` are skipped, as are texts with fewer than two words.
/// The vocabulary comes from the training texts only: held-out ones must stay unseen.
/// Errors: std::runtime_error naming the folder or file and the cause.
corpus read_corpus(const std::filesystem::path& folder, const settings& options);

/// The part of `documents` in the largest category: the accuracy of always guessing that one.
double majority(const std::vector<document>& documents);

} // namespace nodespan::ensemble
