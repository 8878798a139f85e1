# find_package(nodespan [version] [COMPONENTS hdf5 boost_mpi python race_checker]). What follows is written for these policies, whatever
# its host's cmake_minimum_required says; the host keeps its own.
cmake_policy(PUSH)
cmake_policy(VERSION 3.22)
include(${CMAKE_CURRENT_LIST_DIR}/nodespan_components.cmake)
cmake_policy(POP)
