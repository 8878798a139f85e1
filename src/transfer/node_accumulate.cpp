#include "node_accumulate.hpp"

#include "combine.hpp"
#include "strided.hpp"

#include <algorithm>
#include <mutex>

namespace nodespan::detail {
namespace {

constexpr std::size_t stripe_bytes = 64 * 1024;

// Holds the lock of the stretch of memory that is being changed, until the work moves to another
// one.
class stripe_lock {
public:
    explicit stripe_lock(array_header& header) : header_(header) {}
    ~stripe_lock() { release(); }
    stripe_lock(const stripe_lock&) = delete;
    stripe_lock& operator=(const stripe_lock&) = delete;

    /// Takes the lock of stripe number `stripe`; returns false if atomics have been claimed.
    bool hold(std::size_t stripe) {
        const std::size_t wanted = stripe % array_header::stripe_count;
        if (is_held_ && wanted == held_) return true;
        release();
        words(wanted).lock();
        held_ = wanted;
        is_held_ = true;
        return header_.has_atomics.load(std::memory_order_relaxed) == 0; // the lock orders it
    }

private:
    mutex words(std::size_t stripe) { return {&header_.stripes[stripe], true}; }
    void release() {
        if (is_held_) words(held_).unlock();
        is_held_ = false;
    }

    array_header& header_;
    std::size_t held_ = 0;
    bool is_held_ = false;
};

} // namespace

void claim_atomics(array_header& header) {
    if (header.has_atomics.load(std::memory_order_acquire) != 0) return;
    for (mutex_words& words : header.stripes) mutex(&words, true).lock();
    header.has_atomics.store(1, std::memory_order_release);
    for (mutex_words& words : header.stripes) mutex(&words, true).unlock();
}

void node_accumulate(array_header& header, element_kind kind, accumulate_op op,
                     const index_list& extents, std::byte* block, std::size_t offset,
                     const index_list& block_strides, const std::byte* from,
                     const index_list& from_strides, const void* scale) {
    const run_kernel plain = plain_kernel(kind, op);
    const run_kernel atomic = atomic_kernel(kind, op);
    const paired_runs runs(extents, block_strides, from_strides);
    bool is_claimed = atomic != nullptr && header.has_atomics.load(std::memory_order_acquire) != 0;
    stripe_lock lock(header);
    runs.for_each([&](index_t at, index_t from_at) {
        std::byte* const run = block + offset + at;
        const std::byte* const source = from + from_at;
        for (index_t done = 0; done < runs.count;) {
            const std::size_t begin = offset + static_cast<std::size_t>(at + done * runs.a_step);
            const std::size_t stripe = begin / stripe_bytes;
            const auto room = static_cast<index_t>((stripe + 1) * stripe_bytes - begin);
            const index_t step = std::max<index_t>(runs.a_step, 1);
            const index_t count = std::min(runs.count - done, (room + step - 1) / step);
            if (!is_claimed && !lock.hold(stripe) && atomic != nullptr) is_claimed = true;
            (is_claimed ? atomic : plain)(run + done * runs.a_step, runs.a_step,
                                          source + done * runs.b_step, runs.b_step, count, scale);
            done += count;
        }
    });
}

scaled_copy::scaled_copy(element_kind kind, const index_list& extents, std::size_t element_bytes,
                         const std::byte* from, const index_list& strides, const void* scale)
    : strides_(dense_strides(extents, element_bytes)) {
    const index_t size =
        box<dynamic_rank>{index_list(static_cast<int>(extents.size()), 0), extents}.size();
    data_ =
        std::make_unique_for_overwrite<std::byte[]>(static_cast<std::size_t>(size) * element_bytes);
    const paired_runs runs(extents, strides_, strides);
    runs.for_each([&](index_t to, index_t at) {
        scale_run(kind, data_.get() + to, from + at, runs.b_step, runs.count, scale);
    });
}

} // namespace nodespan::detail
