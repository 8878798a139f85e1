#pragma once

// What every header of nodespan needs of the compiler. If it is missing, the compilation ends here,
// by including a file that does not exist, and not after hundreds of lines that explain nothing.
#if !defined(__cpp_concepts) || __cpp_concepts < 201907L || !defined(__cpp_exceptions) ||          \
    !defined(__cpp_rtti)
#error nodespan needs C++20 (-std=c++20), exceptions and RTTI
#include <nodespan/see_the_error_above>
#endif

// It also needs 64-bit words that change in one step, and the byte order of files in memory.
#if __SIZEOF_POINTER__ != 8 || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error nodespan needs a 64-bit, little-endian machine, such as x86-64 or AArch64
#include <nodespan/see_the_error_above>
#endif
