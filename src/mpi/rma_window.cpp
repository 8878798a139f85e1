#include "rma_window.hpp"

#include "agreement.hpp"
#include "contention.hpp"
#include "mpi_check.hpp"
#include "nodespan/error.hpp"
#include "osc_settings.hpp"
#include "wait.hpp"
#include "which_mpi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace nodespan::detail {
namespace {

constexpr std::size_t kept_at_most = 64 * 1024; // bytes of small puts that are kept
constexpr int offers_before_a_flush = 2; // to the ranks of a core, of which one has to answer

// In MPICH and libraries derived from it, a request of MPI_Rget with strided elements ends before
// the elements have arrived (4.0 to 4.2, every time). One of an MPI_Rget_accumulate that changes
// nothing does not.
bool may_end_too_early(const mpi_elements& from, const mpi_elements& origin) {
    return !is_built_with_open_mpi && (from.type != MPI_BYTE || origin.type != MPI_BYTE);
}

} // namespace

std::unique_ptr<rma_window> rma_window::make(const window_makers& all, MPI_Comm comm,
                                             const placement& ranks, const window_site& site,
                                             std::byte* data, std::size_t bytes,
                                             bool may_register) {
    all.agree(refuse_exposure(site, bytes, may_register));
    std::unique_ptr<rma_window> made;
    all.agree(attempt([&] {
        std::optional<blocking_watch> watch;
        if (all.me) watch.emplace("creation of a window", *all.me, "other ranks of the team");
        made.reset(new rma_window(comm, ranks, site, data, bytes));
        if (all.me) made->me_ = *all.me;
    }));
    return made;
}

rma_window::rma_window(MPI_Comm comm, const placement& ranks, const window_site& site,
                       std::byte* data, std::size_t bytes)
    : ranks_(ranks),
      shares_cores_(site.shares_cores),
      kept_(std::make_unique<std::byte[]>(kept_at_most)) {
    const int made = MPI_Win_create(site.is_leader ? data : nullptr,
                                    static_cast<MPI_Aint>(site.is_leader ? bytes : 0), 1,
                                    MPI_INFO_NULL, comm, &window_);
    if (made != MPI_SUCCESS) {
        int level = MPI_THREAD_SINGLE;
        mpi_check(MPI_Query_thread(&level), "MPI_Query_thread");
        const std::error_code cause(made, mpi_category());
        const std::string text = fmt::format("MPI_Win_create: {}", cause.message());
        if (cause == std::error_condition(MPI_ERR_WIN, mpi_category())) // no component serves it
            throw error(cause, fmt::format("{}; {}", text, rma_advice(level)));
        throw error(cause, fmt::format("{}; {}; rank {} says: {}", text, rma_advice(level),
                                       site.rank, state_of_limits(site)));
    }
    mpi_check(MPI_Win_set_errhandler(window_, MPI_ERRORS_RETURN), "MPI_Win_set_errhandler");
    mpi_check(MPI_Win_lock_all(MPI_MODE_NOCHECK, window_), "MPI_Win_lock_all");
}

// A window that was not freed is leaked, because MPI may still send from its buffer.
rma_window::~rma_window() {
    if (window_ != MPI_WIN_NULL) static_cast<void>(kept_.release());
}

void rma_window::free() noexcept {
    if (window_ == MPI_WIN_NULL) return;
    MPI_Win_unlock_all(window_); // a destructor cannot report an error
    MPI_Win_free(&window_);
}

// Open MPI's flushes can be told to leave the core to others, MPICH's keep it: also from a rank
// that is to answer, so it is offered before. Where somebody else computes on this core, a flush
// that finds no answer loses it for long, so this waits first.
void rma_window::offer_core() const noexcept {
    if (contention::is_likely()) return contention::nap();
    if (is_built_with_open_mpi || !shares_cores_) return;
    for (int i = 0; i < offers_before_a_flush; ++i) yield_core();
}

template <class Flush>
void rma_window::flushing(Flush&& flush, const char* call) {
    offer_core();
    const auto begin = contention::clock::now();
    check(flush(), call);
    contention::look(begin);
}

// While the error is thrown, memory that a transfer uses may end. So this waits first.
void rma_window::check(int code, const char* operation) {
    if (code != MPI_SUCCESS) settle();
    mpi_check(code, operation);
}

