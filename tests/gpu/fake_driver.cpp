// A driver of GPUs for tests: see fake_driver.hpp. FAKE_HIP makes HIP's functions of it, else
// CUDA's.

#include "fake_driver.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace {

enum : int {
    success = 0,
    invalid_value = 1,
    out_of_memory = 2,
    not_initialized = 3,
    deinitialized = 4,
    no_device = 100,
    invalid_device = 101,
    invalid_context = 201,
    already_registered = 712,
    not_registered = 713
};

struct context {
    int device = 0;
    int retained = 0;
};

struct registration {
    std::uintptr_t end = 0;
    std::uintptr_t device_address = 0;
    const context* owner = nullptr;
};

struct failing {
    int code = 0, good = 0, times = 0;
};

struct stream {
    std::vector<std::function<void()>> copies;
};

std::mutex one_at_a_time;
std::string calls;
std::map<std::string, failing> failures;
std::map<std::uintptr_t, registration> registered;
std::map<void*, std::size_t> allocated; // of the "device"
std::uintptr_t next_address = 0;
unsigned long limit = ~0UL;
int kind_of_addresses = 0;
bool is_started = false, is_shut_down = false;
context contexts[2] = {{0, 0}, {1, 0}};

int devices() {
    const char* const wanted = std::getenv("NODESPAN_FAKE_DEVICES");
    return wanted == nullptr ? 2 : std::atoi(wanted);
}

#ifdef FAKE_HIP
thread_local context* current = &contexts[0];
#else
thread_local context* current = nullptr;
#endif

// As a process ends, drivers do.
struct at_exit {
    ~at_exit() {
        const std::scoped_lock lock(one_at_a_time);
        is_shut_down = true;
        if (std::getenv("NODESPAN_FAKE_LEAKS") != nullptr)
            std::printf("%zu ranges left, %zu allocations left\n", registered.size(),
                        allocated.size());
    }
} ending;

std::string text(std::uintptr_t value) {
    return std::to_string(value);
}
std::string text(const void* value) {
    return std::to_string(reinterpret_cast<std::uintptr_t>(value));
}
std::string text(unsigned value) {
    return std::to_string(value);
}
std::string text(int value) {
    return std::to_string(value);
}

// One call of the driver: what every one does, and then `body`.
template <class Body, class... Arguments>
int call(const char* name, Body&& body, Arguments... arguments) {
    const std::scoped_lock lock(one_at_a_time);
    int code = success;
    failing& fails = failures[name];
    const bool is_start = std::strstr(name, "Init") != nullptr;
    if (is_shut_down)
        code = deinitialized;
    else if (!is_start && !is_started)
        code = not_initialized;
    else if (fails.good > 0)
        --fails.good;
    else if (fails.times > 0) {
        --fails.times;
        code = fails.code;
    }
    if (code == success) code = body();
    calls += name;
    ((calls += ' ' + text(arguments)), ...);
    calls += " = " + std::to_string(code) + '\n';
    return code;
}

int start(const char* name, unsigned flags) {
    return call(
        name,
        [&] {
            if (flags != 0) return static_cast<int>(invalid_value);
            const char* const wanted = std::getenv("NODESPAN_FAKE_INIT");
            if (wanted != nullptr) return std::atoi(wanted);
            is_started = true;
            return static_cast<int>(success);
        },
        flags);
}

int count_devices(const char* name, int* count) {
    return call(name, [&] {
        *count = devices();
        return success;
    });
}

std::uintptr_t number(const void* address) {
    return reinterpret_cast<std::uintptr_t>(address);
}

// The registration that holds an address, or the first one behind it.
std::map<std::uintptr_t, registration>::iterator holder_of(std::uintptr_t at) {
    auto found = registered.upper_bound(at);
    if (found != registered.begin() && std::prev(found)->second.end > at) --found;
    return found;
}

int register_memory(const char* name, void* begin, std::size_t bytes, unsigned flags) {
    return call(
        name,
        [&]() -> int {
            if (current == nullptr) return invalid_context;
            if (begin == nullptr || bytes == 0 || flags > 15) return invalid_value;
            const std::uintptr_t first = number(begin), end = first + bytes;
            const auto there = holder_of(first);
            if (there != registered.end() && there->first < end) return already_registered;
            unsigned long held = bytes;
            for (const auto& [from, r] : registered) held += r.end - from;
            if (held > limit) return out_of_memory;
            std::uintptr_t address = first + (kind_of_addresses == 1 ? std::uintptr_t{1} << 40 : 0);
            if (kind_of_addresses == 2) address = (next_address += std::uintptr_t{1} << 36);
            registered[first] = {end, address, current};
            return success;
        },
        begin, bytes, flags);
}

