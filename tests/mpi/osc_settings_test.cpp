// What Open MPI would read before MPI_Init is checked with files made here; no MPI is started.

#include "osc_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using namespace nodespan::detail;
using testing::HasSubstr;
using testing::Not;

const std::string debian = "Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4";
const std::string own_build = "Open MPI v4.1.6, package: Open MPI root@c1 Distribution";
const std::string open_mpi_5 = "Open MPI v5.0.7, package: Debian OpenMPI, ident: 5.0.7";
const std::string mpich = "MPICH Version:      4.0.2";

// A folder with files, and an environment of its own; both end with the test.
class RmaSettings : public testing::Test {
protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("nodespan_rma_" + std::to_string(getpid()));
        fs::create_directories(folder_ / "home/.openmpi");
        for (const char* name : {"OMPI_MCA_osc", "OMPI_MCA_mca_base_param_files", "OPAL_SYSCONFDIR",
                                 "OPAL_PREFIX", "NODESPAN_RMA_CHOICE", "HOME"}) {
            const char* const value = std::getenv(name);
            before_[name] = value == nullptr ? std::nullopt : std::optional<std::string>(value);
            unsetenv(name);
        }
        set("HOME", (folder_ / "home").string());
    }

    void TearDown() override {
        for (const auto& [name, value] : before_)
            value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
        fs::remove_all(folder_);
    }

    static void set(const char* name, const std::string& value) { setenv(name, value.c_str(), 1); }

    static std::string variable(const char* name) {
        const char* const value = std::getenv(name);
        return value == nullptr ? "(unset)" : value;
    }

    fs::path write(const std::string& name, const std::string& text) const {
        std::ofstream(folder_ / name) << text;
        return folder_ / name;
    }

    // What is read from a system file that holds this.
    std::string read(const std::string& text) const {
        return find_rma_setting({{}, {}, write("system.conf", text)}).value;
    }

    fs::path folder_;
    std::map<std::string, std::optional<std::string>> before_;
};

TEST_F(RmaSettings, TheVariableBeatsTheUsersFileBeatsTheSystems) {
    const fs::path user = write("user.conf", "osc = ^ucx\n");
    const fs::path system = write("system.conf", "osc = ^ucx,pt2pt\n");

    const osc_setting by_variable = find_rma_setting({"sm,pt2pt", {user}, system});
    const osc_setting by_user = find_rma_setting({{}, {user}, system});
    const osc_setting by_system = find_rma_setting({{}, {folder_ / "no such file"}, system});

    EXPECT_EQ(by_variable.value, "sm,pt2pt");
    EXPECT_EQ(by_variable.source, rma_source::variable);
    EXPECT_EQ(by_variable.origin, "OMPI_MCA_osc");
    EXPECT_EQ(by_user.value, "^ucx");
    EXPECT_EQ(by_user.source, rma_source::user_file);
    EXPECT_EQ(by_user.origin, user.string());
    EXPECT_EQ(by_system.value, "^ucx,pt2pt");
    EXPECT_EQ(by_system.source, rma_source::system_file);
    EXPECT_EQ(by_system.origin, system.string());
}

TEST_F(RmaSettings, NothingSetIsNoSetting) {
    const osc_setting nothing = find_rma_setting({});
    const osc_setting elsewhere =
        find_rma_setting({{}, {write("user.conf", "btl = tcp\n")}, folder_ / "no such file"});

    for (const osc_setting& found : {nothing, elsewhere}) {
        EXPECT_EQ(found.value, "");
        EXPECT_EQ(found.source, rma_source::unset);
    }
}

TEST_F(RmaSettings, AnEmptyVariableIsAChoice) {
    const osc_setting found = find_rma_setting({"", {}, write("system.conf", "osc = ^pt2pt\n")});

    EXPECT_EQ(found.value, "");
    EXPECT_EQ(found.source, rma_source::variable);
}

TEST_F(RmaSettings, FilesAreReadAsOpenMpiReadsThem) {
    EXPECT_EQ(read("osc=a"), "a");
    EXPECT_EQ(read("  osc\t=\t^x,y \t\r\n"), "^x,y");
    EXPECT_EQ(read("osc = a\nosc = b\n"), "b");
    EXPECT_EQ(read("osc = a\nosc =\n"), "");
    EXPECT_EQ(read("osc = ^x # y\n"), "^x # y"); // a value goes to the end of its line
    EXPECT_EQ(read("# osc = a\n"), "");
    EXPECT_EQ(read("osc_base_verbose = 3\nbtl = osc\nosc\nosc: a\n"), "");
}

