#ifndef NODESPAN_RACE_MARKS_H
#define NODESPAN_RACE_MARKS_H

/* For clang, which is told to include this before all else: what it marks loads and stores with
 * when it compiles for the race checker. It marks after it has expanded functions, so that these
 * are expanded when the program is linked, with -flto. Each place then has a run of its own, in the
 * memory of the thread, which most accesses extend: runs.hpp has the other half.
 *
 * An access of any other kind calls nodespan_race_mark, which leaves all registers as they were. So
 * the loop around keeps its values in them. The place is the end of what is expanded, where the
 * debug information knows the line of the access. */

#if !defined(__clang__) || !defined(__x86_64__)
#error "race_marks.h is for clang on x86-64; other compilers call the race checker: leave it out"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wreserved-identifier"
#pragma clang diagnostic ignored "-Wunused-function"

/* Without debug information, so that what is expanded has the line of the access. */
#define NODESPAN_MARK_INSTEAD                                                                      \
    static __inline__ __attribute__((used, nodebug, always_inline, no_sanitize("thread"),          \
                                     disable_sanitizer_instrumentation)) void

#define NODESPAN_MARK(name, what)                                                                  \
    NODESPAN_MARK_INSTEAD __tsan_##name(void* at) {                                                \
        unsigned long own, next;                                                                   \
        __asm__ volatile("movq 1f@gottpoff(%%rip), %0\n"                                           \
                         "cmpq %2, %%fs:(%0)\n"                                                    \
                         "jne 3f\n"                                                                \
                         "movslq %%fs:8(%0), %1\n"                                                 \
                         "addq %2, %1\n"                                                           \
                         "movq %1, %%fs:(%0)\n"                                                    \
                         "2:\n"                                                                    \
                         ".subsection 1\n"                                                         \
                         "3:\n"                                                                    \
                         "movq %2, %1\n"                                                           \
                         "subq nodespan_race_lo(%%rip), %1\n"                                      \
                         "cmpq nodespan_race_span(%%rip), %1\n"                                    \
                         "jae 2b\n"                                                                \
                         "leaq -128(%%rsp), %%rsp\n" /* what lies below is the function's */       \
                         "pushq %2\n"                                                              \
                         "leaq 2b(%%rip), %1\n"                                                    \
                         "pushq %1\n"                                                              \
                         "pushq %0\n"                                                              \
                         "pushq %3\n"                                                              \
                         "callq nodespan_race_mark\n"                                              \
                         "leaq 160(%%rsp), %%rsp\n"                                                \
                         "jmp 2b\n"                                                                \
                         ".previous\n"                                                             \
                         ".pushsection .tbss,\"awT\",@nobits\n"                                    \
                         ".balign 64\n"                                                            \
                         "1: .skip 64\n"                                                           \
                         ".popsection\n"                                                           \
                         : "=&r"(own), "=&r"(next)                                                 \
                         : "r"(at), "i"(what)                                                      \
                         : "cc");                                                                  \
    }

#define NODESPAN_MARKS(bytes)                                                                      \
    NODESPAN_MARK(read##bytes, bytes)                                                              \
    NODESPAN_MARK(write##bytes, bytes + 256)                                                       \
    NODESPAN_MARK(read_write##bytes, bytes + 256)                                                  \
    NODESPAN_MARK(unaligned_read##bytes, bytes)                                                    \
    NODESPAN_MARK(unaligned_write##bytes, bytes + 256)                                             \
    NODESPAN_MARK(unaligned_read_write##bytes, bytes + 256)

NODESPAN_MARKS(1)
NODESPAN_MARKS(2)
NODESPAN_MARKS(4)
NODESPAN_MARKS(8)
NODESPAN_MARKS(16)

NODESPAN_MARK_INSTEAD __tsan_func_entry(void* caller) {
    (void)caller;
}
NODESPAN_MARK_INSTEAD __tsan_func_exit(void) {}

#undef NODESPAN_MARKS
#undef NODESPAN_MARK
#undef NODESPAN_MARK_INSTEAD
#pragma clang diagnostic pop

#ifdef __cplusplus
}
#endif

#endif