int device_address(const char* name, std::uintptr_t* result, void* begin, unsigned flags) {
    return call(
        name,
        [&]() -> int {
            if (current == nullptr) return invalid_context;
            const auto there = holder_of(number(begin));
            if (flags != 0 || there == registered.end() || there->first > number(begin) ||
                kind_of_addresses == 3)
                return invalid_value;
            *result = there->second.device_address + (number(begin) - there->first);
            return success;
        },
        begin, flags);
}

int unregister_memory(const char* name, void* begin) {
    return call(
        name,
        [&]() -> int {
            if (current == nullptr) return invalid_context;
            if (registered.erase(number(begin)) == 1) return success;
            const auto there = holder_of(number(begin));
            const bool is_inside = there != registered.end() && there->first < number(begin);
            return is_inside ? invalid_value : not_registered;
        },
        begin);
}

int allocate(const char* name, void** result, std::size_t bytes) {
    return call(
        name,
        [&]() -> int {
            if (current == nullptr) return invalid_context;
            *result = std::malloc(bytes);
            allocated[*result] = bytes;
            return *result == nullptr ? out_of_memory : success;
        },
        bytes);
}

int release_memory(const char* name, void* begin) {
    return call(name, [&]() -> int {
        if (allocated.erase(begin) == 0) return invalid_value;
        std::free(begin);
        return success;
    });
}

bool is_on_device(const void* begin, std::size_t bytes) {
    const auto found = allocated.upper_bound(const_cast<void*>(begin));
    if (found == allocated.begin()) return false;
    const auto& [from, size] = *std::prev(found);
    return number(begin) + bytes <= number(from) + size;
}

// Memory of the program has to be registered as a whole, or not at all.
bool is_one_kind(const void* begin, std::size_t bytes) {
    std::uintptr_t at = number(begin);
    const std::uintptr_t end = at + bytes;
    auto there = holder_of(at);
    if (there == registered.end() || there->first >= end) return true;
    for (; at < end; ++there) {
        if (there == registered.end() || there->first > at) return false;
        at = there->second.end;
    }
    return true;
}

// To the device, or from it: `device` is the side that has to be there.
int copy(const char* name, void* to, const void* from, std::size_t bytes, const void* device,
         stream* waits) {
    return call(
        name,
        [&]() -> int {
            if (current == nullptr) return invalid_context;
            if (!is_on_device(device, bytes) || !is_one_kind(device == to ? from : to, bytes))
                return invalid_value;
            if (waits == nullptr)
                std::memcpy(to, from, bytes);
            else
                waits->copies.emplace_back([=] { std::memcpy(to, from, bytes); });
            return success;
        },
        bytes);
}

int make_stream(const char* name, void** result) {
    return call(name, [&]() -> int {
        if (current == nullptr) return invalid_context;
        *result = new stream;
        return success;
    });
}

int wait_for_stream(const char* name, void* which) {
    return call(name, [&]() -> int {
        if (which == nullptr) return invalid_value;
        auto& copies = static_cast<stream*>(which)->copies;
        for (const auto& one : copies) one();
        copies.clear();
        return success;
    });
}

int end_stream(const char* name, void* which) {
    return call(name, [&]() -> int {
        delete static_cast<stream*>(which);
        return success;
    });
}

int name_device(const char* name, char* result, int room, int device) {
    return call(
        name,
        [&]() -> int {
            if (device < 0 || device >= devices()) return invalid_device;
            std::snprintf(result, static_cast<std::size_t>(room), "Fake GPU %d", device);
            return success;
        },
        device);
}

int find_on_bus(const char* name, char* result, int room, int device) {
    return call(
        name,
        [&]() -> int {
            if (device < 0 || device >= devices()) return invalid_device;
            std::snprintf(result, static_cast<std::size_t>(room), "0000:%02X:00.0", 0x1A + device);
            return success;
        },
        device);
}

const char* name_of(int code) {
    switch (code) {
    case success:
        return "FAKE_SUCCESS";
    case invalid_value:
        return "FAKE_ERROR_INVALID_VALUE";
    case out_of_memory:
        return "FAKE_ERROR_OUT_OF_MEMORY";
    case deinitialized:
        return "FAKE_ERROR_DEINITIALIZED";
    case no_device:
        return "FAKE_ERROR_NO_DEVICE";
    case invalid_context:
        return "FAKE_ERROR_INVALID_CONTEXT";
    case already_registered:
        return "FAKE_ERROR_HOST_MEMORY_ALREADY_REGISTERED";
    case 999:
        return nullptr; // one that a driver has no name for
    default:
        return "FAKE_ERROR";
    }
}

} // namespace

