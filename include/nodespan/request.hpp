#pragma once

#include "nodespan/box.hpp"
#include "nodespan/detail/export.hpp"
#include "nodespan/detail/mpi.hpp"
#include "nodespan/team.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace NODESPAN_EXPORT nodespan {

namespace detail {

class packed_patch;
class team_core;
struct access;

/// MPI requests of one transfer; the first few without allocation.
class request_list {
public:
    /// A place for one more, which is answered by `node`; stays where it is until the next call.
    MPI_Request* add(int node);

    /// The node that they all wait for; -1 if there are several.
    int node() const noexcept { return node_; }

    /// A copy of elements of the program that takes part in the transfer. It is leaked where the
    /// list ends before the transfer: MPI may still use it.
    packed_patch& keep(index_t elements, std::size_t element_bytes);

    std::span<MPI_Request> all() noexcept;

    /// All have ended: what came into copies is brought home.
    void clear() noexcept;

private:
    static constexpr std::size_t places = 4;

    std::array<MPI_Request, places> first_{};
    std::size_t count_ = 0;
    int node_ = -1;
    std::vector<MPI_Request> all_; // takes over from the fifth on
    std::vector<packed_patch*> copies_;
};

} // namespace detail

/// A transfer under way, from get_async or put_async. Move-only.
///
/// Until it is done, the program leaves its buffer alone: does not read it under a get, does not
/// write it under a put. What put_async sends is visible to others after a fence, or under a lock
/// that is released afterwards, like that of put. The destructor waits as wait() does, also while
/// an exception unwinds: the buffer may end next. Only where a rank has left the team by an
/// exception, and the transfer has not ended two seconds later, neither waits any longer; what is
/// under way may still come, if that rank goes on.
class [[nodiscard]] request {
public:
    /// Stands for no transfer.
    request() = default;

    request(request&& other) noexcept;
    request& operator=(request&& other);         // NOLINT: first waits for its own, which may throw
    request(const request&) = delete;            // one transfer has one owner
    request& operator=(const request&) = delete; // one transfer has one owner
    ~request();

    /// Whether there is a transfer behind this request that wait() or test() has not ended.
    bool valid() const noexcept { return is_active_; }

    /// Returns when the buffer may be used again. The array may have ended meanwhile.
    /// Call:   the rank that started it, by a thread that may call (see team).
    /// Errors: errc::invalid_argument unless valid(), or when the array's team has ended;
    ///         errc::peer_lost (see above); MPI category.
    /// Source: MPI 3.1 section 11.3.5 (request-based RMA).
    void wait();

    /// The same without waiting: whether it is done.
    bool test();

private:
    friend struct detail::access;
    request(const std::shared_ptr<detail::team_core>& team, const char* operation);
    detail::request_list& open() noexcept { return open_; }

    void require_valid(const char* operation);
    bool finish(detail::team_core* team);

    detail::request_list open_;
    std::weak_ptr<detail::team_core> team_;
    const char* operation_ = "";
    bool is_active_ = false;
};

/// Waits for all of them; those without a transfer are passed over.
void wait_all(std::span<request> requests);

} // namespace nodespan
