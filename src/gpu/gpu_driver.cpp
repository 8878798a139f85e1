#include "nodespan/detail/gpu_driver.hpp"

#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <dlfcn.h>
#include <mutex>

namespace nodespan::detail {
namespace {

// What both interfaces call their flags: memory is registered for all contexts, and mapped.
constexpr unsigned portable = 1, mapped = 2;

// Types of CUDA's cuda.h. Where its names of today stand for a second version, that is named.
using cuda_context = void*;              // CUcontext
using cuda_address = unsigned long long; // CUdeviceptr

class cuda_driver final : public gpu_driver {
public:
    cuda_driver(void* handle, std::string library)
        : gpu_driver(gpu_kind::cuda, handle, std::move(library)) {}

    int start() const { return function<int(unsigned)>("cuInit")(0); }

    int count(int& devices) const { return function<int(int*)>("cuDeviceGetCount")(&devices); }

    std::string words_for(int code) const override {
        const char *name = nullptr, *words = nullptr;
        if (get_error_name_(code, &name) != gpu_code::success || name == nullptr)
            return fmt::format("error {}", code);
        if (get_error_string_(code, &words) != gpu_code::success || words == nullptr) return name;
        return fmt::format("{}, {}", name, words);
    }

    const char* name_of_register() const noexcept override { return "cuMemHostRegister"; }
    const char* name_of_device_address() const noexcept override {
        return "cuMemHostGetDevicePointer";
    }

    int current_device(const std::string& operation) const override {
        cuda_context context = nullptr;
        if (const int code = get_current_(&context); code != gpu_code::success)
            throw error(errc::device,
                        fmt::format("{}: cuCtxGetCurrent: {}", operation, words_for(code)));
        if (context == nullptr)
            throw error(errc::invalid_argument,
                        fmt::format("{}: no GPU context is current on this thread; call "
                                    "cudaSetDevice and then cudaFree(nullptr), or cuCtxSetCurrent, "
                                    "before it",
                                    operation));
        int device = 0;
        if (const int code = get_device_(&device); code != gpu_code::success)
            throw error(errc::device,
                        fmt::format("{}: cuCtxGetDevice: {}", operation, words_for(code)));
        return device;
    }

    int register_memory(void* begin, std::size_t bytes) const noexcept override {
        return register_(begin, bytes, portable | mapped);
    }

    int device_address(void* begin, std::byte*& result) const noexcept override {
        cuda_address address = 0;
        const int code = get_address_(&address, begin, 0);
        result = reinterpret_cast<std::byte*>(address);
        return code;
    }

    // A thread without a context borrows the device's own one, since the driver finds memory by its
    // address. The context that was current once may be gone: it is not named again.
    int unregister_memory(void* begin, int device) const noexcept override {
        int code = unregister_(begin);
        if (code != gpu_code::invalid_context && code != gpu_code::context_is_destroyed)
            return code;
        cuda_context context = nullptr;
        if (retain_(&context, device) != gpu_code::success) return code;
        if (push_(context) == gpu_code::success) {
            code = unregister_(begin);
            pop_(&context);
        }
        release_(device);
        return code;
    }

private:
    int (*const get_error_name_)(int,
                                 const char**) = function<int(int, const char**)>("cuGetErrorName");
    int (*const get_error_string_)(int, const char**) =
        function<int(int, const char**)>("cuGetErrorString");
    int (*const get_current_)(cuda_context*) = function<int(cuda_context*)>("cuCtxGetCurrent");
    int (*const get_device_)(int*) = function<int(int*)>("cuCtxGetDevice");
    int (*const register_)(void*, std::size_t, unsigned) =
        function<int(void*, std::size_t, unsigned)>("cuMemHostRegister_v2");
    int (*const get_address_)(cuda_address*, void*, unsigned) =
        function<int(cuda_address*, void*, unsigned)>("cuMemHostGetDevicePointer_v2");
    int (*const unregister_)(void*) = function<int(void*)>("cuMemHostUnregister");
    int (*const retain_)(cuda_context*,
                         int) = function<int(cuda_context*, int)>("cuDevicePrimaryCtxRetain");
    int (*const release_)(int) = function<int(int)>("cuDevicePrimaryCtxRelease_v2");
    int (*const push_)(cuda_context) = function<int(cuda_context)>("cuCtxPushCurrent_v2");
    int (*const pop_)(cuda_context*) = function<int(cuda_context*)>("cuCtxPopCurrent_v2");
};

// HIP's contexts are its devices: a thread that has chosen none has the first one.
class hip_driver final : public gpu_driver {
public:
    hip_driver(void* handle, std::string library)
        : gpu_driver(gpu_kind::hip, handle, std::move(library)) {}

    int start() const { return function<int(unsigned)>("hipInit")(0); }

    int count(int& devices) const { return function<int(int*)>("hipGetDeviceCount")(&devices); }

    std::string words_for(int code) const override {
        const char* const name = get_error_name_(code);
        const char* const words = get_error_string_(code);
        if (name == nullptr) return fmt::format("error {}", code);
        return words == nullptr ? name : fmt::format("{}, {}", name, words);
    }

