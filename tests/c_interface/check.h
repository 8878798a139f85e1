#ifndef NODESPAN_TESTS_CHECK_H
#define NODESPAN_TESTS_CHECK_H

// Expectations of a C program on several ranks: what fails on one is told, and fails it on all.

#include <nodespan/nodespan.h>

#include <mpi.h>
#include <stdio.h>
#include <string.h>

static int failures = 0;

static inline int my_rank(void) {
    int is_initialized = 0, is_finalized = 0, rank = 0;
    MPI_Initialized(&is_initialized);
    MPI_Finalized(&is_finalized);
    if (is_initialized && !is_finalized) MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    return rank;
}

static inline void check(int good, const char* what, const char* file, int line) {
    if (good) return;
    ++failures;
    fprintf(stderr, "%s:%d: rank %d: not so: %s (last error: \"%s\")\n", file, line, my_rank(),
            what, nodespan_last_error_message());
}

// Whether a call was refused with this code, and with these words in its message.
static inline void check_refused(int expected, const char* words, int code, const char* call,
                                 const char* file, int line) {
    const char* message = nodespan_last_error_message();
    check(code == expected, call, file, line);
    check(strncmp(message, "nodespan: ", 10) == 0 && strchr(message, '\n') == NULL, "one line",
          file, line);
    check(strstr(message, words) != NULL, words, file, line);
}

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)
#define OK(call) check((call) == NODESPAN_SUCCESS, #call, __FILE__, __LINE__)
#define REFUSED(expected, words, call)                                                             \
    check_refused(expected, words, (call), #call, __FILE__, __LINE__)

// The exit code of all ranks. Call: collective over MPI_COMM_WORLD.
static inline int verdict(const char* name) {
    int all = 0;
    MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    if (my_rank() == 0) printf("%s: %s\n", name, all == 0 ? "good" : "bad");
    return all == 0 ? 0 : 1;
}

#endif
