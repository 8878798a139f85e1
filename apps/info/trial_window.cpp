#include "messages.hpp"
#include "window_probes.hpp"

namespace nodespan::info {

using app::check_mpi;

trial_window::trial_window(MPI_Comm comm) : exposed_(words), own_(words) {
    int code = MPI_Win_create(exposed_.data(), static_cast<MPI_Aint>(words * sizeof(std::uint64_t)),
                              1, MPI_INFO_NULL, comm, &window_);
    if (code == MPI_SUCCESS) code = MPI_Win_set_errhandler(window_, MPI_ERRORS_RETURN);
    if (code == MPI_SUCCESS) code = MPI_Win_lock_all(MPI_MODE_NOCHECK, window_);
    int worst = 0;
    const int mine = code == MPI_SUCCESS ? 0 : 1;
    check_mpi(MPI_Allreduce(&mine, &worst, 1, MPI_INT, MPI_MAX, comm), "MPI_Allreduce");
    if (worst == 0) return;
    failure_ = "MPI_Win_create failed";
    if (mine != 0) failure_ += ": " + std::error_code(code, mpi_category()).message();
}

// One that failed on some ranks is MPI's to keep, its memory with it.
trial_window::~trial_window() {
    if (is_there()) {
        MPI_Win_unlock_all(window_);
        MPI_Win_free(&window_);
    } else {
        static_cast<void>(new std::vector<std::uint64_t>(std::move(exposed_)));
    }
}

void trial_window::sync() const {
    check_mpi(MPI_Win_sync(window_), "MPI_Win_sync");
}

void trial_window::flush(int rank) const {
    check_mpi(MPI_Win_flush(rank, window_), "MPI_Win_flush");
}

std::uint64_t word_of(int rank, int k) {
    return (static_cast<std::uint64_t>(rank) + 1) * 0x9e3779b97f4a7c15u +
           static_cast<std::uint64_t>(k);
}

} // namespace nodespan::info
