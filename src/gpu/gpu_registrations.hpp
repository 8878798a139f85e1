#pragma once

#include "nodespan/detail/gpu_driver.hpp"

#include <cstddef>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace nodespan::detail {

/// Which memory this process has registered with its GPUs' driver, and for how many holders.
///
/// A driver refuses memory that is registered already, in whole or in part. So what is held is
/// shared, and only what is missing is registered: exactly the bytes that are asked for, since
/// others may lie in the same page. No piece ends before all who hold a byte of it have let go.
/// Call:   any thread.
class gpu_registrations {
public:
    /// Those of the process; is there until its end, later than any static object.
    static gpu_registrations& of_process();

    /// Registers [begin, begin + bytes), with the context that is current. Returns the address of
    /// `begin` for that context's device; null where the device cannot reach the memory by one.
    /// Errors: errc::no_capacity, errc::invalid_argument (registered by somebody else, no context),
    ///         errc::unsupported, errc::device; nothing is held then.
    std::byte* hold(const gpu_driver& driver, std::byte* begin, std::size_t bytes,
                    const std::string& operation);

    /// Lets go of what hold() was given. Memory that the driver has forgotten, with a context that
    /// ended or at the end of the process, is no longer registered, which is what is wanted.
    void release(const gpu_driver& driver, std::byte* begin, std::size_t bytes) noexcept;

private:
    struct piece {
        std::byte* end = nullptr;
        int device = 0; // of the context that was current
        int holders = 0;
        bool is_mapped = false;
    };
    using pieces = std::map<std::byte*, piece>;

    pieces::iterator first_in(std::byte* begin);
    void renew_what_ended(const gpu_driver& driver, std::byte* begin, std::byte* end,
                          const std::string& operation);
    void add_piece(const gpu_driver& driver, std::byte* begin, std::byte* end, int device,
                   const std::string& operation);
    void drop_unheld(const gpu_driver& driver, std::byte* begin, std::byte* end) noexcept;
    std::byte* address_of(const gpu_driver& driver, std::byte* begin, std::byte* end);

    std::mutex one_at_a_time_;
    pieces pieces_; // by their first byte; they do not overlap
};

} // namespace nodespan::detail
