#include "gnuplot.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <stdexcept>
#include <sys/wait.h>

namespace nodespan::app {

void draw_png(const std::string& file, int width, int height, const std::string& script) {
    std::string name; // in gnuplot's single quotes, a quote is written twice
    for (const char c : file) name += c == '\'' ? std::string("''") : std::string(1, c);
    const std::string all =
        fmt::format("set terminal pngcairo size {},{} font 'sans,11'\nset output '{}'\n{}", width,
                    height, name, script);
    // Where it cannot open the file it draws on its standard output, which is ours.
    std::FILE* gnuplot = popen("gnuplot >/dev/null", "w");
    if (gnuplot == nullptr) throw std::runtime_error("cannot start gnuplot");
    const bool written = std::fputs(all.c_str(), gnuplot) >= 0;
    const int status = pclose(gnuplot);
    if (!written || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw std::runtime_error(fmt::format(
            "gnuplot could not draw {} (is it installed, and the folder writable?)", file));
}

} // namespace nodespan::app
