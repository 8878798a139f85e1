#include "npy_header.hpp"

#include "malformed.hpp"

#include <charconv>
#include <limits>
#include <optional>

namespace nodespan::detail {
namespace {

constexpr std::string_view magic("\x93NUMPY", 6);

// A longer header is refused: NumPy itself refuses 10,000 characters.
constexpr std::size_t most_bytes = std::size_t{1} << 20;

std::size_t little_number(std::string_view bytes) {
    std::size_t value = 0;
    for (std::size_t k = bytes.size(); k-- > 0;)
        value = value << 8 | static_cast<unsigned char>(bytes[k]);
    return value;
}

bool is_blank(char c) {
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// Text of a file, shortened for a message.
std::string shown(std::string_view text) {
    std::string result;
    for (const char c : text.substr(0, 60)) result += c >= ' ' && c <= '~' ? c : '?';
    return text.size() > 60 ? result + "..." : result;
}

// Reads the dictionary literal that follows the length: {'descr': '<f8', 'shape': (3, 4), ...}.
class dictionary_reader {
public:
    explicit dictionary_reader(std::string_view text) : text_(text) {}

    npy_header read() {
        expect('{');
        while (!take('}')) {
            read_entry();
            if (take(',')) continue;
            expect('}');
            break;
        }
        skip_blanks();
        if (at_ != text_.size()) refuse("something follows its dictionary");
        if (!has_type_ || !has_order_ || !has_shape_)
            refuse("'descr', 'fortran_order' or 'shape' is missing");
        return header_;
    }

private:
    [[noreturn]] void refuse(const std::string& why) const {
        throw malformed("this .npy header is not valid: " + why + " in \"" + shown(text_) + "\"");
    }

    void skip_blanks() {
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    }

    bool take(char c) {
        skip_blanks();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }

    void expect(char c) {
        if (!take(c)) refuse(std::string("no '") + c + "' where one belongs");
    }

    bool take_word(std::string_view word) {
        skip_blanks();
        if (!text_.substr(at_).starts_with(word)) return false;
        at_ += word.size();
        return true;
    }

    std::string_view read_string() {
        skip_blanks();
        const char quote = at_ < text_.size() ? text_[at_] : ' ';
        if (quote != '\'' && quote != '"') refuse("no quoted word where one belongs");
        const std::size_t end = text_.find(quote, at_ + 1);
        if (end == std::string_view::npos) refuse("a quoted word without an end");
        const std::string_view result = text_.substr(at_ + 1, end - at_ - 1);
        at_ = end + 1;
        return result;
    }

    void read_entry() {
        const std::string_view key = read_string();
        expect(':');
        if (key == "descr" && !has_type_) {
            read_type();
            has_type_ = true;
        } else if (key == "fortran_order" && !has_order_) {
            header_.order = read_truth() ? index_order::column_major : index_order::row_major;
            has_order_ = true;
        } else if (key == "shape" && !has_shape_) {
            read_shape();
            has_shape_ = true;
        } else {
            refuse("an unknown or a second '" + shown(key) + "'");
        }
    }

    bool read_truth() {
        if (take_word("True")) return true;
        if (!take_word("False")) refuse("neither True nor False after 'fortran_order'");
        return false;
    }

    void read_type() {
        skip_blanks();
        if (at_ < text_.size() && text_[at_] == '[')
            throw malformed("the file holds records (a structured dtype), which no array of "
                            "numbers is; save their fields one by one");
        set_type(read_string());
    }

    void set_type(std::string_view name) {
        constexpr std::string_view orders = "<>=|";
        const std::string quoted = "'" + shown(name) + "'";
        std::string_view rest = name;
        char order = '=';
        if (!rest.empty() && orders.find(rest[0]) != std::string_view::npos) {
            order = rest[0];
            rest.remove_prefix(1);
        }
        if (rest.starts_with('O'))
            throw malformed("the file holds Python objects (dtype " + quoted +
                            "), which only Python can read");
        std::size_t bytes = 0;
        const char* const end = rest.data() + rest.size();
        if (rest.size() < 2 || std::from_chars(rest.data() + 1, end, bytes).ptr != end)
            throw malformed("the file holds elements of dtype " + quoted +
                            ", which no array of numbers is");
        if (rest[0] == 'f' && bytes == 2)
            throw malformed("the file holds float16, which is no element type here; convert it in "
                            "Python with astype('float32')");
        const auto type = find_dtype(rest[0], bytes);
        if (!type || (order == '|' && bytes > 1))
            throw malformed("the file holds elements of dtype " + quoted +
                            ", which no array of numbers is");
        header_.type = *type;
        header_.bytes = order == '>' && bytes > 1 ? byte_order::big : byte_order::little;
    }

    void read_shape() {
        expect('(');
        while (!take(')')) {
            header_.shape.push_back(read_extent());
            if (take(',')) continue;
            expect(')');
            break;
        }
    }

    index_t read_extent() {
        skip_blanks();
        index_t value = -1;
        const char* const from = text_.data() + at_;
        const auto [end, problem] = std::from_chars(from, text_.data() + text_.size(), value);
        if (problem != std::errc() || value < 0) refuse("an extent that is no number below 2^63");
        at_ += static_cast<std::size_t>(end - from);
        if (at_ < text_.size() && text_[at_] == 'L') ++at_; // Python 2 wrote long numbers so
        return value;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    npy_header header_;
    bool has_type_ = false, has_order_ = false, has_shape_ = false;
};

// The number of bytes before the dictionary.
std::size_t prefix_bytes(std::string_view text) {
    const int major = static_cast<unsigned char>(text[6]),
              minor = static_cast<unsigned char>(text[7]);
    if (major < 1 || major > 3 || minor != 0)
        throw malformed("this .npy file has version " + std::to_string(major) + "." +
                        std::to_string(minor) + "; known are 1.0, 2.0 and 3.0");
    return major == 1 ? 10 : 12;
}

std::string dictionary_of(const npy_header& header) {
    const dtype_facts& facts = facts_of(header.type);
    const char order = facts.bytes == 1 ? '|' : header.bytes == byte_order::big ? '>' : '<';
    std::string text =
        std::string("{'descr': '") + order + facts.kind + std::to_string(facts.bytes) +
        "', 'fortran_order': " + (header.order == index_order::column_major ? "True" : "False") +
        ", 'shape': (";
    for (const index_t extent : header.shape) text += std::to_string(extent) + ", ";
    if (header.shape.size() > 1) text.resize(text.size() - 2);
    if (header.shape.size() == 1) text.pop_back();
    return text + "), }";
}

} // namespace

std::size_t npy_header_bytes(std::string_view text) {
    const std::string_view start = text.substr(0, magic.size());
    if (start.empty()) throw malformed("the file is empty, not a .npy file");
    if (start != magic.substr(0, start.size())) throw malformed("this is no .npy file");
    if (text.size() < 12) return 12; // no file of elements is shorter
    const std::size_t prefix = prefix_bytes(text);
    const std::size_t bytes = prefix + little_number(text.substr(8, prefix - 8));
    if (bytes > most_bytes) throw malformed("this .npy header is not valid: it is too long");
    return bytes;
}

npy_header parse_npy_header(std::string_view text) {
    const std::size_t bytes = npy_header_bytes(text);
    if (bytes > text.size())
        throw malformed("the .npy file ends within its header: it is truncated");
    const std::size_t prefix = prefix_bytes(text);
    npy_header header = dictionary_reader(text.substr(prefix, bytes - prefix)).read();
    header.data_offset = bytes;
    npy_size(header);
    return header;
}

std::string make_npy_header(const npy_header& header) {
    std::string dictionary = dictionary_of(header);
    const auto padded = [&](std::size_t prefix) {
        return (prefix + dictionary.size() + 1 + 63) / 64 * 64; // with a line end
    };
    const bool is_short = padded(10) - 10 <= std::numeric_limits<std::uint16_t>::max();
    const std::size_t prefix = is_short ? 10 : 12, total = padded(prefix);
    std::string text(magic);
    text += is_short ? '\1' : '\2';
    text += '\0';
    for (std::size_t k = 0; k < prefix - 8; ++k)
        text += static_cast<char>((total - prefix) >> (8 * k) & 0xFF);
    text += dictionary;
    text.resize(total - 1, ' ');
    return text + '\n';
}

index_t npy_size(const npy_header& header) {
    const auto most = std::numeric_limits<index_t>::max() / index_t{2};
    index_t count = 1, bytes = static_cast<index_t>(bytes_of(header.type));
    for (const index_t extent : header.shape)
        if (extent == 0) return 0;
    for (const index_t extent : header.shape) {
        if (extent > most / bytes)
            throw malformed("the shape in the .npy header exceeds 2^62 bytes");
        bytes *= extent;
        count *= extent;
    }
    return count;
}

} // namespace nodespan::detail
