#pragma once

/// What must not compile, and beside it what is right and must. See refused.sh.

#ifdef NODESPAN_MISUSE
#define WRONG(...) __VA_ARGS__
#define RIGHT(...)
#else
#define WRONG(...)
#define RIGHT(...) __VA_ARGS__
#endif
