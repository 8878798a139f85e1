#pragma once

#include "nodespan/box.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/team.hpp"

#include <cstddef>
#include <memory>

namespace NODESPAN_EXPORT nodespan {
namespace detail {

class shared_block;
class ticket_queue;

/// The part of `queue` that need not be a template; `queue` describes the calls.
class queue_core {
public:
    queue_core(const team& team, index_t capacity, std::size_t item_bytes, const char* type);
    ~queue_core();
    queue_core(const queue_core&) = delete;
    queue_core& operator=(const queue_core&) = delete;

    index_t capacity() const noexcept { return capacity_; }

    bool put(const std::byte* item);
    bool try_put(const std::byte* item);
    bool get(std::byte* item);
    bool try_get(std::byte* item);
    void task_done();
    void join();
    void close() noexcept;
    bool is_closed() const noexcept;

private:
    std::shared_ptr<team_core> team_;
    index_t capacity_;
    int exceptions_; // in flight when this object was made
    std::unique_ptr<shared_block> block_;
    std::unique_ptr<ticket_queue> queue_;
};

} // namespace detail
} // namespace nodespan
