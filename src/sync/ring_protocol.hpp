#pragma once

#include "nodespan/ring_options.hpp"
#include "wait.hpp"
#include "watchdog.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace nodespan::detail {

/// The shape of a ring in bytes; the same on all ranks.
struct ring_shape {
    std::size_t slots = 8;
    std::size_t frame_bytes = 64; // a multiple of 64
    std::uint32_t consumers = 1;
    nodespan::delivery delivery = nodespan::delivery::to_all;
    nodespan::when_full when_full = nodespan::when_full::block;
    bool is_oversubscribed = false; // more ranks than cores: do not spin

    /// The largest count that fits into a slot's word.
    static constexpr std::uint32_t most_consumers = 4095;

    /// One more than may wait, so that the producer always has one to write into.
    std::size_t all_slots() const noexcept { return slots + 1; }
};

/// The memory of a ring, which producer and consumers share: the frames, and one word for each
/// slot, which says what may be done with the slot. ring_protocol.cpp explains the protocol.
class ring_memory {
public:
    /// Bytes of shared memory that a ring needs; it must be zeroed and aligned to 64.
    static std::size_t bytes(const ring_shape& shape);

    ring_memory(void* memory, const ring_shape& shape);

    struct alignas(64) producer_line {
        std::atomic<std::uint64_t> head;     // positions that have been given
        std::atomic<std::uint64_t> numbered; // sequence numbers that have been given
        std::atomic<std::uint64_t> dropped;  // frames that missed a consumer they were meant for
        shared_word news;                    // changes with head, and at the end
        shared_word closed;
        shared_word latest; // the slot of position head - 1, or of a later one
    };
    struct alignas(64) waiting_line {
        shared_word for_news; // consumers that sleep until there is news
        shared_word for_room;
        shared_word lost; // 1 + the rank that left by an exception
        shared_word left; // consumers that have ended
    };
    struct alignas(64) consumer_line {
        std::atomic<std::uint64_t> next; // the next position to read; with to_one all use the first
        std::atomic<std::uint64_t> received;
        std::atomic<std::uint64_t> missed;
    };
    struct alignas(64) slot_line {
        std::atomic<std::uint64_t> word;
        std::uint64_t sequence; // written before the word, read by its readers only
    };
    struct alignas(64) room_line {
        shared_word released; // changes when a slot may have become free
    };

    const ring_shape& shape() const noexcept { return shape_; }
    producer_line& producer() const noexcept { return fixed_->producer; }
    waiting_line& waiting() const noexcept { return fixed_->waiting; }
    shared_word& released() const noexcept { return fixed_->room.released; }
    consumer_line& consumer(std::size_t number) const noexcept { return consumers_[number]; }
    slot_line& slot(std::size_t number) const noexcept { return slots_[number]; }
    shared_word& order(std::uint64_t position) const noexcept {
        return order_[position % shape_.all_slots()];
    }
    std::byte* frame(std::size_t slot) const noexcept {
        return frames_ + slot * shape_.frame_bytes;
    }

    /// Tells all ranks that rank `rank` left by an exception: their waits throw errc::peer_lost.
    void abandon(int rank) const noexcept;

    /// Throws errc::peer_lost if a rank has left, or if `is_lost` says so.
    void throw_if_abandoned(const char* operation, const std::function<bool()>& is_lost) const;

    /// The number of frames that did not reach a consumer for which they were meant, counted once
    /// for each such consumer.
    std::uint64_t lost() const noexcept;

private:
    struct fixed_part {
        producer_line producer;
        waiting_line waiting;
        room_line room;
    };

    ring_shape shape_;
    fixed_part* fixed_;
    consumer_line* consumers_;
    slot_line* slots_;
    shared_word* order_;
    std::byte* frames_;
};

/// The end of the ring that writes. Only one thread may use it.
class ring_producer {
public:
    /// While it waits, it asks `is_lost` whether a rank has left; in a long wait it calls
    /// `complain`.
    explicit ring_producer(const ring_memory& memory, std::function<bool()> is_lost = {},
                           std::function<void(const watchdog&)> complain = {});

    /// Returns the slot for the next frame: the same one until it is published. With
    /// when_full::block it waits for a slot.
    /// Errors: errc::peer_lost.
    std::byte* reserve();

    /// Gives the frame the next sequence number and hands it to consumers; returns false if the
    /// frame was lost. Must follow reserve().
    bool publish();

    std::uint64_t numbered() const noexcept { return numbered_; }
    bool is_closed() const noexcept;

    /// Whether a slot is reserved and not yet published.
    bool has_reserved() const noexcept { return has_reserved_; }

    /// Says that no frame will follow. May be called again.
    void close() noexcept;

private:
    std::optional<std::uint32_t> find_slot();
    std::optional<std::uint32_t> find_skipped();
    bool take(std::uint32_t slot);
    void wait_for_slot();
    void hand_over(std::uint32_t slot);
    void count_dropped(std::uint64_t frames) noexcept;

    ring_memory memory_;
    std::function<bool()> is_lost_;
    std::function<void(const watchdog&)> complain_;
    std::uint64_t head_ = 0;
    std::uint64_t oldest_ = 0; // the first position whose slot has not been taken or skipped
    std::uint64_t numbered_ = 0;
    std::vector<std::uint32_t> skipped_; // slots that were skipped because a consumer read there,
                                         // and slots that were not used yet
    bool has_reserved_ = false;
    std::optional<std::uint32_t> own_; // the slot to write into
};

/// The end of the ring that reads. Only one thread may use it.
class ring_consumer {
public:
    ring_consumer(const ring_memory& memory, std::uint32_t number,
                  std::function<bool()> is_lost = {});

    struct frame {
        const std::byte* data = nullptr;
        std::uint64_t sequence = 0;
        std::uint32_t slot = 0;
    };

    /// Waits for the next frame, which may be read until release(). Returns nothing once the ring
    /// is closed and no frame is left.
    /// Errors: errc::peer_lost.
    std::optional<frame> next();

    void release(std::uint32_t slot) noexcept;

    std::uint64_t received() const noexcept { return received_; }

    /// With delivery::to_all: the frames before the latest one received, or before the end, that
    /// this consumer did not receive.
    std::uint64_t missed() const noexcept { return missed_; }

    /// Says that this consumer will read no more: a producer that depends on it then need not wait.
    void leave() noexcept;

private:
    std::optional<frame> look();
    std::optional<frame> find(std::uint64_t position, std::uint64_t head);
    std::optional<frame> try_take(std::uint64_t position, std::uint32_t slot);
    void note(const frame& got) noexcept;
    void note_end() noexcept;
    void wait_for_news(std::uint32_t seen);

    ring_memory memory_;
    std::uint32_t number_;
    std::function<bool()> is_lost_;
    std::uint64_t expected_ = 0; // sequence number
    std::uint64_t received_ = 0;
    std::uint64_t missed_ = 0;
};

} // namespace nodespan::detail
