#pragma once

// What every header of nodespan needs of the compiler. Where it is missing the compilation ends
// here, by a file that does not exist, before hundreds of lines that tell nothing.
#if !defined(__cpp_concepts) || __cpp_concepts < 201907L || !defined(__cpp_exceptions) ||          \
    !defined(__cpp_rtti)
#error nodespan needs C++20 (-std=c++20), exceptions and RTTI
#include <nodespan/see_the_error_above>
#endif

// And of the machine: 64-bit words that change in one step, and files' numbers as memory has them.
#if __SIZEOF_POINTER__ != 8 || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error nodespan needs a 64-bit, little-endian machine, such as x86-64 or AArch64
#include <nodespan/see_the_error_above>
#endif
