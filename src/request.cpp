#include "nodespan/request.hpp"

#include "mpi_check.hpp"
#include "mpi_wait.hpp"
#include "nodespan/error.hpp"
#include "team_core.hpp"

#include <fmt/format.h>

#include <exception>
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

void request_list::clear() noexcept {
    count_ = 0;
    all_.clear();
}

namespace {

// A lost rank is no reason to give up: what is under way touches the program's memory.
void finish_transfers(team_core& team, std::span<MPI_Request> open, const char* operation,
                      int node) {
    watchdog watch;
    const int code = wait_for(open, pause::awake(team.is_crowded()), [&] {
        if (!watch.is_overdue()) return;
        watchdog::tell(fmt::format("{}: rank {} has waited {:.1f} s on host {} for {}", operation,
                                   team.rank(), watch.seconds(), host_name(),
                                   node < 0 ? "other nodes" : team.ends().text(node)));
    });
    mpi_check(code, "MPI_Testall");
}

} // namespace
} // namespace detail

request::request(const std::shared_ptr<detail::team_core>& team, const char* operation)
    : team_(team),
      operation_(operation),
      is_active_(true),
      exceptions_(std::uncaught_exceptions()) {}

request::request(request&& other) noexcept
    : open_(std::exchange(other.open_, {})),
      team_(std::move(other.team_)),
      operation_(other.operation_),
      is_active_(std::exchange(other.is_active_, false)),
      exceptions_(other.exceptions_) {}

request& request::operator=(request&& other) { // NOLINT: see there
    if (this == &other) return *this;
    if (is_active_) wait();
    open_ = std::exchange(other.open_, {});
    team_ = std::move(other.team_);
    operation_ = other.operation_;
    is_active_ = std::exchange(other.is_active_, false);
    exceptions_ = other.exceptions_;
    return *this;
}

// While an exception unwinds nobody may be there to answer: the requests are leaked.
request::~request() {
    if (!is_active_ || !detail::mpi_is_alive() || std::uncaught_exceptions() > exceptions_) return;
    try {
        wait();
    } catch (...) {
        // The program has let go of the result.
    }
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
    const std::span<MPI_Request> open = open_.all();
    const std::shared_ptr<detail::team_core> team = team_.lock();
    const detail::thread_rule::call mine(open.empty() ? nullptr : &team->threads(),
                                         "request::wait");
    is_active_ = false;
    if (!open.empty()) detail::finish_transfers(*team, open, operation_, open_.node());
    open_.clear();
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