TEST_F(RmaSettings, EarlierUserFilesBeatLaterOnes) {
    const fs::path first = write("first.conf", "osc = one\n");
    const fs::path second = write("second.conf", "osc = two\n");

    EXPECT_EQ(find_rma_setting({{}, {first, second}, {}}).value, "one");
    EXPECT_EQ(find_rma_setting({{}, {folder_ / "no such file", second}, {}}).value, "two");
}

TEST_F(RmaSettings, ThePlacesAreThoseOfTheLibraryThatRuns) {
    EXPECT_EQ(osc_files_of(debian).system_file, "/etc/openmpi/openmpi-mca-params.conf");
    EXPECT_EQ(osc_files_of(own_build).system_file, ""); // Debian's file is not its own
    ASSERT_EQ(osc_files_of(debian).user_files.size(), 1U);
    EXPECT_EQ(osc_files_of(debian).user_files[0], folder_ / "home/.openmpi/mca-params.conf");

    set("OPAL_PREFIX", "/opt/mpi");
    EXPECT_EQ(osc_files_of(own_build).system_file, "/opt/mpi/etc/openmpi-mca-params.conf");
    EXPECT_EQ(osc_files_of(debian).system_file, "/etc/openmpi/openmpi-mca-params.conf");

    set("OPAL_SYSCONFDIR", "/conf");
    EXPECT_EQ(osc_files_of(own_build).system_file, "/conf/openmpi-mca-params.conf");
    EXPECT_EQ(osc_files_of(debian).system_file, "/conf/openmpi-mca-params.conf");
}

TEST_F(RmaSettings, FilesNamedByTheUserReplaceAllOthers) {
    set("OMPI_MCA_mca_base_param_files", "/a.conf,/b.conf");

    const osc_files places = osc_files_of(debian);

    EXPECT_EQ(places.user_files, (std::vector<fs::path>{"/a.conf", "/b.conf"}));
    EXPECT_EQ(places.system_file, "");
}

TEST_F(RmaSettings, AnotherMpiHasNone) {
    set("OMPI_MCA_osc", "^ucx");

    EXPECT_EQ(find_rma_setting(osc_files_of(mpich)).source, rma_source::unset);
}

TEST_F(RmaSettings, AListIncludesOrExcludes) {
    EXPECT_TRUE(allows_component("", "pt2pt"));
    EXPECT_TRUE(allows_component("^", "pt2pt"));
    EXPECT_TRUE(allows_component("^ucx", "pt2pt"));
    EXPECT_FALSE(allows_component("^ucx,pt2pt", "pt2pt"));
    EXPECT_FALSE(allows_component("^^ucx,pt2pt", "pt2pt"));
    EXPECT_TRUE(allows_component("sm,pt2pt", "pt2pt"));
    EXPECT_FALSE(allows_component("sm,rdma", "pt2pt"));
    EXPECT_TRUE(allows_component("^pt2pt_other", "pt2pt"));
    EXPECT_TRUE(allows_component("^ucx, pt2pt", "pt2pt")); // Open MPI looks for " pt2pt"
}

TEST_F(RmaSettings, CompareAndSwapMayCrashInTheRdmaOfOpenMpi4) {
    const auto may_crash = [](const std::string& library, const std::string& value) {
        return may_crash_in_compare_and_swap(library, {value, rma_source::variable, ""});
    };

    EXPECT_TRUE(may_crash(debian, ""));
    EXPECT_TRUE(may_crash(debian, "^ucx"));
    EXPECT_FALSE(may_crash(debian, "^ucx,rdma"));
    EXPECT_FALSE(may_crash(debian, "sm,pt2pt"));
    EXPECT_FALSE(may_crash(open_mpi_5, ""));
    EXPECT_FALSE(may_crash(open_mpi_5, "^ucx,pt2pt"));
    EXPECT_FALSE(may_crash(mpich, ""));
}

TEST_F(RmaSettings, OnlyOpenMpiBefore5HasPt2pt) {
    EXPECT_TRUE(has_pt2pt(debian));
    EXPECT_TRUE(has_pt2pt(own_build));
    EXPECT_FALSE(has_pt2pt(open_mpi_5));
    EXPECT_FALSE(has_pt2pt(mpich));
    EXPECT_FALSE(has_pt2pt(""));
}

