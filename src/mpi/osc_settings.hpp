#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace nodespan::detail {

/// What sets the components that Open MPI may use for one-sided communication (its parameter
/// `osc`).
enum class rma_source { unset, variable, user_file, system_file };

/// A value of `osc` and where it was set.
struct osc_setting {
    std::string value; ///< A list such as ^ucx,pt2pt; empty: every component is allowed.
    rma_source source = rma_source::unset;
    std::string origin; ///< The variable or file, as people would name it.
};

/// Where Open MPI looks for `osc`, the strongest first.
struct osc_files {
    std::optional<std::string> variable;
    std::vector<std::filesystem::path> user_files; ///< An earlier one beats a later one.
    std::filesystem::path system_file;
};

/// The files of this process, for the MPI library that has this version text. There are none if
/// the library is not Open MPI, so that another MPI is not judged by files that it never reads. The
/// system file is left out if it is unknown: /etc/openmpi belongs only to Debian's and Ubuntu's
/// Open MPI, and may lie beside a cluster's own.
osc_files osc_files_of(const std::string& library);

/// What Open MPI would read there at MPI_Init.
osc_setting find_rma_setting(const osc_files& files);

/// Whether the list lets Open MPI use the component: "^a,b" all but these, "a,b" only these.
bool allows_component(const std::string& value, const std::string& component);

/// Whether the library has osc/pt2pt, which works over any network: Open MPI before 5.
bool has_pt2pt(const std::string& library);

/// The list that nodespan sets before MPI starts; the list in force if none need be set.
///
/// If only the system's file switches osc/pt2pt off, as Debian's does, this list allows pt2pt again
/// and switches rdma off instead. No network that rdma could use is configured there, so rdma would
/// serve only ranks of one host; there it moves strided patches 5 to 50 times slower than pt2pt,
/// and crashes in a compare-and-swap on the own rank (Open MPI 4.1). A better component, such as
/// ucx, still takes precedence if the file allows it. A file that names the components to use
/// ("sm,ucx") is an administrator's choice for that network and is kept; so is everything that
/// users choose.
std::string setting_for_nodes(const osc_setting& setting);

/// Sets this list for this process, before MPI_Init, by the variable OMPI_MCA_osc. Changes nothing
/// for MPI_THREAD_MULTIPLE, which pt2pt refuses: without rdma no component would be left.
void choose_rma_setting(int thread_level);

enum class rma_chooser { library, user, system, nodespan };

/// The setting in force and who chose it.
struct osc_choice {
    osc_setting setting;
    rma_chooser chosen_by = rma_chooser::library;
};

/// `marker` is the note that nodespan made of its own choice, if any.
osc_choice choice_of(osc_setting setting, const std::optional<std::string>& marker);

/// The same for this process, whoever started MPI. Reads files.
osc_choice rma_choice_in_force();

/// Such as "nodespan" or "you (OMPI_MCA_osc)".
std::string who_chose(const osc_choice& choice);

/// Whether windows of this process may be those of Open MPI 4's osc/rdma, which crashes in an
/// 8-byte compare-and-swap on the own memory. Open MPI 5's does not.
bool may_crash_in_compare_and_swap(const std::string& library, const osc_setting& setting);
bool may_crash_in_compare_and_swap(); ///< The same for this process. Reads files.

/// Whether the component that serves windows between nodes may register their memory with a network
/// card, which then keeps the pages. False only for an Open MPI in which osc/pt2pt alone is left,
/// which sends messages: unknown components are assumed to register memory.
bool may_register_memory(const std::string& library, const osc_setting& setting);
bool may_register_memory(); ///< The same for this process. Reads files.

/// The folder in which MPI will put the files of shared windows: /dev/shm, unless Open MPI is told
/// otherwise.
std::string window_directory();

/// Why a window over several nodes cannot be made, and the cure: one or two sentences for a
/// message, without the last full stop. The cure is osc/pt2pt if the library has it, otherwise, in
/// Open MPI 5, osc/rdma.
std::string rma_advice(const osc_setting& setting, int thread_level, bool has_pt2pt = true);
std::string rma_advice(int thread_level); ///< The same for this process.

} // namespace nodespan::detail
