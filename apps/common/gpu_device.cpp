#include "gpu_device.hpp"

#include <fmt/format.h>
#include <nodespan/detail/gpu_driver.hpp>
#include <nodespan/error.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <type_traits>

namespace nodespan::app {
namespace {

using cuda_address = unsigned long long; // CUdeviceptr

constexpr unsigned non_blocking = 1; // CU_STREAM_NON_BLOCKING, hipStreamNonBlocking

const detail::gpu_driver& driver() {
    return detail::gpu_driver::find("GPU");
}

bool is_cuda() {
    return driver().kind() == detail::gpu_kind::cuda;
}

// One of the driver's functions, whose parameters are named with the call.
template <class... Parameters>
int code_of(const char* name, std::type_identity_t<Parameters>... arguments) {
    return reinterpret_cast<int (*)(Parameters...)>(driver().symbol(name))(arguments...);
}

template <class... Parameters>
void call(const char* name, std::type_identity_t<Parameters>... arguments) {
    if (const int code = code_of<Parameters...>(name, arguments...); code != 0)
        throw error(errc::device, fmt::format("{}: {}", name, driver().words_for(code)));
}

cuda_address to_cuda(const void* address) {
    return reinterpret_cast<cuda_address>(address);
}

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

void free_memory(std::byte* begin) noexcept try { // at its end: nobody to tell
    if (is_cuda())
        code_of<cuda_address>("cuMemFree_v2", to_cuda(begin));
    else
        code_of<void*>("hipFree", begin);
} catch (const error&) {}

} // namespace

std::vector<found_gpu> find_gpus() {
    int count = 0;
    call<int*>(is_cuda() ? "cuDeviceGetCount" : "hipGetDeviceCount", &count);
    std::vector<found_gpu> result;
    for (int place = 0; place < count; ++place) {
        std::array<char, 256> name{};
        std::array<char, 64> bus{};
        int device = place;
        if (is_cuda()) call<int*, int>("cuDeviceGet", &device, place);
        call<char*, int, int>(is_cuda() ? "cuDeviceGetName" : "hipDeviceGetName", name.data(),
                              static_cast<int>(name.size()) - 1, device);
        call<char*, int, int>(is_cuda() ? "cuDeviceGetPCIBusId" : "hipDeviceGetPCIBusId",
                              bus.data(), static_cast<int>(bus.size()) - 1, device);
        result.push_back({name.data(), lower_case(bus.data())});
    }
    return result;
}

gpu_device::gpu_device(int number) : number_(number) {
    if (!is_cuda()) {
        call<int>("hipSetDevice", number);
        return;
    }
    void* context = nullptr;
    call<int*, int>("cuDeviceGet", &number_, number);
    call<void**, int>("cuDevicePrimaryCtxRetain", &context, number_);
    call<void*>("cuCtxSetCurrent", context);
}

gpu_device::~gpu_device() {
    if (!is_cuda()) return;
    code_of<void*>("cuCtxSetCurrent", nullptr);
    code_of<int>("cuDevicePrimaryCtxRelease_v2", number_);
}

std::shared_ptr<std::byte> gpu_device::allocate(std::size_t bytes) {
    void* begin = nullptr;
    if (is_cuda()) {
        cuda_address address = 0;
        call<cuda_address*, std::size_t>("cuMemAlloc_v2", &address, bytes);
        begin = reinterpret_cast<void*>(address);
    } else {
        call<void**, std::size_t>("hipMalloc", &begin, bytes);
    }
    return {static_cast<std::byte*>(begin), free_memory};
}

void gpu_device::copy_in(std::byte* to, const void* from, std::size_t bytes) {
    if (is_cuda())
        call<cuda_address, const void*, std::size_t>("cuMemcpyHtoD_v2", to_cuda(to), from, bytes);
    else
        call<void*, void*, std::size_t>("hipMemcpyHtoD", to, const_cast<void*>(from), bytes);
}

void gpu_device::copy_out(void* to, const std::byte* from, std::size_t bytes) {
    if (is_cuda())
        call<void*, cuda_address, std::size_t>("cuMemcpyDtoH_v2", to, to_cuda(from), bytes);
    else
        call<void*, void*, std::size_t>("hipMemcpyDtoH", to, const_cast<std::byte*>(from), bytes);
}

gpu_device::stream::stream(gpu_device&) {
    call<void**, unsigned>(is_cuda() ? "cuStreamCreate" : "hipStreamCreateWithFlags", &handle_,
                           non_blocking);
}

gpu_device::stream::~stream() {
    code_of<void*>(is_cuda() ? "cuStreamDestroy_v2" : "hipStreamDestroy", handle_);
}

void gpu_device::stream::copy_in(std::byte* to, const void* from, std::size_t bytes) {
    if (is_cuda())
        call<cuda_address, const void*, std::size_t, void*>("cuMemcpyHtoDAsync_v2", to_cuda(to),
                                                            from, bytes, handle_);
    else
        call<void*, void*, std::size_t, void*>("hipMemcpyHtoDAsync", to, const_cast<void*>(from),
                                               bytes, handle_);
}

void gpu_device::stream::wait() {
    call<void*>(is_cuda() ? "cuStreamSynchronize" : "hipStreamSynchronize", handle_);
}

} // namespace nodespan::app
