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

/// A ring in bytes; the same on all ranks.
struct ring_shape {
    std::size_t slots = 8;
    std::size_t frame_bytes = 64; // a multiple of 64
    std::uint32_t consumers = 1;
    nodespan::delivery delivery = nodespan::delivery::to_all;
    nodespan::when_full when_full = nodespan::when_full::block;
    bool is_oversubscribed = false; // more ranks than cores: do not spin

    /// What the counts in a place's word hold.
    static constexpr std::uint32_t most_consumers = 4095;

    /// One more than may wait: the producer always has one to write into.
    std::size_t places() const noexcept { return slots + 1; }
};

/// The ring's memory, which producer and consumers share: where frames lie, and one word for each
/// place that says what may be done with it.
///
/// A frame that is published has a position, 0, 1, 2, ...; its place is noted in `order` under its
/// position modulo the number of places. The place's word holds the position, how many consumers
/// read there now, and to how many it still is owed. All changes of hands are changes of this one
/// word, so no frame is torn:
/// - a consumer comes to read by a compare-and-swap that finds its position and a debt, and leaves
///   one reader more and one debt less; so whatever it found in `order`, maybe overwritten, it
///   reads the frame that it wanted or none;
/// - the producer takes a place that is owed to nobody and read by nobody, which nobody can come to
///   any more; or, to drop it, one that is read by nobody, by a compare-and-swap that ends its
///   debts. With a reader inside, either has to wait, or look for another place.
class ring_memory {
public:
    /// Bytes of zeroed shared memory, aligned to 64, that a ring needs.
    static std::size_t bytes(const ring_shape& shape);

    ring_memory(void* memory, const ring_shape& shape);

    struct alignas(64) producer_line {
        std::atomic<std::uint64_t> head;     // positions that have been given
        std::atomic<std::uint64_t> numbered; // sequence numbers that have been given
        std::atomic<std::uint64_t> dropped;  // frames that did not reach a consumer they were for
        shared_word news;                    // changes with head, and at the end
        shared_word closed;
    };
    struct alignas(64) waiting_line {
        shared_word for_news; // who sleeps for it
        shared_word for_room;
        shared_word lost; // 1 + the rank that left by an exception
        shared_word left; // consumers that have ended
    };
    struct alignas(64) consumer_line {
        std::atomic<std::uint64_t> next; // position to read next; all consumers' in the first one
                                         // where each frame goes to one
        std::atomic<std::uint64_t> received;
        std::atomic<std::uint64_t> missed;
    };
    struct alignas(64) place_line {
        std::atomic<std::uint64_t> word;
        std::uint64_t sequence; // written before the word, read by those who are readers by it
    };
    struct alignas(64) room_line {
        shared_word released; // changes when a place may have become free
    };

    const ring_shape& shape() const noexcept { return shape_; }
    producer_line& producer() const noexcept { return fixed_->producer; }
    waiting_line& waiting() const noexcept { return fixed_->waiting; }
    shared_word& released() const noexcept { return fixed_->room.released; }
    consumer_line& consumer(std::size_t number) const noexcept { return consumers_[number]; }
    place_line& place(std::size_t number) const noexcept { return places_[number]; }
    shared_word& order(std::uint64_t position) const noexcept {
        return order_[position % shape_.places()];
    }
    std::byte* frame(std::size_t place) const noexcept {
        return frames_ + place * shape_.frame_bytes;
    }

    /// Tells all that rank `rank` left by an exception: waits throw errc::peer_lost.
    void abandon(int rank) const noexcept;

    /// Throws errc::peer_lost if a rank did, or if `is_lost` says so.
    void throw_if_abandoned(const char* operation, const std::function<bool()>& is_lost) const;

    /// Frames that did not reach consumers they were for, counted once for each such consumer.
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
    place_line* places_;
    shared_word* order_;
    std::byte* frames_;
};

/// The one that writes. Not for several threads.
class ring_producer {
public:
    /// `is_lost` is asked in waits whether ranks have left; `complain` is called in long ones.
    explicit ring_producer(const ring_memory& memory, std::function<bool()> is_lost = {},
                           std::function<void(const watchdog&)> complain = {});

    /// A place to write the next frame into: the same until it is published. With when_full::block
    /// waits for one.
    /// Errors: errc::peer_lost.
    std::byte* reserve();

    /// Gives the frame the next sequence number and lets consumers have it; false where it was
    /// lost. After reserve().
    bool publish();

    std::uint64_t numbered() const noexcept { return numbered_; }
    bool is_closed() const noexcept;

    /// Whether there is a place to be published.
    bool has_reserved() const noexcept { return has_reserved_; }

    /// No frame comes any more. May be called again.
    void close() noexcept;

private:
    std::optional<std::uint32_t> find_place();
    std::optional<std::uint32_t> find_skipped();
    bool take(std::uint32_t place);
    void wait_for_place();
    void hand_over(std::uint32_t place);
    void count_dropped(std::uint64_t frames) noexcept;

    ring_memory memory_;
    std::function<bool()> is_lost_;
    std::function<void(const watchdog&)> complain_;
    std::uint64_t head_ = 0;
    std::uint64_t oldest_ = 0; // of the positions whose places have not been taken or skipped
    std::uint64_t numbered_ = 0;
    std::vector<std::uint32_t> skipped_; // places passed by, since somebody read there; and fresh
                                         // ones
    bool has_reserved_ = false;
    std::optional<std::uint32_t> own_; // to write into
};

/// One that reads. Not for several threads.
class ring_consumer {
public:
    ring_consumer(const ring_memory& memory, std::uint32_t number,
                  std::function<bool()> is_lost = {});

    struct frame {
        const std::byte* data = nullptr;
        std::uint64_t sequence = 0;
        std::uint32_t place = 0;
    };

    /// The next frame, to be read until release(); waits for one. Nothing once the ring is closed
    /// and there are no more.
    /// Errors: errc::peer_lost.
    std::optional<frame> next();

    void release(std::uint32_t place) noexcept;

    std::uint64_t received() const noexcept { return received_; }

    /// With delivery::to_all: frames before the last one that came, or the end, that did not come.
    std::uint64_t missed() const noexcept { return missed_; }

    /// Comes no more: a producer that depends on it need not wait.
    void leave() noexcept;

private:
    std::optional<frame> look();
    std::optional<frame> try_take(std::uint64_t position);
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
