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

/// The MPI requests of one transfer; the first few need no allocation.
class request_list {
public:
    /// Makes a place for another request, to `node`. It stays where it is until the next call.
    MPI_Request* add(int node);

    /// The node to which all requests go; -1 if there are several nodes.
    int node() const noexcept { return node_; }

    /// A copy of program elements that takes part in the transfer. It is leaked if the list ends
    /// before the transfer, because MPI may still use it.
    packed_patch& keep(index_t elements, std::size_t element_bytes);

    std::span<MPI_Request> all() noexcept;

    /// All requests have ended: copies elements that were received into copies back to the program.
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

/// A transfer under way, made by get_async or put_async. Move-only.
///
/// Until it is done, the program must not use the buffer: it must not read it during a get, nor
/// write it during a put. As for put, others see what put_async sends after a fence, or under a
/// lock that is released afterwards. The destructor waits as wait() does, also while an exception
/// unwinds, because the buffer may end next. Only if a rank has left the team by an exception, and
/// the transfer has not ended two seconds later, both stop waiting; the transfer may still take
/// place if that rank goes on.
class [[nodiscard]] request {
public:
    /// Stands for no transfer.
    request() = default;

    request(request&& other) noexcept;
    request& operator=(request&& other);         // NOLINT: first waits for its own, which may throw
    request(const request&) = delete;            // one transfer has one owner
    request& operator=(const request&) = delete; // one transfer has one owner
    ~request();

    /// Whether this request has a transfer that wait() or test() has not ended.
    bool valid() const noexcept { return is_active_; }

    /// Returns when the buffer may be used again. The array may have ended in the meantime.
    /// Call:   the rank that started it, on a thread that may call (see team).
    /// Errors: errc::invalid_argument unless valid(), or if the array's team has ended;
    ///         errc::peer_lost (see above); MPI category.
    /// Source: MPI 3.1 section 11.3.5 (request-based RMA).
    void wait();

    /// The same without waiting: returns whether the transfer is done.
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

/// Waits for all requests; skips those without a transfer.
void wait_all(std::span<request> requests);

} // namespace nodespan
