#pragma once

#include "binding.hpp"

#include <utility>

namespace nodespan::python {

/// One call that may wait for other ranks: other Python threads run meanwhile, and ctrl-C ends the
/// process where it has waited for a while already, since what waits cannot be broken off.
class waiting_call {
public:
    explicit waiting_call(const char* operation) noexcept;
    ~waiting_call();
    waiting_call(const waiting_call&) = delete;            // for one scope
    waiting_call& operator=(const waiting_call&) = delete; // for one scope

private:
    PyThreadState* thread_;
    bool is_outer_ = false;
};

/// Runs `body`, which touches nothing of Python's, without the GIL.
template <class Body>
decltype(auto) waiting(const char* operation, Body&& body) {
    const waiting_call call(operation);
    return std::forward<Body>(body)();
}

/// Whether this is the thread with which the process began.
bool is_main_thread() noexcept;

/// From now on ctrl-C ends calls that wait. Call: with the GIL; again is fine.
void watch_interrupts() noexcept;

} // namespace nodespan::python
