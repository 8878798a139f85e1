#include "fabric.hpp"
#include "launcher.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

namespace nodespan::detail {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

std::string name_of(const variables& environment) {
    return find_launcher(environment).name;
}

TEST(Launcher, IsToldByWhatItLeavesInTheEnvironment) {
    EXPECT_EQ(name_of({{"OMPI_MCA_orte_ess_num_procs", "2"}}), "mpirun of Open MPI 4 (ORTE)");
    EXPECT_EQ(name_of({{"PMIX_NAMESPACE", "prterun-h-7@1"}}), "mpirun of Open MPI 5 (PRRTE)");
    EXPECT_EQ(name_of({{"PMI_RANK", "0"}, {"PMI_FD", "7"}}), "mpiexec of MPICH (hydra)");
    EXPECT_EQ(name_of({{"PALS_RANKID", "0"}, {"PMI_RANK", "0"}}), "mpiexec of Cray (PALS)");
    EXPECT_EQ(name_of({{"HOME", "/root"}}), "none: one process alone");
}

TEST(Launcher, OfSlurmIsToldWithThePluginThatServesMpi) {
    const variables step{{"SLURM_STEP_ID", "0"}, {"SLURM_PROCID", "0"}};
    const auto with = [&](const char* name, const char* value) {
        variables all = step;
        all.emplace(name, value);
        return name_of(all);
    };

    EXPECT_EQ(name_of(step), "srun of Slurm, --mpi=none");
    EXPECT_EQ(with("PMIX_NAMESPACE", "slurm.pmix.7.0"), "srun of Slurm, --mpi=pmix");
    EXPECT_EQ(with("PMI_FD", "8"), "srun of Slurm, --mpi=pmi2");
    EXPECT_EQ(with("OMPI_MCA_orte_ess_num_procs", "2"), "mpirun of Open MPI 4 (ORTE)");
}

TEST(Launcher, SaysHowManyRanksItStarted) {
    const launcher found =
        find_launcher({{"OMPI_MCA_orte_ess_num_procs", "4"}, {"OMPI_COMM_WORLD_SIZE", "4"}});

    EXPECT_EQ(found.ranks, 4);
    EXPECT_EQ(find_launcher({}).ranks, 0);
}

TEST(Fabric, NamesTheComponentsThatAreLoaded) {
    const std::string maps = "7f00-7f01 r-xp 08:01 77 /usr/lib/openmpi3/mca_btl_tcp.so\n"
                             "7f01-7f02 r--p 08:01 77 /usr/lib/openmpi3/mca_btl_tcp.so\n"
                             "7f02-7f03 r-xp 08:01 78 /usr/lib/openmpi3/mca_btl_self.so\n"
                             "7f03-7f04 r-xp 08:01 79 /usr/lib/openmpi3/mca_pml_ob1.so\n";

    EXPECT_THAT(loaded_components(maps, "btl"), ElementsAre("self", "tcp"));
    EXPECT_THAT(loaded_components(maps, "pml"), ElementsAre("ob1"));
    EXPECT_THAT(loaded_components(maps, "mtl"), ElementsAre());
}

TEST(Fabric, NamesNetworkCardsAndWhatTheyAreLike) {
    const fs::path folder = fs::path(testing::TempDir()) / "nodespan-fabric";
    const auto write = [&](const char* name, const char* text) {
        fs::create_directories((folder / name).parent_path());
        std::ofstream(folder / name) << text << '\n';
    };
    write("cards/mlx5_0/ports/1/link_layer", "InfiniBand");
    write("cards/mlx5_0/ports/1/rate", "100 Gb/sec (4X EDR)");
    write("cards/mlx5_0/ports/1/state", "4: ACTIVE");
    write("net/eth0/operstate", "up");
    write("net/eth0/speed", "10000");
    write("net/eth1/operstate", "down");
    write("net/lo/operstate", "unknown");

    EXPECT_THAT(memory_cards(folder / "cards"),
                ElementsAre("mlx5_0 (InfiniBand, 100 Gb/sec (4X EDR), 4: ACTIVE)"));
    EXPECT_THAT(interfaces(folder / "net"), ElementsAre("eth0 (10000 Mb/s)"));
    EXPECT_THAT(memory_cards(folder / "none"), ElementsAre());
    fs::remove_all(folder);
}

} // namespace
} // namespace nodespan::detail
