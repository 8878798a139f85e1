#include "nodespan/detail/pinned_core.hpp"

#include "gpu_registrations.hpp"
#include "nodespan/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace nodespan::detail {

// What is pinned of an array. Whichever ends first lets go: one of those that pinned it, or the
// array, whose memory must not have another use while a driver takes it for what it was.
class pins_of_array final : public array_attachment {
public:
    static std::shared_ptr<pins_of_array> of(array_core& array) {
        return std::static_pointer_cast<pins_of_array>(
            array.attach([]() -> std::shared_ptr<array_attachment> {
                return std::make_shared<pins_of_array>();
            }));
    }

    std::byte* add(std::byte* begin, std::size_t bytes, const std::string& operation) {
        const gpu_driver& driver = gpu_driver::find(operation);
        if (bytes == 0) driver.current_device(operation); // refused as on other ranks
        if (bytes == 0) return nullptr;
        const std::scoped_lock lock(one_at_a_time_);
        driver_ = &driver;
        held_.reserve(held_.size() + 1);
        std::byte* const result =
            gpu_registrations::of_process().hold(driver, begin, bytes, operation);
        held_.push_back({begin, bytes});
        return result;
    }

    void remove(std::byte* begin, std::size_t bytes) noexcept {
        const std::scoped_lock lock(one_at_a_time_);
        const auto found = std::find(held_.begin(), held_.end(), range{begin, bytes});
        if (found == held_.end()) return; // the array has ended
        held_.erase(found);
        gpu_registrations::of_process().release(*driver_, begin, bytes);
    }

    void array_ends() noexcept override {
        const std::scoped_lock lock(one_at_a_time_);
        has_ended_ = true;
        if (!is_forked())
            for (const range& r : held_)
                gpu_registrations::of_process().release(*driver_, r.begin, r.bytes);
        held_.clear();
    }

    bool has_ended() const noexcept { return has_ended_; }

private:
    struct range {
        std::byte* begin;
        std::size_t bytes;
        bool operator==(const range&) const = default;
    };

    std::mutex one_at_a_time_;
    std::atomic<bool> has_ended_ = false;
    const gpu_driver* driver_ = nullptr; // stays to the end of the process
    std::vector<range> held_;
};

pinned_core::pinned_core(array_core& array, const void* begin, std::size_t bytes) {
    array.require_live("pin");
    const std::string operation = fmt::format("pin({}, {} bytes)", array.name(), bytes);
    auto* const first = const_cast<std::byte*>(static_cast<const std::byte*>(begin));
    std::byte* const block = array.node_data();
    const auto held = static_cast<std::size_t>(array.stored_box().size()) * array.element_bytes();
    const std::less_equal<> is_not_behind; // of any two addresses
    if (bytes > 0 && !(is_not_behind(block, first) && bytes <= held &&
                       is_not_behind(first, block + (held - bytes))))
        throw error(errc::out_of_range,
                    fmt::format("{}: not memory of this array on this node", operation));
    std::shared_ptr<pins_of_array> pins = pins_of_array::of(array);
    device_data_ = pins->add(first, bytes, operation);
    begin_ = first;
    bytes_ = bytes;
    pins_ = std::move(pins);
}

pinned_core& pinned_core::operator=(pinned_core&& other) noexcept {
    pinned_core taken(std::move(other));
    swap(taken);
    return *this;
}

// In a fork of a rank all this is the rank's.
pinned_core::~pinned_core() {
    if (pins_ && bytes_ > 0 && !is_forked()) pins_->remove(begin_, bytes_);
}

bool pinned_core::is_pinned() const noexcept {
    return pins_ && !pins_->has_ended();
}

void pinned_core::swap(pinned_core& other) noexcept {
    std::swap(pins_, other.pins_);
    std::swap(begin_, other.begin_);
    std::swap(bytes_, other.bytes_);
    std::swap(device_data_, other.device_data_);
}

} // namespace nodespan::detail
