#include "nodespan/request.hpp"

#include "host_name.hpp"
#include "mpi_check.hpp"
#include "mpi_turn.hpp"
#include "mpi_wait.hpp"
#include "nodespan/error.hpp"
#include "packed_patch.hpp"
#include "team_core.hpp"
#include "wait.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

namespace nodespan {

namespace detail {

MPI_Request* request_list::add(int node) {
    node_ = count_ == 0 || node_ == node ? node : -1;
    if (count_ < places) {
        first_[count_] = MPI_REQUEST_NULL;
        return &first_[count_++];
    }
    if (count_ == places) all_.assign(first_.begin(), first_.end());
    all_.push_back(MPI_REQUEST_NULL);
    ++count_;
    return &all_.back();
}

std::span<MPI_Request> request_list::all() noexcept {
    return {count_ <= places ? first_.data() : all_.data(), count_};
}

packed_patch& request_list::keep(index_t elements, std::size_t element_bytes) {
    copies_.reserve(copies_.size() + 1);
    copies_.push_back(new packed_patch(elements, element_bytes));
    return *copies_.back();
}

void request_list::clear() noexcept {
    for (packed_patch* const copy : copies_) {
        copy->write();
        delete copy;
    }
    copies_.clear();
    count_ = 0;
    all_.clear();
}

namespace {

struct given_up {}; // thrown to end a wait

void complain(const team_core& team, const watchdog& watch, const char* operation, int node) {
    watchdog::tell(fmt::format("{}: rank {} has waited {:.1f} s on host {} for {}", operation,
                               team.rank(), watch.seconds(), host_name(),
                               node < 0 ? "other nodes" : team.ends().text(node)));
}

} // namespace
} // namespace detail

request::request(const std::shared_ptr<detail::team_core>& team, const char* operation)
    : team_(team),
      operation_(operation),
      is_active_(true) {}

request::request(request&& other) noexcept
    : open_(std::exchange(other.open_, {})),
      team_(std::move(other.team_)),
      operation_(other.operation_),
      is_active_(std::exchange(other.is_active_, false)) {}

request& request::operator=(request&& other) { // NOLINT: see there
    if (this == &other) return *this;
    if (is_active_) wait();
    open_ = std::exchange(other.open_, {});
    team_ = std::move(other.team_);
    operation_ = other.operation_;
    is_active_ = std::exchange(other.is_active_, false);
    return *this;
}

// A team that has ended has waited for its transfers, or was leaked.
request::~request() {
    if (!is_active_ || !detail::mpi_is_alive()) return;
    try {
        finish(team_.lock().get());
    } catch (...) {
        // The program does not want the result any more.
    }
}

// Returns whether all transfers have ended; waits for them as long as some rank may end them. A
// rank that has left may still make progress in MPI, and it is not known whose part is missing: so
// the wait goes on for a while.
bool request::finish(detail::team_core* team) {
    using clock = std::chrono::steady_clock;
    constexpr auto grace = std::chrono::seconds(2);
    if (open_.all().empty()) return true;
    const detail::mpi_turn call; // also where the team has ended
    const detail::thread_rule::call mine(team != nullptr ? &team->threads() : nullptr, operation_);
    detail::watchdog watch;
    std::optional<clock::time_point> lost_since;
    const auto look = [&] {
        if (team != nullptr && watch.is_overdue())
            detail::complain(*team, watch, operation_, open_.node());
        if (team != nullptr && !team->is_anyone_lost()) return;
        if (!lost_since) lost_since = clock::now();
        if (clock::now() > *lost_since + grace) throw detail::given_up();
    };
    try {
        const auto patience = detail::pause::awake(team == nullptr || team->is_oversubscribed());
        detail::mpi_check(detail::wait_for(open_.all(), patience, look), "MPI_Testall");
    } catch (const detail::given_up&) {
        return false;
    }
    open_.clear();
    return true;
}

void request::require_valid(const char* operation) {
    if (!is_active_)
        throw error(errc::invalid_argument,
                    fmt::format("request::{}(): there is no transfer behind this request: it was "
                                "never started, has ended, or was moved away",
                                operation));
    if (!team_.expired()) return;
    is_active_ = false;
    throw error(errc::invalid_argument,
                fmt::format("request::{}(): the team of this {} has ended", operation, operation_));
}

void request::wait() {
    require_valid("wait");
    const std::shared_ptr<detail::team_core> team = team_.lock();
    const detail::thread_rule::call mine(
        open_.all().empty() ? nullptr : &team->threads(),
        "request::wait");                      // a refused call leaves the request as it is
    const bool has_ended = finish(team.get()); // if MPI failed, it may be waited for again
    is_active_ = false;
    if (!has_ended)
        throw error(errc::peer_lost,
                    fmt::format("request::wait(): a rank left by an exception, and this {} does "
                                "not end; its buffer has to stay as long as MPI goes on",
                                operation_));
}

bool request::test() {
    require_valid("test");
    const std::span<MPI_Request> open = open_.all();
    const std::shared_ptr<detail::team_core> team = team_.lock();
    const detail::thread_rule::call mine(open.empty() ? nullptr : &team->threads(),
                                         "request::test");
    int done = 1;
    if (!open.empty())
        detail::mpi_check(
            MPI_Testall(static_cast<int>(open.size()), open.data(), &done, MPI_STATUSES_IGNORE),
            "MPI_Testall");
    if (done == 0) return false;
    is_active_ = false;
    open_.clear();
    return true;
}

void wait_all(std::span<request> requests) {
    for (request& r : requests)
        if (r.valid()) r.wait();
}

} // namespace nodespan
