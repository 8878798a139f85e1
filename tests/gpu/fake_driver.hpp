#pragma once

// What tests ask the drivers that they fake: plain functions, found by dlsym in the same file that
// the library loads. Such a driver behaves as CUDA's and HIP's do, as far as nodespan uses them,
// and copies to a "device" that is memory of the process. It copies when a stream is waited for, no
// sooner.

extern "C" {

/// The calls so far, a line each: "name arguments = code". Addresses are decimal.
using fake_log = const char*();

/// Forgets the calls so far, and all that was asked below.
using fake_reset = void();

/// The call of this name fails with `code`, `times` times, after `good` more that do not.
using fake_fail = void(const char* call, int code, int good, int times);

/// How many ranges of memory are registered, and bytes.
using fake_ranges = int();
using fake_bytes = unsigned long();

/// The most bytes that can be registered.
using fake_limit = void(unsigned long bytes);

/// What a device's addresses are: 0 the program's, 1 others, one after the other where the
/// program's are, 2 others in no order, 3 none.
using fake_addresses = void(int kind);

/// Makes a device's own context current on this thread, or none (-1; HIP knows no such thing).
using fake_make_current = void(int device);

/// Ends a device's context, and all that was registered in it.
using fake_end_context = void(int device);

/// From now on all calls say that the driver is at its end, as when the process ends.
using fake_shut_down = void();
}