TEST_F(RmaSettings, WhatTheSystemExcludesIsExchanged) {
    const auto chosen = [](const std::string& value) {
        return setting_for_nodes({value, rma_source::system_file, ""});
    };

    EXPECT_EQ(chosen("^ucx,pt2pt"), "^ucx,rdma");
    EXPECT_EQ(chosen("^pt2pt"), "^rdma");
    EXPECT_EQ(chosen("^rdma,pt2pt,ucx"), "^rdma,ucx");
}

TEST_F(RmaSettings, WhatTheSystemAllowsOrChoosesStays) {
    for (const char* value : {"", "^ucx", "^ucx,rdma", "sm,pt2pt", "sm,ucx"})
        EXPECT_EQ(setting_for_nodes({value, rma_source::system_file, ""}), value);
}

TEST_F(RmaSettings, WhatUsersChooseStays) {
    for (const rma_source source : {rma_source::variable, rma_source::user_file})
        EXPECT_EQ(setting_for_nodes({"^ucx,pt2pt", source, ""}), "^ucx,pt2pt");
}

TEST_F(RmaSettings, TheChooserIsKnownByTheMarker) {
    const osc_setting variable{"^ucx,rdma", rma_source::variable, "OMPI_MCA_osc"};

    EXPECT_EQ(who_chose(choice_of(variable, "^ucx,rdma")), "nodespan");
    EXPECT_EQ(who_chose(choice_of(variable, {})), "you (OMPI_MCA_osc)");
    EXPECT_EQ(who_chose(choice_of(variable, "^ucx")), "you (OMPI_MCA_osc)"); // changed since
    EXPECT_EQ(who_chose(choice_of({"a", rma_source::user_file, "~/x.conf"}, "a")), "~/x.conf");
    EXPECT_EQ(who_chose(choice_of({"a", rma_source::system_file, "/x"}, "a")), "the system's file");
    EXPECT_EQ(who_chose(choice_of({}, "")), "the MPI library");
}

TEST_F(RmaSettings, TheUsersFileIsNamedAsPeopleDo) {
    write("home/.openmpi/mca-params.conf", "osc = ^ucx\n");

    EXPECT_EQ(who_chose(choice_of(find_rma_setting(osc_files_of(debian)), {})),
              "~/.openmpi/mca-params.conf");
}

// The library that this test is linked with has osc/pt2pt, and a system file of ours.
class RmaChoice : public RmaSettings {
protected:
    void SetUp() override {
        RmaSettings::SetUp();
        char library[MPI_MAX_LIBRARY_VERSION_STRING] = "";
        int length = 0;
        MPI_Get_library_version(library, &length);
        if (!has_pt2pt(library)) GTEST_SKIP() << library;
        write("openmpi-mca-params.conf", "osc = ^ucx,pt2pt\n");
        set("OPAL_SYSCONFDIR", folder_.string());
    }
};

TEST_F(RmaChoice, IsPutIntoTheEnvironmentAndKnownAgain) {
    EXPECT_EQ(who_chose(rma_choice_in_force()), "the system's file");
    EXPECT_TRUE(may_crash_in_compare_and_swap());

    choose_rma_setting(MPI_THREAD_FUNNELED);

    EXPECT_EQ(variable("OMPI_MCA_osc"), "^ucx,rdma");
    EXPECT_EQ(rma_choice_in_force().chosen_by, rma_chooser::nodespan);
    EXPECT_EQ(rma_choice_in_force().setting.value, "^ucx,rdma");
    EXPECT_FALSE(may_crash_in_compare_and_swap());
}

TEST_F(RmaChoice, LeavesAUsersVariableAlone) {
    set("OMPI_MCA_osc", "^ucx,pt2pt");

    choose_rma_setting(MPI_THREAD_FUNNELED);

    EXPECT_EQ(variable("OMPI_MCA_osc"), "^ucx,pt2pt");
    EXPECT_EQ(rma_choice_in_force().chosen_by, rma_chooser::user);
}

TEST_F(RmaChoice, LeavesAUsersFileAlone) {
    write("home/.openmpi/mca-params.conf", "osc = ^pt2pt\n");

    choose_rma_setting(MPI_THREAD_FUNNELED);

    EXPECT_EQ(variable("OMPI_MCA_osc"), "(unset)");
    EXPECT_EQ(rma_choice_in_force().chosen_by, rma_chooser::user);
}

TEST_F(RmaChoice, LeavesAnOpenMpiAloneThatExcludesNothing) {
    write("openmpi-mca-params.conf", "btl = tcp\n");

    choose_rma_setting(MPI_THREAD_FUNNELED);

    EXPECT_EQ(variable("OMPI_MCA_osc"), "(unset)");
    EXPECT_EQ(who_chose(rma_choice_in_force()), "the MPI library");
}

