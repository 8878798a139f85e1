#include "sources.hpp"

#include "runs.hpp"

#include <mutex>
#include <unordered_map>

namespace nodespan::detail::race {
namespace {

constexpr std::uint16_t is_source = 2; // as the number of a file; those of programs are odd
constexpr int line_bits = 24;

struct known_sources {
    std::mutex one_at_a_time;
    std::unordered_map<std::uint64_t, char*> places; // by offset
    std::unordered_map<std::uintptr_t, code_place> by_place;
    std::unordered_map<std::uint64_t, std::string> files;
};

// Never destroyed: exit handlers use it.
known_sources& known() {
    static auto* const all = new known_sources;
    return *all;
}

std::string without_folder(const std::string& file) {
    const std::size_t slash = file.rfind('/');
    return slash == std::string::npos ? file : file.substr(slash + 1);
}

std::uint64_t number_of(const std::string& file) {
    std::uint64_t hash = 1469598103934665603U;
    for (const char c : without_folder(file))
        hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
    return hash >> line_bits;
}

} // namespace

std::uintptr_t place_of_source(const std::string& file, int line) {
    known_sources& all = known();
    const std::uint64_t number = number_of(file);
    const code_place place{is_source, number << line_bits | static_cast<std::uint64_t>(line)};
    const std::scoped_lock turn(all.one_at_a_time);
    char*& own = all.places[place.offset];
    if (own == nullptr) {
        own = new char; // whose address no code has
        all.by_place[reinterpret_cast<std::uintptr_t>(own)] = place;
        all.files.try_emplace(number, file);
    }
    return reinterpret_cast<std::uintptr_t>(own);
}

void know_source(const std::string& file) {
    known_sources& all = known();
    const std::scoped_lock turn(all.one_at_a_time);
    all.files.try_emplace(number_of(file), file);
}

void calls_come_from(std::uintptr_t place) noexcept {
    own_buffer().memory.called_from = place;
}

std::optional<code_place> find_source(std::uintptr_t place) noexcept {
    known_sources& all = known();
    const std::scoped_lock turn(all.one_at_a_time);
    const auto found = all.by_place.find(place);
    if (found == all.by_place.end()) return std::nullopt;
    return found->second;
}

std::optional<source_line> line_of_source(const code_place& place) {
    if (place.file != is_source) return std::nullopt;
    known_sources& all = known();
    const std::scoped_lock turn(all.one_at_a_time);
    const auto found = all.files.find(place.offset >> line_bits);
    return source_line{"", found == all.files.end() ? "a file not loaded here" : found->second,
                       static_cast<int>(place.offset & ((1U << line_bits) - 1))};
}

} // namespace nodespan::detail::race
