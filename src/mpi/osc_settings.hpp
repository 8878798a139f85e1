#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace nodespan::detail {

/// Who says which components Open MPI may use for one-sided communication (its parameter `osc`).
enum class rma_source { unset, variable, user_file, system_file };

/// A value of `osc` and where it was set.
struct osc_setting {
    std::string value; ///< A list such as ^ucx,pt2pt; empty: every component is allowed.
    rma_source source = rma_source::unset;
    std::string place; ///< The variable or file, as people would name it.
};

/// Where Open MPI looks for `osc`, the strongest first.
struct osc_files {
    std::optional<std::string> variable;
    std::vector<std::filesystem::path> user_files; ///< An earlier one beats a later one.
    std::filesystem::path system_file;
};

/// The places of this process, for the MPI library that calls itself `library`. Nothing at all
/// where that is not Open MPI, so that another MPI is not judged by files that it never reads.
/// No system file where it is unknown: /etc/openmpi belongs to Debian's and Ubuntu's Open MPI only,
/// and may lie beside a cluster's own.
osc_files osc_files_of(const std::string& library);

/// What Open MPI would read there at MPI_Init.
osc_setting find_rma_setting(const osc_files& places);

/// Whether the list lets Open MPI use the component: "^a,b" all but these, "a,b" only these.
bool allows_component(const std::string& value, const std::string& component);

/// Whether the library has osc/pt2pt, which works over any network: Open MPI before 5.
bool has_pt2pt(const std::string& library);

/// The list that nodespan sets before MPI starts; where that is not needed, the one in force.
///
/// Where the system's file alone switches osc/pt2pt off, as Debian's does, pt2pt is allowed again
/// and rdma switched off instead: no network that rdma could use is configured there, so that what
/// it would serve is ranks of one host, where it moves strided patches 5 to 50 times slower than
/// pt2pt and crashes in a compare-and-swap on one's own rank (Open MPI 4.1). A better component,
/// such as ucx, still wins where the file allows it. A file that names what may be used ("sm,ucx")
/// is an administrator's choice for that network, and stays; so does everything users choose.
std::string setting_for_nodes(const osc_setting& setting);

/// Does that for this process, before MPI_Init, by the variable OMPI_MCA_osc. Nothing is changed
/// for MPI_THREAD_MULTIPLE, which pt2pt refuses: without rdma there would be no component left.
void choose_rma_setting(int thread_level);

enum class rma_chooser { library, user, system, nodespan };

/// The setting in force and who chose it.
struct osc_choice {
    osc_setting setting;
    rma_chooser chosen_by = rma_chooser::library;
};

/// `marker` is what nodespan has noted of its own choice, if any.
osc_choice choice_of(osc_setting setting, const std::optional<std::string>& marker);

/// The same for this process, whoever started MPI. Reads files.
osc_choice rma_choice_in_force();

/// Such as "nodespan" or "you (OMPI_MCA_osc)".
std::string who_chose(const osc_choice& choice);

/// Whether windows of this process could be those of Open MPI 4's osc/rdma, which crashes in an
/// 8-byte compare-and-swap on one's own memory. Open MPI 5's does not.
bool may_crash_in_compare_and_swap(const std::string& library, const osc_setting& setting);
bool may_crash_in_compare_and_swap(); ///< The same for this process. Reads files.

/// Whether what serves windows between nodes may register their memory with a network card, which
/// then keeps its pages. False only for Open MPI that is left with osc/pt2pt, which sends messages:
/// what is not known is taken for a component that registers.
bool may_register_memory(const std::string& library, const osc_setting& setting);
bool may_register_memory(); ///< The same for this process. Reads files.

/// The folder in which MPI will put the files behind shared windows: /dev/shm, unless Open MPI is
/// told another.
std::string window_directory();

/// Why a window over several nodes cannot be made, and the cure: a sentence or two, without the
/// last full stop, to stand in a message. The cure is osc/pt2pt where the library has it, else, in
/// Open MPI 5, osc/rdma.
std::string rma_advice(const osc_setting& setting, int thread_level, bool has_pt2pt = true);
std::string rma_advice(int thread_level); ///< The same for this process.

} // namespace nodespan::detail
