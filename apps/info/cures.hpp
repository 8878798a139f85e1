#pragma once

/// What helps, in the words of docs/troubleshooting.md; a test keeps them the same.
namespace nodespan::info::cures {

inline constexpr const char* launcher =
    "start it by the launcher of the MPI that it was built with: ldd program tells which that is; "
    "with srun, srun --mpi=pmix";
inline constexpr const char* threads =
    "let a nodespan::environment start MPI, or ask MPI_Init_thread for MPI_THREAD_FUNNELED";
inline constexpr const char* binding =
    "give each rank a core of its own: mpirun --bind-to core, srun --cpu-bind=cores; or bind none: "
    "mpirun --bind-to none, and start it outside of taskset and of cpusets";
inline constexpr const char* oversubscribed =
    "fewer ranks; Open MPI: export OMPI_MCA_mpi_yield_when_idle=1";
inline constexpr const char* busy_cores =
    "see what else runs on these cores (uptime, top); mpirun --bind-to core, srun --exclusive";
inline constexpr const char* shared_memory =
    "docker run --shm-size=8g, mount -o remount,size=... /dev/shm, or "
    "OMPI_MCA_osc_sm_backing_directory "
    "with a folder in memory that has room; Open MPI 5: OMPI_MCA_btl_sm_backing_directory=/tmp";
inline constexpr const char* locked_memory =
    "ulimit -l unlimited where ranks are started (/etc/security/limits.conf, LimitMEMLOCK of the "
    "batch system's daemon)";
inline constexpr const char* kernel_copies =
    "sysctl kernel.yama.ptrace_scope=0, docker run --cap-add=SYS_PTRACE; or silence Open MPI 4: "
    "OMPI_MCA_btl_vader_single_copy_mechanism=none";
inline constexpr const char* shared_window =
    "another version of MPI: nodespan needs the shared windows of MPI 3";
inline constexpr const char* window =
    "Open MPI 4: OMPI_MCA_osc=^ucx,rdma, Open MPI 5: unset OMPI_MCA_osc; "
    "OMPI_MCA_osc_base_verbose=100 makes Open MPI say which components it tried";
inline constexpr const char* transfer = "another OMPI_MCA_osc (Open MPI 4: ^ucx,rdma), another "
                                        "UCX_TLS (MPICH), or another version of MPI";
inline constexpr const char* compare_and_swap =
    "OMPI_MCA_osc=^ucx,rdma in the environment before MPI_Init, or let a nodespan::environment "
    "start MPI";
inline constexpr const char* early_request =
    "nodespan's own get_async does not rely on it; a program's own MPI_Rget needs an "
    "MPI_Win_flush_local after its MPI_Wait";
inline constexpr const char* no_progress =
    "everyone.progress() now and then in what computes for long, or a thread for it: "
    "NODESPAN_PROGRESS_BY=serialized_thread with Open MPI 4, thread with others";
inline constexpr const char* network = "OMPI_MCA_btl_tcp_if_include=eth0 (Open MPI) or "
                                       "UCX_NET_DEVICES=eth0 (UCX), with the interface that "
                                       "the hosts share; a firewall may stand between them";

} // namespace nodespan::info::cures
