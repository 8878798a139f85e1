#include "call.hpp"

#include "agreement.hpp"
#include "mpi_check.hpp"
#include "team_core.hpp"

#include <boost/functional/hash.hpp>

#include <exception>
#include <new>
#include <string>
#include <system_error>

namespace nodespan::detail {
namespace {

struct kept_error {
    std::string text;
    const char* message = ""; // of `text`, or words that need no memory
    bool is_collective = false;
    int mpi_code = MPI_SUCCESS;
    unsigned long number = 0; // of errors so far
};

thread_local kept_error last;

void keep(const char* text, bool is_collective, int mpi_code) noexcept {
    last.is_collective = is_collective;
    last.mpi_code = mpi_code;
    ++last.number;
    try {
        last.text = text;
        last.message = last.text.c_str();
    } catch (...) {
        last.message = "nodespan: out of memory, also for the message of an error";
    }
}

// Codes are those of errc.
static_assert(NODESPAN_ERROR_INVALID_ARGUMENT == static_cast<int>(errc::invalid_argument));
static_assert(NODESPAN_ERROR_NO_CAPACITY == static_cast<int>(errc::no_capacity));
static_assert(NODESPAN_ERROR_IO == static_cast<int>(errc::io));
static_assert(NODESPAN_ERROR_WRONG_THREAD == static_cast<int>(errc::wrong_thread));
static_assert(NODESPAN_ERROR_DEVICE == static_cast<int>(errc::device));

int code_of(const std::error_code& code) noexcept {
    if (code.category() == own_category()) return code.value();
    if (code.category() == mpi_category()) return NODESPAN_ERROR_MPI;
    if (code == std::errc::not_enough_memory) return NODESPAN_ERROR_NO_MEMORY;
    return NODESPAN_ERROR_OTHER;
}

} // namespace

unsigned long kept_c_errors() noexcept {
    return last.number;
}

int keep_c_error() noexcept {
    try {
        throw;
    } catch (const error& failure) {
        const bool is_mpis = failure.code().category() == mpi_category();
        keep(failure.what(), failure.is_collective(),
             is_mpis ? failure.code().value() : MPI_SUCCESS);
        return code_of(failure.code());
    } catch (const std::bad_alloc&) {
        keep("nodespan: out of memory", false, MPI_SUCCESS);
        return NODESPAN_ERROR_NO_MEMORY;
    } catch (const std::exception& failure) {
        keep(failure.what(), false, MPI_SUCCESS);
        return NODESPAN_ERROR_OTHER;
    } catch (...) {
        keep("nodespan: an exception of a type that is not known", false, MPI_SUCCESS);
        return NODESPAN_ERROR_OTHER;
    }
}

namespace {

const char* noun_of_kind(handle_kind kind) noexcept {
    switch (kind) {
    case handle_kind::environment:
        return "an environment";
    case handle_kind::team:
        return "a team";
    case handle_kind::array:
        return "an array";
    case handle_kind::counter:
        return "a counter";
    case handle_kind::queue:
        return "a queue";
    case handle_kind::ring:
        return "a ring";
    case handle_kind::replicated:
        return "a replicated table";
    case handle_kind::checkpoint:
        return "a checkpoint";
    case handle_kind::ended:
        break;
    }
    return "nothing that lives";
}

} // namespace

void require_not_null(const char* function, const char* argument, const void* pointer) {
    if (pointer == nullptr)
        throw error(errc::invalid_argument, fmt::format("{}: {} is null", function, argument));
}

void require_kind(const char* function, const char* argument, handle_kind found,
                  handle_kind wanted) {
    if (found != wanted)
        throw error(errc::invalid_argument,
                    fmt::format("{}: {} is the handle of {}, not of {}", function, argument,
                                noun_of_kind(found), noun_of_kind(wanted)));
}

void agree_on_arguments(team& ranks, const char* function, const std::function<void()>& look) {
    require_mpi(function);
    team_core& core = *detail::access::core(ranks);
    const thread_rule::call mine(&core.threads(), function);
    core.agree_or_throw(attempt(look), {function});
}

void agree_on_call(team& ranks, const char* function, const std::string& call,
                   const std::function<void()>& look) {
    require_mpi(function);
    team_core& core = *detail::access::core(ranks);
    const thread_rule::call mine(&core.threads(), function);
    core.agree_on(attempt(look), boost::hash_value(call), call);
}

} // namespace nodespan::detail

const char* nodespan_last_error_message(void) {
    return nodespan::detail::last.message;
}

int nodespan_last_error_is_collective(void) {
    return nodespan::detail::last.is_collective ? 1 : 0;
}

int nodespan_last_error_mpi_code(void) {
    return nodespan::detail::last.mpi_code;
}
