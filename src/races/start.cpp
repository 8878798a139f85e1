#include "report.hpp"

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

// Before main: whether this program can be checked at all.

// Functions that only the sanitizers' own libraries have.
extern "C" void __asan_init() __attribute__((weak));              // NOLINT
extern "C" void __tsan_get_current_fiber() __attribute__((weak)); // NOLINT

namespace nodespan::detail::race {
namespace {

void refuse(const char* which, const char* cure) {
    std::fprintf(stderr, "nodespan: the race checker cannot run beside %s: %s: docs/races.md\n",
                 which, cure);
    _exit(67);
}

// Exit handlers run in the reverse order of their registration, so this one is the last.
__attribute__((constructor(101))) void begin() {
    if (__asan_init != nullptr)
        refuse("AddressSanitizer", "build the program without -fsanitize=address, or without the "
                                   "component race_checker");
    if (__tsan_get_current_fiber != nullptr)
        refuse("ThreadSanitizer's own library",
               "link with -fno-sanitize=thread behind all other flags");
    if (std::atexit(make_exit_code) != 0 || std::at_quick_exit(make_exit_code) != 0) std::abort();
}

} // namespace
} // namespace nodespan::detail::race
