#include "place.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

namespace nodespan::convert {
namespace {

constexpr std::pair<const char*, format> endings[] = {
    {".npy", format::npy}, {".csv", format::csv},   {".tsv", format::csv},
    {".txt", format::csv}, {".raw", format::raw},   {".bin", format::raw},
    {".h5", format::hdf5}, {".hdf5", format::hdf5}, {".hdf", format::hdf5}};

constexpr std::pair<const char*, char> separators[] = {{"comma", ','}, {"semicolon", ';'},
                                                       {"tab", '\t'},  {"blank", ' '},
                                                       {"bar", '|'},   {"colon", ':'}};

} // namespace

place parse_place(const std::string& name) {
    for (const auto& [ending, kind] : endings) {
        if (kind != format::hdf5) continue;
        const std::size_t at = name.find(std::string(ending) + ":");
        if (at == std::string::npos) continue;
        const std::size_t colon = at + std::string(ending).size();
        return {kind, name.substr(0, colon), name.substr(colon + 1)};
    }
    const std::string found = std::filesystem::path(name).extension().string();
    for (const auto& [ending, kind] : endings)
        if (found == ending) return {kind, name, {}};
    throw usage_error(fmt::format("{}: its ending does not tell the format; known are .npy, .csv, "
                                  ".tsv, .txt, .raw, .bin and .h5, .hdf5, .hdf (:dataset)",
                                  name));
}

char parse_separator(const std::string& name) {
    for (const auto& [word, separator] : separators)
        if (name == word || name == std::string(1, separator)) return separator;
    throw usage_error(
        fmt::format("--separator {}: known are comma, semicolon, tab, blank, bar and colon", name));
}

std::string separator_name(char separator) {
    for (const auto& [word, known] : separators)
        if (separator == known) return word;
    return std::string(1, separator);
}

} // namespace nodespan::convert
