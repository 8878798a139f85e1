#pragma once

namespace nodespan::python {

/// From now on it is known with what status a SystemExit ends the interpreter, which Python tells
/// nobody but the system. Call: with the GIL; again is fine.
void watch_exits() noexcept;

/// The status of the SystemExit that has ended the interpreter; 0 if none has.
int exit_status() noexcept;

} // namespace nodespan::python
