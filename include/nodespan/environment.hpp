#pragma once

namespace nodespan {

/// How much threading a program asks MPI for, as in MPI_Init_thread.
enum class thread_level { single, funneled, serialized, multiple };

/// Owns MPI's life, from initialisation to finalisation, in programs that leave it to nodespan.
///
/// If MPI is initialised already, this object does nothing, and its owner finalises it. Otherwise
/// MPI is told, before it starts, to keep one-sided communication between nodes available where
/// the system's configuration switches it off and the user has not chosen (Open MPI's `osc`).
/// When an exception unwinds past this object, the job is ended with a message and exit code 1,
/// since the other ranks would wait for this one for ever.
class environment {
public:
    /// Call:   every rank, once, before any other use of MPI by nodespan.
    /// Errors: errc::finalized after MPI_Finalize; MPI category.
    /// Source: MPI 3.1 section 8.7 (startup), 12.4.3 (initialisation with threads).
    environment(int& argc, char**& argv, thread_level wanted = thread_level::funneled);
    explicit environment(thread_level wanted = thread_level::funneled);
    ~environment();

    environment(const environment&) = delete;            // MPI starts once
    environment& operator=(const environment&) = delete; // MPI starts once

    /// What MPI granted, which can be less than what was asked for.
    thread_level granted() const noexcept { return granted_; }

    /// Whether this object initialised MPI and so will finalise it.
    bool owns_mpi() const noexcept { return owner_; }

private:
    void start(int* argc, char*** argv, thread_level wanted);

    bool owner_ = false;
    thread_level granted_ = thread_level::single;
    int exceptions_ = 0; // in flight when this object was made
};

} // namespace nodespan
