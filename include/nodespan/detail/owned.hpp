#pragma once

#include "nodespan/detail/export.hpp"

#include <memory>
#include <utility>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

/// What people call the class that a core is the run-time half of.
template <class Core>
inline constexpr const char* noun_of = "object";

[[noreturn]] void refuse_moved_from(const char* what);

/// Owns the run-time half of a movable object. Once that has been moved elsewhere, whatever would
/// use it throws errc::invalid_argument.
template <class Core>
class owned {
public:
    owned() = default;
    explicit owned(std::unique_ptr<Core> core) noexcept : core_(std::move(core)) {}

    Core* operator->() const { return &**this; }
    Core& operator*() const {
        if (core_ == nullptr) [[unlikely]]
            refuse_moved_from(noun_of<Core>);
        return *core_;
    }

    /// Gives it up to whoever asks.
    Core* release() noexcept { return core_.release(); }

private:
    std::unique_ptr<Core> core_; // stays in place when the object is moved
};

} // namespace detail
} // namespace nodespan
