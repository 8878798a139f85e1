#pragma once

#include "nodespan/detail/owned.hpp"
#include "nodespan/detail/ring_core.hpp"
#include "nodespan/ring_options.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace nodespan {

/// A stream of frames from one rank to the others, through memory that they share: frames are
/// written in place and read in place, not copied.
///
/// T is any trivially copyable type. Frames lie on 64-byte boundaries. Each has a sequence number,
/// 0, 1, 2, ..., so that losses are counted exactly. A frame that somebody reads is not
/// overwritten, whatever the policy, so none is ever seen half written. Move-only; made and ended
/// in the same order on all ranks, like arrays.
template <class T>
class ring {
    static_assert(std::is_trivially_copyable_v<T>,
                  "ring<T>: T must be trivially copyable, since other processes see it");
    static_assert(alignof(T) <= 64, "ring<T>: frames are aligned to 64 bytes");

public:
    using value_type = T;
    class slot;
    class frame;

    /// Frames of `frame_elements` elements; memory for options.slots + 1 of them.
    /// Shape:  frame_elements >= 1, slots >= 1; at most 4095 consumers.
    /// Call:   collective over the team, which has one node and two ranks or more; same arguments
    ///         on all ranks.
    /// Errors: errc::invalid_argument, errc::mismatched_arguments, errc::no_capacity,
    ///         errc::finalized, MPI category: the same on all ranks, which can go on.
    /// Cost:   as an array's. Ending a ring is local and waits for nobody: the producer's end
    ///         closes it, and who leaves by an exception is not waited for.
    ring(team& team, index_t frame_elements, const ring_options& options = {})
        : handle_(std::make_shared<detail::ring_core>(team, frame_elements, sizeof(T),
                                                      typeid(T).name(), options)),
          elements_(static_cast<std::size_t>(frame_elements)) {}

    ring(ring&&) noexcept = default;
    ring& operator=(ring&& other) noexcept {
        if (this == &other) return *this;
        std::swap(handle_, other.handle_);
        std::swap(elements_, other.elements_);
        if (other.handle_) std::exchange(other.handle_, nullptr)->end();
        return *this;
    }
    ring(const ring&) = delete;            // one rank's ends of a stream
    ring& operator=(const ring&) = delete; // one rank's ends of a stream
    ~ring() {
        if (handle_) handle_->end();
    }

    std::size_t frame_elements() const noexcept { return elements_; }
    const ring_options& options() const { return live().options(); }
    bool is_producer() const { return live().is_producer(); }
    team& get_team() { return live().get_team(); }

    /// The number of sequence numbers given so far, those of lost frames included. Any rank.
    std::uint64_t published() const { return live().published(); }

    /// The number of frames that this consumer has received.
    std::uint64_t received() const { return live().received(); }

    /// to_one: frames nobody received. to_all: on a consumer, gaps before its latest frame or the
    /// end; on the producer, their sum. Exact once all consumers have reached the end.
    std::uint64_t lost() const { return live().lost(); }

    /// Returns a slot for the next frame. Its elements hold the values that were there before. The
    /// producer keeps the slot until it publishes it; it has only one at a time.
    /// Call:   the producer alone.
    /// Errors: errc::invalid_argument (on other ranks; closed). With when_full::block
    ///         errc::peer_lost, if a rank left by an exception, or if there is no room and the
    ///         consumers that would make room have ended their rings: to_all any consumer, to_one
    ///         all of them.
    /// Cost:   some 10 ns. With when_full::block waits until consumers have released a frame.
    slot reserve() {
        T* const data = reinterpret_cast<T*>(live().reserve());
        return slot(handle_, std::span<T>(data, elements_), published());
    }

    /// Ends the stream: consumers get the frames that are left, then nothing.
    /// Call:   the producer alone; may be repeated.
    /// Errors: errc::invalid_argument (on other ranks).
    void close() { live().close(); }