#define FAKE extern "C" __attribute__((visibility("default")))

FAKE const char* nodespan_fake_log() {
    return calls.c_str();
}
FAKE void nodespan_fake_reset() {
    const std::scoped_lock lock(one_at_a_time);
    calls.clear();
    failures.clear();
    limit = ~0UL;
    kind_of_addresses = 0;
}
FAKE void nodespan_fake_fail(const char* name, int code, int good, int times) {
    const std::scoped_lock lock(one_at_a_time);
    failures[name] = {code, good, times};
}
FAKE int nodespan_fake_ranges() {
    const std::scoped_lock lock(one_at_a_time);
    return static_cast<int>(registered.size());
}
FAKE unsigned long nodespan_fake_bytes() {
    const std::scoped_lock lock(one_at_a_time);
    unsigned long held = 0;
    for (const auto& [from, r] : registered) held += r.end - from;
    return held;
}
FAKE void nodespan_fake_limit(unsigned long bytes) {
    limit = bytes;
}
FAKE void nodespan_fake_addresses(int kind) {
    kind_of_addresses = kind;
}
FAKE void nodespan_fake_make_current(int device) {
    is_started = true;
    current = device < 0 ? nullptr : &contexts[device];
}
FAKE void nodespan_fake_end_context(int device) {
    const std::scoped_lock lock(one_at_a_time);
    std::erase_if(registered, [&](const auto& r) { return r.second.owner == &contexts[device]; });
    if (current == &contexts[device]) current = nullptr;
}
FAKE void nodespan_fake_shut_down() {
    is_shut_down = true;
}

#ifdef FAKE_HIP

FAKE int hipInit(unsigned flags) {
    return start("hipInit", flags);
}
FAKE int hipGetDeviceCount(int* count) {
    return count_devices("hipGetDeviceCount", count);
}
FAKE int hipGetDevice(int* device) {
    return call("hipGetDevice", [&] {
        *device = current->device;
        return success;
    });
}
FAKE int hipSetDevice(int device) {
    return call(
        "hipSetDevice",
        [&]() -> int {
            if (device < 0 || device >= devices()) return invalid_device;
            current = &contexts[device];
            return success;
        },
        device);
}
FAKE const char* hipGetErrorName(int code) {
    return name_of(code);
}
FAKE const char* hipGetErrorString(int) {
    return "as the fake driver has it";
}
FAKE int hipHostRegister(void* begin, std::size_t bytes, unsigned flags) {
    return register_memory("hipHostRegister", begin, bytes, flags);
}
FAKE int hipHostGetDevicePointer(void** result, void* begin, unsigned flags) {
    std::uintptr_t address = 0;
    const int code = device_address("hipHostGetDevicePointer", &address, begin, flags);
    *result = reinterpret_cast<void*>(address);
    return code;
}
FAKE int hipHostUnregister(void* begin) {
    return unregister_memory("hipHostUnregister", begin);
}
FAKE int hipMalloc(void** result, std::size_t bytes) {
    return allocate("hipMalloc", result, bytes);
}
FAKE int hipFree(void* begin) {
    return release_memory("hipFree", begin);
}
FAKE int hipMemcpyHtoD(void* to, void* from, std::size_t bytes) {
    return copy("hipMemcpyHtoD", to, from, bytes, to, nullptr);
}
FAKE int hipMemcpyDtoH(void* to, void* from, std::size_t bytes) {
    return copy("hipMemcpyDtoH", to, from, bytes, from, nullptr);
}
FAKE int hipMemcpyHtoDAsync(void* to, void* from, std::size_t bytes, void* waits) {
    return copy("hipMemcpyHtoDAsync", to, from, bytes, to, static_cast<stream*>(waits));
}
FAKE int hipStreamCreateWithFlags(void** result, unsigned) {
    return make_stream("hipStreamCreateWithFlags", result);
}
FAKE int hipStreamSynchronize(void* which) {
    return wait_for_stream("hipStreamSynchronize", which);
}
FAKE int hipStreamDestroy(void* which) {
    return end_stream("hipStreamDestroy", which);
}
FAKE int hipDeviceGetName(char* result, int room, int device) {
    return name_device("hipDeviceGetName", result, room, device);
}
FAKE int hipDeviceGetPCIBusId(char* result, int room, int device) {
    return find_on_bus("hipDeviceGetPCIBusId", result, room, device);
}

#else