TEST_F(RmaChoice, LeavesTheOnlyComponentThatTakesThreads) {
    choose_rma_setting(MPI_THREAD_MULTIPLE);

    EXPECT_EQ(variable("OMPI_MCA_osc"), "(unset)");
}

TEST(RmaAdvice, NamesTheSystemsSettingAndBothCures) {
    const osc_setting setting{"^ucx,pt2pt", rma_source::system_file, "/etc/x.conf"};

    EXPECT_EQ(rma_advice(setting, MPI_THREAD_FUNNELED),
              "MPI has no one-sided communication between these nodes: its setting "
              "osc=^ucx,pt2pt (from /etc/x.conf) switches osc/pt2pt off; set "
              "OMPI_MCA_osc=^ucx,rdma in the environment before MPI_Init, or let a "
              "nodespan::environment start MPI");
}

TEST(RmaAdvice, DoesNotPromiseThatAnEnvironmentOverridesUsers) {
    const std::string by_variable =
        rma_advice({"sm,rdma", rma_source::variable, "OMPI_MCA_osc"}, MPI_THREAD_FUNNELED);
    const std::string by_file =
        rma_advice({"^pt2pt", rma_source::user_file, "~/x.conf"}, MPI_THREAD_FUNNELED);

    EXPECT_THAT(by_variable, HasSubstr("(from OMPI_MCA_osc or mpirun --mca osc)"));
    EXPECT_THAT(by_variable, HasSubstr("set OMPI_MCA_osc=sm,pt2pt in"));
    EXPECT_THAT(by_variable, Not(HasSubstr("nodespan::environment")));
    EXPECT_THAT(by_file, HasSubstr("(from ~/x.conf)"));
    EXPECT_THAT(by_file, HasSubstr("set OMPI_MCA_osc=^rdma in"));
    EXPECT_THAT(by_file, Not(HasSubstr("nodespan::environment")));
}

TEST(RmaAdvice, AsksForFewerThreadsFirst) {
    const std::string allowed =
        rma_advice({"^ucx,rdma", rma_source::variable, "OMPI_MCA_osc"}, MPI_THREAD_MULTIPLE);
    const std::string excluded =
        rma_advice({"^ucx,pt2pt", rma_source::system_file, "/etc/x.conf"}, MPI_THREAD_MULTIPLE);

    EXPECT_THAT(allowed, HasSubstr("refuses MPI_THREAD_MULTIPLE; ask for MPI_THREAD_SERIALIZED"));
    EXPECT_THAT(allowed, Not(HasSubstr("switches")));
    EXPECT_THAT(excluded, HasSubstr("refuses MPI_THREAD_MULTIPLE; ask for MPI_THREAD_SERIALIZED"));
    EXPECT_THAT(excluded, HasSubstr("set OMPI_MCA_osc=^ucx,rdma in the environment"));
}

TEST(RmaAdvice, BlamesNoSettingWhereTheComponentIsAllowedOrMissing) {
    const std::string allowed = rma_advice({}, MPI_THREAD_FUNNELED);
    const std::string missing =
        rma_advice({"^pt2pt", rma_source::system_file, "/x"}, MPI_THREAD_MULTIPLE, false);

    for (const std::string& advice : {allowed, missing}) {
        EXPECT_THAT(advice, HasSubstr("OMPI_MCA_osc_base_verbose=100"));
        EXPECT_THAT(advice, Not(HasSubstr("switches")));
    }
}

TEST(RmaAdvice, AsksOpenMpi5ForTheComponentThatItHas) {
    const auto advice = [](const std::string& value, rma_source source) {
        return rma_advice({value, source, "OMPI_MCA_osc"}, MPI_THREAD_MULTIPLE, false);
    };

    EXPECT_EQ(advice("^ucx,rdma", rma_source::variable),
              "MPI has no one-sided communication between these nodes: its setting osc=^ucx,rdma "
              "(from OMPI_MCA_osc or mpirun --mca osc) switches osc/rdma off; set "
              "OMPI_MCA_osc=^ucx in the environment before MPI_Init");
    EXPECT_THAT(advice("sm,pt2pt", rma_source::variable),
                HasSubstr("set OMPI_MCA_osc=sm,pt2pt,rdma in"));
    EXPECT_THAT(advice("^rdma", rma_source::variable), HasSubstr("unset OMPI_MCA_osc in"));
    EXPECT_THAT(advice("^rdma", rma_source::system_file), HasSubstr("set OMPI_MCA_osc= in"));
}

} // namespace
