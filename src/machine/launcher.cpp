#include "launcher.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

namespace nodespan::detail {
namespace {

class reader {
public:
    explicit reader(const variables& all) : all_(all) {}

    std::string operator[](const char* name) const {
        const auto at = all_.find(name);
        return at == all_.end() ? "" : at->second;
    }
    bool has(const char* name) const { return all_.contains(name); }
    int number(const char* name) const { return std::atoi((*this)[name].c_str()); }

private:
    const variables& all_;
};

// srun says which of its plug-ins serves MPI; what that cannot use sees one rank.
std::string name_of_srun(const reader& read) {
    const bool has_pmix = read["PMIX_NAMESPACE"].starts_with("slurm.");
    const std::string plugin = has_pmix               ? "pmix"
                               : read.has("PMI_FD")   ? "pmi2"
                               : read.has("PMI_RANK") ? "pmi1"
                                                      : "none";
    return fmt::format("srun of Slurm, --mpi={}", plugin);
}

} // namespace

variables first_environment() {
    variables result;
    std::ifstream file("/proc/self/environ");
    for (std::string entry; std::getline(file, entry, '\0');) {
        const auto sign = entry.find('=');
        if (sign != std::string::npos)
            result.emplace(entry.substr(0, sign), entry.substr(sign + 1));
    }
    return result;
}

// Open MPI's own launchers first: inside of a Slurm job theirs stands beside Slurm's variables.
launcher find_launcher(const variables& environment) {
    const reader read(environment);
    if (read.has("PRTE_LAUNCHED") || read["PMIX_NAMESPACE"].starts_with("prte"))
        return {"mpirun of Open MPI 5 (PRRTE)", read.number("OMPI_COMM_WORLD_SIZE")};
    if (read.has("OMPI_MCA_orte_ess_num_procs"))
        return {"mpirun of Open MPI 4 (ORTE)", read.number("OMPI_COMM_WORLD_SIZE")};
    if (read.has("PALS_RANKID")) return {"mpiexec of Cray (PALS)", read.number("PMI_SIZE")};
    if (read.has("SLURM_STEP_ID") && read.has("SLURM_PROCID") && !read.has("HYDI_CONTROL_FD"))
        return {name_of_srun(read), read.number("SLURM_STEP_NUM_TASKS")};
    if (read.has("PMI_RANK") || read.has("HYDI_CONTROL_FD"))
        return {read.has("I_MPI_MPIRUN") ? "mpirun of Intel MPI (hydra)"
                                         : "mpiexec of MPICH (hydra)",
                read.number("PMI_SIZE")};
    if (read.has("PMIX_NAMESPACE")) return {"a launcher that speaks PMIx", 0};
    return {"none: one process alone", 0};
}

} // namespace nodespan::detail
