#pragma once

#include "nodespan/detail/export.hpp"

namespace NODESPAN_EXPORT nodespan {

/// The level of thread support that a program asks of MPI, as in MPI_Init_thread.
enum class thread_level { single, funneled, serialized, multiple };

/// Owns MPI's life, from initialisation to finalisation, in programs that leave it to nodespan.
///
/// If MPI is already initialised, this object does nothing, and the program that initialised MPI
/// finalises it. Otherwise it makes sure that MPI has one-sided communication between nodes. If
/// only the file of the system's Open MPI switches off the component that works over any network
/// (Debian and Ubuntu: `osc = ^ucx,pt2pt`), it first puts OMPI_MCA_osc=^ucx,rdma into the
/// environment of this process. In all other cases Open MPI keeps its own choice: if OMPI_MCA_osc
/// is set (by hand or by mpirun --mca osc), if the user's file ~/.openmpi/mca-params.conf sets it,
/// if the system's file does not switch that component off, or if MPI_THREAD_MULTIPLE is wanted,
/// which the component refuses. So to override, set OMPI_MCA_osc before the program starts.
/// nodespan-info shows which setting is in force and who chose it.
///
/// With NODESPAN_PROGRESS_BY=thread or serialized_thread in the environment it asks MPI for the
/// thread level that this needs, if the program wants less.
///
/// If an exception unwinds past this object, it ends the job with a message and exit code 1, since
/// the other ranks would wait for this one for ever.
class environment {
public:
    /// Call:   every rank, once, before any other use of MPI by nodespan.
    /// Errors: errc::finalized after MPI_Finalize; MPI category.
    /// Source: MPI 3.1 section 8.7 (startup), 12.4.3 (initialisation with threads).
    [[nodiscard]] environment(int& argc, char**& argv,
                              thread_level wanted = thread_level::funneled);
    [[nodiscard]] explicit environment(thread_level wanted = thread_level::funneled);
    ~environment();

    environment(const environment&) = delete;            // MPI starts once
    environment& operator=(const environment&) = delete; // MPI starts once

    /// The choice of above, for programs whose MPI another library starts later: call it before.
    /// Does nothing once MPI is initialised.
    /// Call:   any process alone.
    /// Cost:   reads two small files.
    static void prepare(thread_level wanted = thread_level::funneled);

    /// The level that MPI granted, which can be lower than what was asked for.
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
