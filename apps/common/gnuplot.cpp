#include "gnuplot.hpp"

#include "standard_output.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <sys/wait.h>

namespace nodespan::app {

namespace {

using stream = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

std::string all_of(std::FILE* file) {
    std::string result;
    std::rewind(file);
    char block[4096];
    for (std::size_t got; (got = std::fread(block, 1, sizeof block, file)) > 0;)
        result.append(block, got);
    return result;
}

} // namespace

// Through a file of our own, since gnuplot says nothing of a disk that is full.
void draw_png(const std::string& file, int width, int height, const std::string& script) {
    constexpr std::string_view last_chunk("\0\0\0\0IEND\xAE\x42\x60\x82", 12);
    const stream picture(std::tmpfile(), &std::fclose);
    if (!picture) throw std::runtime_error("cannot make a temporary file for gnuplot's picture");
    const std::string all =
        fmt::format("set terminal pngcairo size {},{} font 'sans,11'\n{}", width, height, script);
    std::FILE* gnuplot =
        popen(fmt::format("gnuplot >/dev/fd/{}", fileno(picture.get())).c_str(), "w");
    if (gnuplot == nullptr) throw std::runtime_error("cannot start gnuplot");
    const bool written = std::fputs(all.c_str(), gnuplot) >= 0;
    const int status = pclose(gnuplot);
    const std::string drawn = all_of(picture.get());
    if (!written || !WIFEXITED(status) || WEXITSTATUS(status) != 0 || !drawn.ends_with(last_chunk))
        throw std::runtime_error(
            fmt::format("gnuplot could not draw {} (is it installed, and room in /tmp?)", file));
    write_file(file, drawn);
}

} // namespace nodespan::app