FAKE int cuInit(unsigned flags) {
    return start("cuInit", flags);
}
FAKE int cuDeviceGetCount(int* count) {
    return count_devices("cuDeviceGetCount", count);
}
FAKE int cuDeviceGet(int* device, int place) {
    return call(
        "cuDeviceGet",
        [&]() -> int {
            if (place < 0 || place >= devices()) return invalid_device;
            *device = place;
            return success;
        },
        place);
}
FAKE int cuCtxGetCurrent(void** result) {
    return call("cuCtxGetCurrent", [&] {
        *result = current;
        return success;
    });
}
FAKE int cuCtxSetCurrent(void* wanted) {
    return call("cuCtxSetCurrent", [&] {
        current = static_cast<context*>(wanted);
        return success;
    });
}
FAKE int cuCtxGetDevice(int* device) {
    return call("cuCtxGetDevice", [&]() -> int {
        if (current == nullptr) return invalid_context;
        *device = current->device;
        return success;
    });
}
FAKE int cuDevicePrimaryCtxRetain(void** result, int device) {
    return call(
        "cuDevicePrimaryCtxRetain",
        [&]() -> int {
            if (device < 0 || device >= devices()) return invalid_device;
            ++contexts[device].retained;
            *result = &contexts[device];
            return success;
        },
        device);
}
FAKE int cuDevicePrimaryCtxRelease_v2(int device) {
    return call(
        "cuDevicePrimaryCtxRelease_v2",
        [&]() -> int {
            if (contexts[device].retained == 0) return invalid_context;
            --contexts[device].retained;
            return success;
        },
        device);
}
FAKE int cuCtxPushCurrent_v2(void* wanted) {
    return call("cuCtxPushCurrent_v2", [&] {
        current = static_cast<context*>(wanted);
        return success;
    });
}
FAKE int cuCtxPopCurrent_v2(void** result) {
    return call("cuCtxPopCurrent_v2", [&] {
        *result = current;
        current = nullptr; // of threads that had none
        return success;
    });
}
FAKE int cuGetErrorName(int code, const char** result) {
    *result = name_of(code);
    return *result == nullptr ? invalid_value : success;
}
FAKE int cuGetErrorString(int code, const char** result) {
    *result = name_of(code) == nullptr ? nullptr : "as the fake driver has it";
    return *result == nullptr ? invalid_value : success;
}
FAKE int cuMemHostRegister_v2(void* begin, std::size_t bytes, unsigned flags) {
    return register_memory("cuMemHostRegister_v2", begin, bytes, flags);
}
FAKE int cuMemHostGetDevicePointer_v2(unsigned long long* result, void* begin, unsigned flags) {
    std::uintptr_t address = 0;
    const int code = device_address("cuMemHostGetDevicePointer_v2", &address, begin, flags);
    *result = address;
    return code;
}
FAKE int cuMemHostUnregister(void* begin) {
    return unregister_memory("cuMemHostUnregister", begin);
}
FAKE int cuMemAlloc_v2(unsigned long long* result, std::size_t bytes) {
    void* address = nullptr;
    const int code = allocate("cuMemAlloc_v2", &address, bytes);
    *result = number(address);
    return code;
}
FAKE int cuMemFree_v2(unsigned long long begin) {
    return release_memory("cuMemFree_v2", reinterpret_cast<void*>(begin));
}
FAKE int cuMemcpyHtoD_v2(unsigned long long to, const void* from, std::size_t bytes) {
    void* const there = reinterpret_cast<void*>(to);
    return copy("cuMemcpyHtoD_v2", there, from, bytes, there, nullptr);
}
FAKE int cuMemcpyDtoH_v2(void* to, unsigned long long from, std::size_t bytes) {
    const void* const there = reinterpret_cast<void*>(from);
    return copy("cuMemcpyDtoH_v2", to, there, bytes, there, nullptr);
}
FAKE int cuMemcpyHtoDAsync_v2(unsigned long long to, const void* from, std::size_t bytes,
                              void* waits) {
    void* const there = reinterpret_cast<void*>(to);
    return copy("cuMemcpyHtoDAsync_v2", there, from, bytes, there, static_cast<stream*>(waits));
}
FAKE int cuStreamCreate(void** result, unsigned) {
    return make_stream("cuStreamCreate", result);
}
FAKE int cuStreamSynchronize(void* which) {
    return wait_for_stream("cuStreamSynchronize", which);
}
FAKE int cuStreamDestroy_v2(void* which) {
    return end_stream("cuStreamDestroy_v2", which);
}
FAKE int cuDeviceGetName(char* result, int room, int device) {
    return name_device("cuDeviceGetName", result, room, device);
}
FAKE int cuDeviceGetPCIBusId(char* result, int room, int device) {
    return find_on_bus("cuDeviceGetPCIBusId", result, room, device);
}

#endif
