#pragma once

#include "fake_driver.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <dlfcn.h>
#include <string>

namespace nodespan::test {

/// The driver that NODESPAN_GPU_LIBRARY names, as tests see it.
class fake {
public:
    fake() : handle_(dlopen(std::getenv("NODESPAN_GPU_LIBRARY"), RTLD_NOW)) {}

    bool is_hip() const { return dlsym(handle_, "hipInit") != nullptr; }

    template <class Function>
    Function* get(const char* name) const {
        void* const found = dlsym(handle_, name);
        if (found == nullptr) std::abort();
        return reinterpret_cast<Function*>(found);
    }

    void reset() const { get<fake_reset>("nodespan_fake_reset")(); }
    std::string log() const { return get<fake_log>("nodespan_fake_log")(); }
    int ranges() const { return get<fake_ranges>("nodespan_fake_ranges")(); }
    unsigned long bytes() const { return get<fake_bytes>("nodespan_fake_bytes")(); }
    void limit(unsigned long bytes) const { get<fake_limit>("nodespan_fake_limit")(bytes); }
    void addresses(int kind) const { get<fake_addresses>("nodespan_fake_addresses")(kind); }
    void make_current(int device) const {
        get<fake_make_current>("nodespan_fake_make_current")(device);
    }
    void end_context(int device) const {
        get<fake_end_context>("nodespan_fake_end_context")(device);
    }
    void fail(const std::string& call, int code, int good = 0, int times = 1) const {
        get<fake_fail>("nodespan_fake_fail")(call.c_str(), code, good, times);
    }

    /// What the driver's functions are called.
    std::string registering() const {
        return is_hip() ? "hipHostRegister" : "cuMemHostRegister_v2";
    }
    std::string addressing() const {
        return is_hip() ? "hipHostGetDevicePointer" : "cuMemHostGetDevicePointer_v2";
    }
    std::string unregistering() const {
        return is_hip() ? "hipHostUnregister" : "cuMemHostUnregister";
    }

    /// How often a line of the log begins with `text`.
    int count(const std::string& text) const {
        const std::string lines = "\n" + log();
        int result = 0;
        for (auto at = lines.find("\n" + text); at != std::string::npos;
             at = lines.find("\n" + text, at + 1))
            ++result;
        return result;
    }

private:
    void* handle_;
};

} // namespace nodespan::test
