#include "mpi_life.hpp"

#include "mpi_check.hpp"
#include "process_watch.hpp"
#include "progress_thread.hpp"

#include <mpi.h>

#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

namespace nodespan::detail {
namespace {

constinit std::mutex debts_in_use;
constinit std::atomic<bool> is_in_debt{false};
constinit std::vector<std::function<void()>> debts;

bool is_finalized() noexcept {
    int finalized = 0;
    MPI_Finalized(&finalized); // allowed at any time, and cannot fail
    return finalized != 0;
}

// MPI still works when this is called.
int on_end_of_self(MPI_Comm, int, void*, void*) {
    note_ending();
    progress_thread::end();
    pay_debts();
    return MPI_SUCCESS;
}

// An attribute of MPI_COMM_SELF, which MPI_Finalize deletes first. The library may be unloaded
// before that; then this function must not be called any more.
class end_of_self {
public:
    end_of_self() noexcept {
        // If this fails, only calls that ask MPI itself notice the end of MPI.
        if (MPI_Comm_create_keyval(MPI_COMM_NULL_COPY_FN, on_end_of_self, &key_, nullptr) ==
            MPI_SUCCESS)
            MPI_Comm_set_attr(MPI_COMM_SELF, key_, nullptr);
    }
    ~end_of_self() {
        if (key_ == MPI_KEYVAL_INVALID || !mpi_is_alive()) return;
        MPI_Comm_delete_attr(MPI_COMM_SELF, key_);
        MPI_Comm_free_keyval(&key_);
    }
    end_of_self(const end_of_self&) = delete;            // MPI ends once
    end_of_self& operator=(const end_of_self&) = delete; // MPI ends once

private:
    int key_ = MPI_KEYVAL_INVALID;
};

} // namespace

void watch_mpi() noexcept {
    watch_process(is_finalized);
    static const end_of_self once;
}

void owe(std::function<void()> notice) noexcept try {
    const std::scoped_lock one_at_a_time(debts_in_use);
    debts.push_back(std::move(notice));
    is_in_debt = true;
} catch (...) {
    // No memory to remember it: the others wait, and the watchdog says for whom.
}

bool has_debts() noexcept {
    return is_in_debt.load(std::memory_order_relaxed);
}

void pay_debts() noexcept {
    if (!has_debts()) return;
    std::vector<std::function<void()>> due;
    {
        const std::scoped_lock one_at_a_time(debts_in_use);
        due.swap(debts);
        is_in_debt = false;
    }
    for (const auto& notice : due) notice();
}

} // namespace nodespan::detail
