#include "text.hpp"

#include "random.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace nodespan::ensemble {
namespace {

namespace fs = std::filesystem;

/// A category while it is read: its texts as words, not yet numbers.
struct category_texts {
    std::string name;
    std::vector<std::vector<std::string>> texts;
};

[[noreturn]] void fail(const fs::path& where, const std::string& cause) {
    throw std::runtime_error("read_corpus(\"" + where.string() + "\"): " + cause);
}

// <cctype> depends on the locale, and is undefined for negative char.
bool is_upper(char c) {
    return c >= 'A' && c <= 'Z';
}
bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || is_upper(c) || (c >= '0' && c <= '9') ||
           static_cast<unsigned char>(c) >= 0x80;
}
bool is_mark(char c) {
    return c > ' ' && c < 0x7f && !is_word(c);
}
char lower(char c) {
    return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string_view without_return(std::string_view line) {
    return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

bool is_blank(std::string_view line) {
    return line.find_first_not_of(" \t\r\f\v") == std::string_view::npos;
}

template <class Visit>
void each_line(std::string_view text, Visit visit) {
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        visit(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) fail(path, "cannot open the file for reading");
    std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (in.bad()) fail(path, "cannot read the file");
    return bytes;
}

bool is_category(const fs::directory_entry& entry) {
    const auto& path = entry.path();
    const auto extension = path.extension();
    return entry.symlink_status().type() == fs::file_type::regular && extension != ".dat" &&
           extension != ".u8" && !path.filename().string().starts_with('.');
}

std::vector<fs::path> category_files(const fs::path& folder) {
    std::error_code cause;
    if (!fs::exists(folder, cause)) fail(folder, "no such folder");
    if (!fs::is_directory(folder, cause)) fail(folder, "not a folder");
    fs::directory_iterator entries(folder, cause);
    if (cause) fail(folder, cause.message());
    std::vector<fs::path> files;
    for (const auto& entry : entries) {
        if (is_category(entry)) files.push_back(entry.path());
    }
    if (files.empty()) fail(folder, "the folder has no plain text files");
    std::sort(files.begin(), files.end());
    return files;
}

std::vector<category_texts> read_categories(const fs::path& folder, int max_words) {
    std::vector<category_texts> categories;
    for (const auto& file : category_files(folder)) {
        category_texts category{file.filename().string(), {}};
        for (const auto& text : split_texts(read_file(file))) {
            auto words = tokenise(text, max_words);
            if (words.size() >= 2) category.texts.push_back(std::move(words));
        }
        // One text cannot be both learnt from and judged by.
        if (category.texts.size() >= 2) categories.push_back(std::move(category));
    }
    return categories;
}

void keep_largest(std::vector<category_texts>& categories, int count) {
    if (count <= 0 || categories.size() <= static_cast<std::size_t>(count)) return;
    std::stable_sort(categories.begin(), categories.end(),
                     [](const auto& a, const auto& b) { return a.texts.size() > b.texts.size(); });
    categories.resize(static_cast<std::size_t>(count));
    std::sort(categories.begin(), categories.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
}

/// Moves the held-out texts of each category to its front and returns how many they are. Every
/// category keeps one text or more on each side.
std::vector<std::size_t> split_off(std::vector<category_texts>& categories,
                                   const settings& options) {
    std::vector<std::size_t> held_out;
    for (std::size_t c = 0; c < categories.size(); ++c) {
        auto& texts = categories[c].texts;
        random_stream random(options.seed, c, 0x73706c6974U);
        shuffle(texts, random);
        const double wanted = std::round(options.held_out * static_cast<double>(texts.size()));
        const double most = static_cast<double>(texts.size() - 1);
        held_out.push_back(static_cast<std::size_t>(std::clamp(wanted, 1.0, most)));
    }
    return held_out;
}

vocabulary most_frequent(const std::vector<category_texts>& categories,
                         const std::vector<std::size_t>& held_out, int size) {
    std::map<std::string, std::int64_t> counts;
    for (std::size_t c = 0; c < categories.size(); ++c) {
        const auto& texts = categories[c].texts;
        for (std::size_t t = held_out[c]; t < texts.size(); ++t) {
            for (const auto& word : texts[t]) ++counts[word];
        }
    }
    // The map is in alphabetical order, and a stable sort leaves ties in it.
    std::vector<std::pair<std::string, std::int64_t>> ranked(counts.begin(), counts.end());
    std::stable_sort(ranked.begin(), ranked.end(),
                     [](const auto& a, const auto& b) { return a.second > b.second; });
    ranked.resize(std::min(ranked.size(), static_cast<std::size_t>(std::max(size - 1, 0))));
    std::vector<std::string> words;
    for (auto& entry : ranked) words.push_back(std::move(entry.first));
    return vocabulary(std::move(words));
}

} // namespace

vocabulary::vocabulary(std::vector<std::string> words) : words_{"<unknown>"} {
    for (auto& word : words) {
        numbers_.emplace(word, size());
        words_.push_back(std::move(word));
    }
}

int vocabulary::number(const std::string& word) const {
    const auto found = numbers_.find(word);
    return found == numbers_.end() ? unknown : found->second;
}

std::vector<std::string> tokenise(std::string_view text, int max_words) {
    std::vector<std::string> words;
    const auto most = static_cast<std::size_t>(std::max(max_words, 0));
    std::size_t i = 0;
    while (i < text.size() && words.size() < most) {
        std::string word;
        // An apostrophe between letters belongs to the word: don't.
        while (i < text.size() &&
               (is_word(text[i]) || (text[i] == '\'' && !word.empty() && i + 1 < text.size() &&
                                     is_word(text[i + 1])))) {
            word.push_back(lower(text[i++]));
        }
        // A run of one mark, such as an ellipsis or a dash of two hyphens, is one word.
        if (word.empty() && is_mark(text[i])) {
            const char mark = text[i];
            for (; i < text.size() && text[i] == mark; ++i) {
                if (word.size() < 3) word.push_back(mark);
            }
        }
        if (word.empty())
            ++i;
        else
            words.push_back(std::move(word));
    }
    return words;
}

std::vector<std::string> split_texts(std::string_view file) {
    bool has_separator = false;
    each_line(file, [&](std::string_view line) {
        has_separator = has_separator || without_return(line) == "%";
    });
    std::vector<std::string> texts(1);
    each_line(file, [&](std::string_view line) {
        if (has_separator ? without_return(line) == "%" : is_blank(line)) {
            if (!texts.back().empty()) texts.emplace_back();
        } else {
            texts.back().append(line).push_back('\n');
        }
    });
    if (texts.back().empty()) texts.pop_back();
    return texts;
}

corpus read_corpus(const fs::path& folder, const settings& options) {
    auto categories = read_categories(folder, options.max_words);
    if (categories.empty()) fail(folder, "no file has two texts of two words or more");
    keep_largest(categories, options.categories);
    if (categories.size() < 2) {
        fail(folder, "only one category, \"" + categories[0].name +
                         "\": two or more files with texts are needed");
    }
    const auto held_out = split_off(categories, options);
    corpus result;
    result.words = most_frequent(categories, held_out, options.words);
    for (std::size_t c = 0; c < categories.size(); ++c) {
        result.categories.push_back(categories[c].name);
        for (std::size_t t = 0; t < categories[c].texts.size(); ++t) {
            document text{{}, static_cast<int>(c)};
            for (const auto& word : categories[c].texts[t]) {
                text.words.push_back(result.words.number(word));
            }
            (t < held_out[c] ? result.held_out : result.train).push_back(std::move(text));
        }
    }
    return result;
}

double majority(const std::vector<document>& documents) {
    if (documents.empty()) return 0;
    std::map<int, std::int64_t> counts;
    std::int64_t most = 0;
    for (const auto& text : documents) most = std::max(most, ++counts[text.category]);
    return static_cast<double>(most) / static_cast<double>(documents.size());
}

} // namespace nodespan::ensemble
