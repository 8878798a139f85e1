# How programs are started: sets NODESPAN_LAUNCHER (orte, prrte, hydra, srun, other) to what
# MPIEXEC_EXECUTABLE is, and makes the script `launch` in the build folder, which knows how each of
# them takes ranks, environment, binding, hosts and a time limit. Its name is in nodespan_launch.
include_guard()
include(nodespan_which_mpi)

execute_process(COMMAND ${MPIEXEC_EXECUTABLE} --version OUTPUT_VARIABLE nodespan_launcher_says
                ERROR_VARIABLE nodespan_launcher_says TIMEOUT 60)
if(nodespan_launcher_says MATCHES "Open MPI[) v]+[1-4][.]|OpenRTE[) v]+[1-4][.]")
  set(NODESPAN_LAUNCHER orte)
elseif(nodespan_launcher_says MATCHES "Open MPI|OpenRTE|PRRTE|prte")
  set(NODESPAN_LAUNCHER prrte)
elseif(nodespan_launcher_says MATCHES "HYDRA|Intel\\(R\\) MPI")
  set(NODESPAN_LAUNCHER hydra)
elseif(nodespan_launcher_says MATCHES "slurm")
  set(NODESPAN_LAUNCHER srun)
else()
  set(NODESPAN_LAUNCHER other)
endif()

# Ranks that another MPI's launcher starts are rank 0 of 1, each of them.
set(nodespan_launchers_of_openmpi-4 orte srun)
set(nodespan_launchers_of_openmpi-5 prrte srun)
set(nodespan_launchers_of_mpich hydra srun other)
if(DEFINED nodespan_launchers_of_${NODESPAN_MPI} AND NOT NODESPAN_LAUNCHER IN_LIST nodespan_launchers_of_${NODESPAN_MPI})
  message(FATAL_ERROR "${MPIEXEC_EXECUTABLE} (${NODESPAN_LAUNCHER}) is not the launcher of ${NODESPAN_MPI}, which MPI programs "
                      "here are built with: set MPIEXEC_EXECUTABLE to that one, such as /usr/bin/mpiexec.mpich")
endif()
message(STATUS "Launcher: ${NODESPAN_LAUNCHER} (${MPIEXEC_EXECUTABLE})")

set(nodespan_launch ${PROJECT_BINARY_DIR}/launch)
configure_file(${PROJECT_SOURCE_DIR}/cmake/launch.sh.in ${nodespan_launch} @ONLY
               FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
