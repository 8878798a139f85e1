#include "sites.hpp"

#include "sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <link.h>
#include <map>
#include <mutex>
#include <unistd.h>

namespace nodespan::detail::race {
namespace {

struct loaded_file {
    std::uintptr_t begin, end, base;
    std::uint16_t number;
    std::string name;
};

std::uint16_t number_of(const std::string& name) {
    std::uint32_t hash = 2166136261U;
    for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return static_cast<std::uint16_t>((hash ^ hash >> 16) | 1U);
}

std::string own_name() {
    char text[4096];
    const ssize_t length = readlink("/proc/self/exe", text, sizeof text);
    return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : "";
}

std::vector<loaded_file> loaded_files() {
    std::vector<loaded_file> result;
    const auto add = [](dl_phdr_info* info, std::size_t, void* to) {
        const bool is_program = info->dlpi_name == nullptr || *info->dlpi_name == '\0';
        const std::string name = is_program ? own_name() : info->dlpi_name;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
            const auto& part = info->dlpi_phdr[i];
            if (part.p_type != PT_LOAD) continue;
            const std::uintptr_t begin = info->dlpi_addr + part.p_vaddr;
            static_cast<std::vector<loaded_file>*>(to)->push_back(
                {begin, begin + part.p_memsz, info->dlpi_addr, number_of(name), name});
        }
        return 0;
    };
    dl_iterate_phdr(add, &result);
    return result;
}

std::mutex one_at_a_time;
std::vector<loaded_file> known_files;

const loaded_file* file_at(std::uintptr_t address) {
    for (int tries = 0; tries < 2; ++tries) {
        for (const loaded_file& f : known_files)
            if (address >= f.begin && address < f.end) return &f;
        if (tries == 0) known_files = loaded_files();
    }
    return nullptr;
}

bool is_in_headers(const std::string& file) {
    return file.find("/nodespan/") != std::string::npos &&
           (file.ends_with(".hpp") || file.ends_with(".f90"));
}

bool is_in_standard_library(const std::string& file) {
    return file.find("/include/c++/") != std::string::npos;
}

// addr2line prints a function and a line for each function that was expanded at the place, the
// innermost one first.
std::vector<source_line> expanded_lines(const std::string& file, std::uint64_t offset) {
    std::vector<source_line> result;
    std::string quoted = "'";
    for (const char c : file) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    const std::string command = fmt::format(
        "unset LD_PRELOAD; addr2line -e {}' -f -C -i 0x{:x} 2>/dev/null", quoted, offset);
    std::FILE* const from = popen(command.c_str(), "r");
    if (from == nullptr) return result;
    char text[8192];
    for (bool is_function = true; std::fgets(text, sizeof text, from) != nullptr;
         is_function = !is_function) {
        std::string line(text);
        while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
        if (is_function) {
            result.push_back({line, "", 0});
            continue;
        }
        const std::size_t colon = line.rfind(':');
        if (colon == std::string::npos) continue;
        result.back().file = line.substr(0, colon);
        result.back().line = std::atoi(line.c_str() + colon + 1);
    }
    pclose(from);
    return result;
}

source_line best_of(const std::vector<source_line>& all) {
    for (const source_line& one : all)
        if (one.file != "??" && !is_in_headers(one.file) && !is_in_standard_library(one.file))
            return one;
    return all.empty() ? source_line{} : all.back();
}

} // namespace

code_place place_in_file(std::uintptr_t address) noexcept {
    if (const std::optional<code_place> source = find_source(address)) return *source;
    const std::scoped_lock turn(one_at_a_time);
    const loaded_file* const found = file_at(address);
    if (found == nullptr) return {0, address};
    return {found->number, address - found->base};
}

// The address is where a call returns to: the call itself ends one byte before.
source_line line_of(const code_place& place) {
    if (const std::optional<source_line> source = line_of_source(place)) return *source;
    static std::map<std::pair<std::uint16_t, std::uint64_t>, source_line> known;
    const std::scoped_lock turn(one_at_a_time);
    const auto [at, is_new] = known.try_emplace({place.file, place.offset});
    if (!is_new) return at->second;
    const auto file = std::find_if(known_files.begin(), known_files.end(),
                                   [&](const loaded_file& f) { return f.number == place.file; });
    source_line& result = at->second;
    if (file == known_files.end()) return result = {"", "an unknown place", 0};
    result = best_of(expanded_lines(file->name, place.offset - 1));
    if (result.file.empty() || result.file == "??")
        result = {"", fmt::format("{}+0x{:x}", file->name, place.offset), 0};
    return result;
}

std::string source_line::text() const {
    if (line == 0) return fmt::format("{} (no line known: compile with -g)", file);
    const std::size_t slash = file.rfind('/');
    const std::string short_name = slash == std::string::npos ? file : file.substr(slash + 1);
    return function.empty() || function == "??"
               ? fmt::format("{}:{}", short_name, line)
               : fmt::format("{}:{} ({})", short_name, line, function);
}

} // namespace nodespan::detail::race
