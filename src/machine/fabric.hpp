#pragma once

#include "mpi_variables.hpp"
#include "nodespan/machine_info.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace nodespan::detail {

/// What MPI of this process has loaded and is told to use for other nodes, and the host's network
/// cards. `library` is what the MPI library calls itself.
std::vector<machine_fact> look_at_fabric(const std::string& library, const mpi_variables& set);

/// The settings that matter with this MPI, as they are in force; those that are unset as well.
std::vector<machine_fact> look_at_settings(const std::string& library, const mpi_variables& set);

/// Cards that read memory by themselves, such as "mlx5_0 (InfiniBand, 100 Gb/sec, ACTIVE)", in a
/// folder that is laid out as /sys/class/infiniband.
std::vector<std::string> memory_cards(const std::filesystem::path& folder);

/// Network interfaces but the loopback, such as "eth0 (up, 10000 Mb/s)", in one such as
/// /sys/class/net.
std::vector<std::string> interfaces(const std::filesystem::path& folder);

/// Names of Open MPI's components of one kind in a list of loaded files, such as /proc/self/maps:
/// those of "btl" in ".../mca_btl_tcp.so" are "tcp". Open MPI 5 mostly has them in its library.
std::vector<std::string> loaded_components(const std::string& maps, const std::string& kind);

} // namespace nodespan::detail