    const char* name_of_register() const noexcept override { return "hipHostRegister"; }
    const char* name_of_device_address() const noexcept override {
        return "hipHostGetDevicePointer";
    }

    int current_device(const std::string& operation) const override {
        int device = 0;
        if (const int code = get_device_(&device); code != gpu_code::success)
            throw error(code == gpu_code::no_device || code == gpu_code::invalid_context
                            ? errc::invalid_argument
                            : errc::device,
                        fmt::format("{}: hipGetDevice: {}; call hipSetDevice before it", operation,
                                    words_for(code)));
        return device;
    }

    int register_memory(void* begin, std::size_t bytes) const noexcept override {
        return register_(begin, bytes, portable | mapped);
    }

    int device_address(void* begin, std::byte*& result) const noexcept override {
        void* address = nullptr;
        const int code = get_address_(&address, begin, 0);
        result = static_cast<std::byte*>(address);
        return code;
    }

    int unregister_memory(void* begin, int) const noexcept override { return unregister_(begin); }

private:
    const char* (*const get_error_name_)(int) = function<const char*(int)>("hipGetErrorName");
    const char* (*const get_error_string_)(int) = function<const char*(int)>("hipGetErrorString");
    int (*const get_device_)(int*) = function<int(int*)>("hipGetDevice");
    int (*const register_)(void*, std::size_t, unsigned) =
        function<int(void*, std::size_t, unsigned)>("hipHostRegister");
    int (*const get_address_)(void**, void*, unsigned) =
        function<int(void**, void*, unsigned)>("hipHostGetDevicePointer");
    int (*const unregister_)(void*) = function<int(void*)>("hipHostUnregister");
};

std::string missing_text(const std::string& library, const char* name) {
    return fmt::format("{} has no {}, so its version is too old", library, name);
}

// A driver that is there; and why one is not.
struct finding {
    std::unique_ptr<gpu_driver> driver;
    std::string reason;
};

template <class Driver>
finding start(void* handle, const std::string& library) try {
    auto driver = std::make_unique<Driver>(handle, library);
    int devices = 0;
    int code = driver->start();
    if (code == gpu_code::success) code = driver->count(devices);
    if (code != gpu_code::success)
        return {nullptr, fmt::format("{} finds no GPU ({})", library, driver->words_for(code))};
    if (devices == 0) return {nullptr, fmt::format("{} finds no GPU", library)};
    return {std::move(driver), ""};
} catch (const gpu_driver::missing& function) {
    return {nullptr, missing_text(library, function.name)};
}

// What says nothing of itself is told by its functions. Drivers that were loaded once stay: they
// have threads of their own.
finding open(const std::string& library) {
    void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        const char* const words = dlerror();
        return {nullptr, fmt::format("{} not found ({})", library, words == nullptr ? "" : words)};
    }
    if (dlsym(handle, "cuInit") != nullptr) return start<cuda_driver>(handle, library);
    if (dlsym(handle, "hipInit") != nullptr) return start<hip_driver>(handle, library);
    dlclose(handle);
    return {nullptr, fmt::format("{} is no driver of CUDA's or HIP's", library)};
}

// HIP's file has its version in the name, and without one where there is a development package. Of
// several the one that the program has loaded: two in one process would know nothing of each other.
std::string hip_library() {
    constexpr const char* names[] = {"libamdhip64.so.7", "libamdhip64.so.6", "libamdhip64.so.5"};
    for (const int flags : {RTLD_NOW | RTLD_NOLOAD, RTLD_NOW | RTLD_LOCAL})
        for (const char* const name : names)
            if (dlopen(name, flags) != nullptr) return name;
    return "libamdhip64.so";
}

finding look() {
    const char* const chosen = std::getenv("NODESPAN_GPU_LIBRARY");
    if (chosen != nullptr && *chosen != '\0') return open(chosen);
    finding cuda = open("libcuda.so.1");
    if (cuda.driver) return cuda;
    finding hip = open(hip_library());
    if (hip.driver) return hip;
    return {nullptr, fmt::format("{}; {}", cuda.reason, hip.reason)};
}

} // namespace

gpu_driver::~gpu_driver() = default;

const gpu_driver& gpu_driver::find(const std::string& operation) {
    static std::mutex one_at_a_time;
    static const gpu_driver* found = nullptr; // stays to the end: memory may be given back late
    const std::scoped_lock lock(one_at_a_time);
    if (found == nullptr) {
        finding result = look();
        if (!result.driver)
            throw error(errc::unsupported,
                        fmt::format("{}: no GPU driver: {}", operation, result.reason));
        found = result.driver.release();
    }
    return *found;
}

void* gpu_driver::require(const char* name) const {
    void* const result = dlsym(handle_, name);
    if (result == nullptr) throw missing{name};
    return result;
}

void* gpu_driver::symbol(const char* name) const try {
    return require(name);
} catch (const missing& function) {
    throw error(errc::unsupported, missing_text(library_, function.name));
}

} // namespace nodespan::detail
