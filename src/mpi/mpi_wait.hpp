#pragma once

#include "wait.hpp"

#include <mpi.h>

#include <memory>
#include <span>
#include <utility>

namespace nodespan::detail {

/// The only function in which the library waits for MPI to end what was started. It keeps MPI
/// going, and offers the core to other processes. Once spinning is over it calls `slow` between
/// tries; that notices lost ranks and the time, and may throw to end the wait.
///
/// Returns MPI's code. If that is not MPI_SUCCESS, or if `slow` has thrown, requests may still be
/// under way: the memory that they use must then never be used again.
template <class Slow>
[[nodiscard]] int wait_for(std::span<MPI_Request> requests, pause p, Slow&& slow) {
    p.before_first_try();
    for (;; p.wait()) {
        int done = 0;
        const int code = MPI_Testall(static_cast<int>(requests.size()), requests.data(), &done,
                                     MPI_STATUSES_IGNORE);
        if (code != MPI_SUCCESS || done != 0) return code;
        if (p.is_slow()) slow();
    }
}

/// Memory that MPI may be reading or writing. It is freed if mine_again() was called, and leaked
/// otherwise.
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
