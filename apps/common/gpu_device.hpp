#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace nodespan::app {

/// A GPU as its driver tells of it.
struct found_gpu {
    std::string name;
    std::string bus_id; ///< Of PCI, such as 0000:1a:00.0, as below /sys/bus/pci/devices.
};

/// This machine's GPUs. Errors: errc::unsupported, with the reason, where there is none.
std::vector<found_gpu> find_gpus();

/// What programs do with a GPU, by the driver's own functions: CUDA's or HIP's, found at run time.
/// It stands for what a toolkit has, cudaMalloc and cudaMemcpyAsync or hipMalloc and
/// hipMemcpyAsync, so that these programs need none. Makes the GPU's context current on this
/// thread; for this one alone. Errors: errc::unsupported, errc::device; also of the calls below.
class gpu_device {
public:
    explicit gpu_device(int number);
    ~gpu_device();
    gpu_device(const gpu_device&) = delete;
    gpu_device& operator=(const gpu_device&) = delete;

    /// Memory of the device: not to be touched by the program, but by copies and kernels.
    std::shared_ptr<std::byte> allocate(std::size_t bytes);

    /// Copy at once, to the device and from it.
    void copy_in(std::byte* to, const void* from, std::size_t bytes);
    void copy_out(void* to, const std::byte* from, std::size_t bytes);

    /// Copies that run while the program goes on, one after the other. They are asynchronous where
    /// the program's memory is pinned.
    class stream {
    public:
        explicit stream(gpu_device& device);
        ~stream();
        stream(const stream&) = delete;
        stream& operator=(const stream&) = delete;

        void copy_in(std::byte* to, const void* from, std::size_t bytes);

        /// Waits until they have ended.
        void wait();

    private:
        void* handle_ = nullptr;
    };

private:
    int number_;
};

} // namespace nodespan::app