    /// Waits for the next frame, in the order of sequence numbers. Returns nothing once the ring is
    /// closed and no frame is left. A consumer may hold several frames, but at most `slots` while
    /// it waits for another; otherwise no frame can follow.
    /// Call:   a consumer alone.
    /// Errors: errc::invalid_argument (on the producer); errc::peer_lost if a rank left by an
    ///         exception and no frame is there.
    /// Cost:   some 10 ns and the transfer of a cache line if a frame is there. Waits spin, then
    ///         offer the core, then sleep.
    std::optional<frame> next() {
        const auto found = live().next();
        if (!found) return std::nullopt;
        const T* const data = reinterpret_cast<const T*>(found->data);
        return frame(handle_, std::span<const T>(data, elements_), *found);
    }

private:
    detail::ring_core& live() const {
        if (handle_ == nullptr) detail::refuse_moved_from("ring");
        return *handle_;
    }

    std::shared_ptr<detail::ring_core> handle_; // slots and frames may outlive the ring
    std::size_t elements_;
};

/// A slot into which the producer writes a frame. Its elements are valid until the frame is
/// published or the ring ends.
template <class T>
class ring<T>::slot {
public:
    std::span<T> elements() const noexcept { return elements_; }

    /// The frame's number, once it is published.
    std::uint64_t sequence() const noexcept { return sequence_; }

    /// Gives the frame to consumers; its elements must not be used afterwards. Returns whether the
    /// frame is in the ring. It may be lost with when_full::drop_newest, and with drop_oldest if
    /// every other slot is being read.
    /// Call:   the producer alone, once for all copies of a slot. Never waits.
    /// Errors: errc::invalid_argument (closed, published already, or the ring has ended); nothing
    ///         is published then.
    /// Cost:   some 10 ns, and a system call if a consumer sleeps.
    bool publish() {
        if (handle_ == nullptr) detail::refuse_moved_from("ring::slot");
        return handle_->publish(sequence_);
    }

private:
    friend class ring;
    slot(std::shared_ptr<detail::ring_core> handle, std::span<T> elements, std::uint64_t sequence)
        : handle_(std::move(handle)),
          elements_(elements),
          sequence_(sequence) {}

    std::shared_ptr<detail::ring_core> handle_;
    std::span<T> elements_;
    std::uint64_t sequence_;
};

/// A frame that a consumer reads. It keeps its slot until it ends. Its elements are valid until
/// the ring ends.
template <class T>
class ring<T>::frame {
public:
    frame(frame&& other) noexcept
        : handle_(std::move(other.handle_)),
          elements_(other.elements_),
          sequence_(other.sequence_),
          slot_(other.slot_) {}
    frame& operator=(frame&& other) noexcept {
        std::swap(handle_, other.handle_);
        std::swap(elements_, other.elements_);
        std::swap(sequence_, other.sequence_);
        std::swap(slot_, other.slot_);
        other.release();
        return *this;
    }
    frame(const frame&) = delete;            // released once
    frame& operator=(const frame&) = delete; // released once
    ~frame() { release(); }

    std::span<const T> elements() const noexcept { return elements_; }
    std::uint64_t sequence() const noexcept { return sequence_; }

    /// Releases the slot before this object ends; the elements must not be read afterwards.
    /// Cost:   one atomic instruction, and a system call if the producer sleeps.
    void release() noexcept {
        if (handle_) std::exchange(handle_, nullptr)->release(slot_);
    }

private:
    friend class ring;
    frame(std::shared_ptr<detail::ring_core> handle, std::span<const T> elements,
          const detail::ring_core::frame& found)
        : handle_(std::move(handle)),
          elements_(elements),
          sequence_(found.sequence),
          slot_(found.slot) {}

    std::shared_ptr<detail::ring_core> handle_; // null: released
    std::span<const T> elements_;
    std::uint64_t sequence_;
    std::uint32_t slot_;
};

} // namespace nodespan
