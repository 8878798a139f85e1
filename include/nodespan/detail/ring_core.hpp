#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/ring_options.hpp"
#include "nodespan/team.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

struct ring_state;

/// A rank's part of `ring` that need not be a template; `ring` describes the calls. Slots and
/// frames share it with the ring; when the ring ends, it calls end().
class ring_core {
public:
    struct frame {
        const std::byte* data = nullptr;
        std::uint64_t sequence = 0;
        std::uint32_t slot = 0;
    };

    ring_core(team& team, index_t frame_elements, std::size_t element_bytes, const char* type,
              const ring_options& options);
    ~ring_core();
    ring_core(const ring_core&) = delete;
    ring_core& operator=(const ring_core&) = delete;

    class team& get_team() noexcept {
        return team_;
    }
    const ring_options& options() const noexcept { return options_; }
    bool is_producer() const noexcept { return team_.rank() == options_.producer; }

    std::byte* reserve();
    bool publish(std::uint64_t sequence);
    void close();
    std::optional<frame> next();
    void release(std::uint32_t slot) noexcept;

    /// The end of the ring: its memory is gone, and calls of slots and frames do nothing from now
    /// on.
    void end() noexcept;

    std::uint64_t published() const noexcept;
    std::uint64_t received() const noexcept;
    std::uint64_t lost() const noexcept;

private:
    void require_producer(const char* operation) const;

    class team team_;
    ring_options options_;
    std::string name_; // such as ring<double>
    int exceptions_;   // in flight when this object was made
    std::unique_ptr<ring_state> state_;
};

} // namespace detail
} // namespace nodespan