void rma_window::settle() noexcept {
    const blocking_watch watch("transfer (MPI_Win_flush_local_all)", me_, started_.all());
    MPI_Win_flush_local_all(window_); // there is already an error to report
    started_node_ = nobody;
}

void rma_window::few_nodes::add(int node) noexcept {
    const std::span<const int> known = all();
    if (count < nodes.size() && std::find(known.begin(), known.end(), node) == known.end())
        nodes[count++] = node;
}

void rma_window::hull::add(std::size_t from, std::size_t to) {
    begin = std::min(begin, from);
    end = std::max(end, to);
}

void rma_window::started(int node, const MPI_Request* request) {
    if (started_node_ == nobody) started_.count = 0;
    started_.add(node);
    const bool is_first = started_node_ == nobody || started_node_ == node;
    started_node_ = is_first && request == nullptr ? node : several;
}

// The record of what a node was sent; the caller adds to it. The node counts as pending from now
// on.
rma_window::sent& rma_window::to(int node) {
    if (sent* const known = sent_.find(node)) return *known;
    pending_nodes_.push_back(node);
    return sent_[node];
}

void rma_window::flush_if(bool conflict, int node) {
    if (conflict) flush(node);
}

// Called before a transfer that must see all earlier changes there.
void rma_window::flush_changes_of(int node, std::size_t offset, std::size_t bytes) {
    const sent* const s = sent_.find(node);
    flush_if(s != nullptr && s->answered.meets(offset, offset + bytes), node);
    flush_sent_to(node, offset, bytes);
}

// The same before an atomic operation, which comes after those that were answered. It may overtake
// other accumulates: MPI promises their order, but in Open MPI's osc/pt2pt an operation may pass
// those that wait for its lock.
void rma_window::flush_sent_to(int node, std::size_t offset, std::size_t bytes) {
    const sent* const s = sent_.find(node);
    flush_if(s != nullptr && (s->put.meets(offset, offset + bytes) ||
                              s->accumulated.meets(offset, offset + bytes)),
             node);
}

// Flushes one target. Transfers to other targets stay under way, but all have left, see
// complete_local.
void rma_window::flush(int node) {
    if (started_node_ != node) complete_local();
    const blocking_watch watch("transfer (MPI_Win_flush)", me_, {&node, 1});
    flushing([&] { return MPI_Win_flush(target(node), window_); }, "MPI_Win_flush");
    sent_.erase(node);
    const auto at =
        std::find(pending_nodes_.rbegin(), pending_nodes_.rend(), node); // mostly the last one
    if (at != pending_nodes_.rend()) pending_nodes_.erase(std::next(at).base());
    started_node_ = nobody;
}

std::byte* rma_window::keep(std::size_t bytes) {
    if (kept_bytes_ + bytes > kept_at_most) complete_local();
    if (started_node_ == nobody) kept_bytes_ = 0;
    std::byte* const begin = kept_.get() + kept_bytes_;
    kept_bytes_ += bytes;
    return begin;
}

void rma_window::get(int node, std::size_t offset, std::size_t bytes, const mpi_elements& from,
                     void* memory, const mpi_elements& origin, MPI_Request* request) {
    flush_changes_of(node, offset, bytes);
    const auto at = static_cast<MPI_Aint>(offset);
    started(node, request);
    if (request != nullptr && may_end_too_early(from, origin)) {
        check(MPI_Rget_accumulate(nullptr, 0, MPI_BYTE, memory, origin.count, origin.type,
                                  target(node), at, from.count, from.type, MPI_NO_OP, window_,
                                  request),
              "MPI_Rget_accumulate");
        return;
    }
    if (request != nullptr) {
        check(MPI_Rget(memory, origin.count, origin.type, target(node), at, from.count, from.type,
                       window_, request),
              "MPI_Rget");
        return;
    }
    check(MPI_Get(memory, origin.count, origin.type, target(node), at, from.count, from.type,
                  window_),
          "MPI_Get");
}

