#pragma once

#include "nodespan/detail/export.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// Whose GPUs: NVIDIA's, by CUDA's driver interface, or AMD's, by HIP's.
enum class gpu_kind { cuda, hip };

/// What a driver's calls return; CUDA and HIP have the same numbers for these.
namespace gpu_code {
constexpr int success = 0;
constexpr int invalid_value = 1;
constexpr int out_of_memory = 2;
constexpr int no_device = 100;
constexpr int invalid_context = 201;
constexpr int operating_system = 304;
constexpr int context_is_destroyed = 709;
constexpr int already_registered = 712;
constexpr int not_registered = 713;
constexpr int not_permitted = 800;
constexpr int not_supported = 801;
} // namespace gpu_code

/// The driver of this machine's GPUs, loaded at run time: nothing is linked, no toolkit is needed.
/// Stays loaded once it has been found.
/// Call:   any thread, without MPI too.
/// Source: CUDA driver API (memory management, contexts), HIP runtime API (memory management).
class gpu_driver {
public:
    /// The file that NODESPAN_GPU_LIBRARY names; without it CUDA's driver, else HIP's, whichever is
    /// there and has a GPU.
    /// Errors: errc::unsupported, with what was looked for.
    static const gpu_driver& find(const std::string& operation);

    /// What a driver is that lacks a function.
    struct missing {
        const char* name;
    };

    virtual ~gpu_driver();
    gpu_driver(const gpu_driver&) = delete;            // there is one a process
    gpu_driver& operator=(const gpu_driver&) = delete; // there is one a process

    gpu_kind kind() const noexcept { return kind_; }
    const std::string& library() const noexcept { return library_; }

    /// A function of the driver.
    /// Errors: errc::unsupported where this version has none.
    void* symbol(const char* name) const;

    /// The driver's own name and words for one of its codes.
    virtual std::string words_for(int code) const = 0;

    /// Names of the calls below, for messages.
    virtual const char* name_of_register() const noexcept = 0;
    virtual const char* name_of_device_address() const noexcept = 0;

    /// The device of this thread's current context.
    /// Errors: errc::invalid_argument where none is current, with what to call; errc::device.
    virtual int current_device(const std::string& operation) const = 0;

    /// Registers memory, for all contexts and mapped. These three return the driver's codes.
    virtual int register_memory(void* begin, std::size_t bytes) const noexcept = 0;

    /// The address by which the current context's device reaches registered memory.
    virtual int device_address(void* begin, std::byte*& result) const noexcept = 0;

    /// Gives memory back that was registered while a context of `device` was current; now perhaps
    /// none is.
    virtual int unregister_memory(void* begin, int device) const noexcept = 0;

protected:
    gpu_driver(gpu_kind kind, void* handle, std::string library)
        : kind_(kind),
          handle_(handle),
          library_(std::move(library)) {}

    template <class Function>
    Function* function(const char* name) const {
        return reinterpret_cast<Function*>(require(name));
    }

private:
    void* require(const char* name) const;

    gpu_kind kind_;
    void* handle_;
    std::string library_;
};

} // namespace detail
} // namespace nodespan
