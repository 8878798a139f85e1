#pragma once

#include "wait.hpp"

#include <mpi.h>

#include <memory>
#include <span>
#include <utility>

namespace nodespan::detail {

/// The one place where the library waits for MPI to end what was started: it keeps MPI going, and
/// offers the core to others. Once spinning is over `slow` is called between tries; it notices lost
/// ranks and time that passes, and may throw to end the wait.
///
/// Returns MPI's code. Where that is no success, or `slow` has thrown, requests may be under way
/// still: memory that they use must then never be used again.
template <class Slow>
[[nodiscard]] int wait_for(std::span<MPI_Request> requests, pause p, Slow&& slow) {
    for (;; p.wait()) {
        int done = 0;
        const int code = MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done,
                                     MPI_STATUSES_IGNORE);
        if (code != MPI_SUCCESS || done != 0) return code;
        if (p.is_slow()) slow();
    }
}

/// Memory that MPI may be writing to, or reading: it is freed only after `mine_again`, and leaked
/// where it ends earlier.
template <class T>
class lent_memory {
public:
    lent_memory() : memory_(std::make_unique<T>()) {}
    explicit lent_memory(T&& value) : memory_(std::make_unique<T>(std::move(value))) {}
    ~lent_memory() {
        if (is_lent_) static_cast<void>(memory_.release());
    }
    lent_memory(const lent_memory&) = delete;            // MPI knows its address
    lent_memory& operator=(const lent_memory&) = delete; // MPI knows its address

    T* operator->() const noexcept { return memory_.get(); }
    T& operator*() const noexcept { return *memory_; }
    void lend() noexcept { is_lent_ = true; }
    void mine_again() noexcept { is_lent_ = false; }

private:
    std::unique_ptr<T> memory_;
    bool is_lent_ = false;
};

} // namespace nodespan::detail