void rma_window::put(int node, std::size_t offset, std::size_t bytes, const mpi_elements& into,
                     const void* memory, const mpi_elements& origin, MPI_Request* request) {
    flush_changes_of(node, offset, bytes);
    const auto at = static_cast<MPI_Aint>(offset);
    to(node).put.add(offset, offset + bytes);
    started(node, request);
    if (request != nullptr) {
        check(MPI_Rput(memory, origin.count, origin.type, target(node), at, into.count, into.type,
                       window_, request),
              "MPI_Rput");
        return;
    }
    check(MPI_Put(memory, origin.count, origin.type, target(node), at, into.count, into.type,
                  window_),
          "MPI_Put");
}

void rma_window::accumulate(int node, std::size_t offset, std::size_t bytes,
                            const mpi_elements& into, const void* memory,
                            const mpi_elements& origin, MPI_Op op) {
    const sent* const earlier = sent_.find(node);
    const bool commutes = earlier != nullptr && op == earlier->op && op != MPI_REPLACE;
    flush_if(earlier != nullptr &&
                 (earlier->put.meets(offset, offset + bytes) ||
                  (!commutes && earlier->accumulated.meets(offset, offset + bytes))),
             node);
    sent& s = to(node);
    s.op = s.op == MPI_OP_NULL || s.op == op ? op : MPI_REPLACE; // mixed: none commutes
    s.accumulated.add(offset, offset + bytes);
    started(node, nullptr);
    check(MPI_Accumulate(memory, origin.count, origin.type, target(node),
                         static_cast<MPI_Aint>(offset), into.count, into.type, op, window_),
          "MPI_Accumulate");
}

void rma_window::start_fetch_and_op(int node, std::size_t offset, std::size_t bytes,
                                    MPI_Datatype type, const void* value, void* before, MPI_Op op) {
    flush_sent_to(node, offset, bytes);
    started(node, nullptr);
    check(MPI_Fetch_and_op(value, before, type, target(node), static_cast<MPI_Aint>(offset), op,
                           window_),
          "MPI_Fetch_and_op");
}

void rma_window::fetch_and_op(int node, std::size_t offset, std::size_t bytes, MPI_Datatype type,
                              const void* value, void* before, MPI_Op op) {
    start_fetch_and_op(node, offset, bytes, type, value, before, op);
    complete_local(node);
}

void rma_window::compare_and_swap(int node, std::size_t offset, std::size_t bytes,
                                  MPI_Datatype type, const void* expected, const void* desired,
                                  void* before) {
    flush_sent_to(node, offset, bytes);
    check(MPI_Compare_and_swap(desired, expected, before, type, target(node),
                               static_cast<MPI_Aint>(offset), window_),
          "MPI_Compare_and_swap");
    complete_local(node);
}

// Open MPI's osc/pt2pt answers first, and makes the change after the answer has left.
void rma_window::answered(int node, std::size_t offset, std::size_t bytes) {
    to(node).answered.add(offset, offset + bytes);
}

void rma_window::read_words(int node, std::size_t offset, std::uint64_t* words, int count) {
    check(MPI_Get_accumulate(nullptr, 0, MPI_UINT64_T, words, count, MPI_UINT64_T, target(node),
                             static_cast<MPI_Aint>(offset), count, MPI_UINT64_T, MPI_NO_OP,
                             window_),
          "MPI_Get_accumulate");
    complete_local(node);
}

// Open MPI's osc/pt2pt collects small messages by target. This call would also wait for those to
// other targets, but does not send them: so with more than one target, all must be named.
void rma_window::complete_local(int node) {
    if (node != several && (started_node_ == nobody || started_node_ == node)) {
        const blocking_watch watch("transfer (MPI_Win_flush_local)", me_, {&node, 1});
        flushing([&] { return MPI_Win_flush_local(target(node), window_); }, "MPI_Win_flush_local");
    } else {
        const blocking_watch watch("transfer (MPI_Win_flush_local_all)", me_, started_.all());
        flushing([&] { return MPI_Win_flush_local_all(window_); }, "MPI_Win_flush_local_all");
    }
    started_node_ = nobody;
}

void rma_window::complete_local() {
    if (started_node_ != nobody) complete_local(started_node_);
}

void rma_window::flush() {
    while (!pending_nodes_.empty()) flush(pending_nodes_.back());
}

} // namespace nodespan::detail
