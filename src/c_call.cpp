#include "c_call.hpp"

#include <cstdio>
#include <exception>
#include <new>

namespace nodespan::detail {
namespace {

// Of a fixed size, so that a lack of memory can be told too.
struct failure {
    char message[2048] = "";
    bool is_collective = false;
};
thread_local failure last;

int note(int code, const char* message, bool is_collective) noexcept {
    std::snprintf(last.message, sizeof(last.message), "%s", message);
    last.is_collective = is_collective;
    return code;
}

int code_of(const std::error_code& code) noexcept {
    if (code.category() == own_category()) return code.value();
    if (code.category() == mpi_category()) return NODESPAN_MPI_ERROR;
    return code == std::errc::not_enough_memory ? NODESPAN_NO_MEMORY : NODESPAN_OTHER_ERROR;
}

} // namespace

static_assert(NODESPAN_WRONG_THREAD == static_cast<int>(errc::wrong_thread),
              "nodespan_code and errc number errors alike");

int note_failure() noexcept {
    try {
        throw;
    } catch (const error& wrong) {
        return note(code_of(wrong.code()), wrong.what(), wrong.is_collective());
    } catch (const std::bad_alloc&) {
        return note(NODESPAN_NO_MEMORY, "nodespan: out of memory", false);
    } catch (const std::exception& wrong) {
        return note(NODESPAN_OTHER_ERROR, wrong.what(), false);
    } catch (...) {
        return note(NODESPAN_OTHER_ERROR, "nodespan: unknown error", false);
    }
}

void require_pointer(const char* operation, const char* what, const void* pointer) {
    if (pointer == nullptr)
        throw error(errc::invalid_argument,
                    std::string(operation) + ": the " + what + " is a null pointer");
}

} // namespace nodespan::detail

using nodespan::detail::last;

const char* nodespan_last_error_message(void) {
    return last.message;
}

int nodespan_last_error_is_collective(void) {
    return last.is_collective ? 1 : 0;
}
