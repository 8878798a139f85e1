#include "osc_settings.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <utility>

namespace nodespan::detail {
namespace {

namespace fs = std::filesystem;

const char* const variable_name = "OMPI_MCA_osc";

// The value that nodespan put into OMPI_MCA_osc. It stands in the environment beside that variable,
// since both are handed on to child processes, and since nodespan then needs no global state to
// tell its own choice from a user's: if anyone changes OMPI_MCA_osc later, the two differ.
const char* const marker_name = "NODESPAN_RMA_CHOICE";

std::optional<std::string> variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

std::string library_text() {
    char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    if (MPI_Get_library_version(text, &length) != MPI_SUCCESS) return {};
    return text;
}

bool is_open_mpi(const std::string& library) {
    return library.starts_with("Open MPI");
}

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> result;
    for (std::size_t begin = 0; begin < list.size();) {
        const std::size_t end = std::min(list.find(',', begin), list.size());
        if (end > begin) result.push_back(list.substr(begin, end - begin));
        begin = end + 1;
    }
    return result;
}

bool is_exclusion(const std::string& value) {
    return value.starts_with('^');
}

std::vector<std::string> names_in(const std::string& value) {
    return split(value.substr(std::min(value.find_first_not_of('^'), value.size())));
}

std::string_view trimmed(std::string_view text) {
    const auto begin = text.find_first_not_of(" \t\r");
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

// The last line `name = value`, as Open MPI reads it: a value goes to the end of its line, whatever
// it contains, and may be empty.
std::optional<std::string> value_in(const fs::path& path, std::string_view name) {
    std::optional<std::string> result;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        const auto sign = line.find('=');
        if (sign == std::string::npos || trimmed({line.data(), sign}) != name) continue;
        result = trimmed(std::string_view(line).substr(sign + 1));
    }
    return result;
}

std::string name_of(const fs::path& file) {
    const std::string name = file.string(), home = variable("HOME").value_or("") + "/";
    return home.size() > 1 && name.starts_with(home) ? "~/" + name.substr(home.size()) : name;
}

// The list that allows one component and excludes the other one, if that is named.
std::string allowing(const std::string& value, const std::string& component,
                     const std::string& instead_of = {}) {
    const bool excludes = is_exclusion(value);
    const std::string unwanted = excludes ? component : instead_of;
    const std::string wanted = excludes ? instead_of : component;
    std::vector<std::string> names = names_in(value);
    std::erase(names, unwanted);
    if (!wanted.empty() && std::ranges::count(names, wanted) == 0) names.push_back(wanted);
    return fmt::format("{}{}", excludes && !names.empty() ? "^" : "", fmt::join(names, ","));
}

// A component that works over any network: pt2pt, which Open MPI 5 does not have; its rdma takes
// TCP.
std::string with_pt2pt(const std::string& value) {
    return allowing(value, "pt2pt", "rdma");
}
std::string with_rdma(const std::string& value) {
    return allowing(value, "rdma");
}

const char* const no_rma = "MPI has no one-sided communication between these nodes";

std::string named(const osc_setting& setting) {
    if (setting.source == rma_source::unset) return "setting osc unset";
    return fmt::format("setting osc={} (from {}{})", setting.value, setting.origin,
                       setting.source == rma_source::variable ? " or mpirun --mca osc" : "");
}

std::string how_to_allow(const osc_setting& setting, const char* component,
                         const std::string& value) {
    if (value.empty() && setting.source == rma_source::variable)
        return fmt::format("{} switches osc/{} off; unset {} in the environment before MPI_Init",
                           named(setting), component, variable_name);
    return fmt::format("{} switches osc/{} off; set {}={} in the environment before MPI_Init",
                       named(setting), component, variable_name, value);
}

std::string how_to_allow_pt2pt(const osc_setting& setting) {
    return how_to_allow(setting, "pt2pt", with_pt2pt(setting.value)) +
           (setting.source == rma_source::system_file ? ", or let a nodespan::environment start MPI"
                                                      : "");
}

} // namespace

osc_files osc_files_of(const std::string& library) {
    osc_files files;
    if (!is_open_mpi(library)) return files;
    files.variable = variable(variable_name);
    if (const auto named = variable("OMPI_MCA_mca_base_param_files")) { // replace all other files
        for (const std::string& file : split(*named)) files.user_files.emplace_back(file);
        return files;
    }
    if (const auto home = variable("HOME"))
        files.user_files.push_back(fs::path(*home) / ".openmpi/mca-params.conf");
    const char* const file = "openmpi-mca-params.conf";
    if (const auto folder = variable("OPAL_SYSCONFDIR"))
        files.system_file = fs::path(*folder) / file;
    else if (library.find("Debian") != std::string::npos) // its folder does not follow the prefix
        files.system_file = fs::path("/etc/openmpi") / file;
    else if (const auto prefix = variable("OPAL_PREFIX"))
        files.system_file = fs::path(*prefix) / "etc" / file;
    return files;
}

osc_setting find_rma_setting(const osc_files& files) {
    if (files.variable) return {*files.variable, rma_source::variable, variable_name};
    for (const fs::path& file : files.user_files)
        if (const auto value = value_in(file, "osc"))
            return {*value, rma_source::user_file, name_of(file)};
    if (const auto value = value_in(files.system_file, "osc"))
        return {*value, rma_source::system_file, name_of(files.system_file)};
    return {};
}

bool allows_component(const std::string& value, const std::string& component) {
    const std::vector<std::string> names = names_in(value);
    const bool named = std::ranges::count(names, component) > 0;
    return names.empty() || named != is_exclusion(value);
}

bool has_pt2pt(const std::string& library) {
    const std::string_view before = "Open MPI v";
    return library.starts_with(before) && std::atoi(library.c_str() + before.size()) < 5;
}

std::string setting_for_nodes(const osc_setting& setting) {
    const bool is_ours_to_change = setting.source == rma_source::system_file &&
                                   is_exclusion(setting.value) &&
                                   !allows_component(setting.value, "pt2pt");
    return is_ours_to_change ? with_pt2pt(setting.value) : setting.value;
}

void choose_rma_setting(int thread_level) {
    const std::string library = library_text();
    if (!has_pt2pt(library) || thread_level == MPI_THREAD_MULTIPLE) return;
    const osc_setting found = find_rma_setting(osc_files_of(library));
    const std::string chosen = setting_for_nodes(found);
    if (chosen == found.value) return;
    setenv(marker_name, chosen.c_str(), 1);
    setenv(variable_name, chosen.c_str(), 1);
}

osc_choice choice_of(osc_setting setting, const std::optional<std::string>& marker) {
    rma_chooser by = rma_chooser::user;
    if (setting.source == rma_source::unset) by = rma_chooser::library;
    if (setting.source == rma_source::system_file) by = rma_chooser::system;
    if (setting.source == rma_source::variable && marker == setting.value)
        by = rma_chooser::nodespan;
    return {std::move(setting), by};
}

osc_choice rma_choice_in_force() {
    return choice_of(find_rma_setting(osc_files_of(library_text())), variable(marker_name));
}

std::string who_chose(const osc_choice& choice) {
    switch (choice.chosen_by) {
    case rma_chooser::library:
        return "the MPI library";
    case rma_chooser::user:
        return choice.setting.source == rma_source::variable
                   ? fmt::format("you ({})", choice.setting.origin)
                   : choice.setting.origin;
    case rma_chooser::system:
        return "the system's file";
    case rma_chooser::nodespan:
        return "nodespan";
    }
    return {};
}

bool may_crash_in_compare_and_swap(const std::string& library, const osc_setting& setting) {
    return has_pt2pt(library) && allows_component(setting.value, "rdma");
}

bool may_crash_in_compare_and_swap() {
    return may_crash_in_compare_and_swap(library_text(), rma_choice_in_force().setting);
}

// osc/sm only reaches memory of the own host, and osc/portals4 needs a network for which Open MPI
// must have been built.
bool may_register_memory(const std::string& library, const osc_setting& setting) {
    return !has_pt2pt(library) || !allows_component(setting.value, "pt2pt") ||
           allows_component(setting.value, "rdma") || allows_component(setting.value, "ucx");
}

bool may_register_memory() {
    return may_register_memory(library_text(), rma_choice_in_force().setting);
}

std::string window_directory() {
    const std::string name = "osc_sm_backing_directory";
    const osc_files files = osc_files_of(library_text());
    if (const auto set = variable(("OMPI_MCA_" + name).c_str())) return *set;
    for (const fs::path& file : files.user_files)
        if (const auto value = value_in(file, name)) return *value;
    return value_in(files.system_file, name).value_or("/dev/shm");
}

std::string rma_advice(const osc_setting& setting, int thread_level, bool has_pt2pt) {
    if (!has_pt2pt && !allows_component(setting.value, "rdma"))
        return fmt::format("{}: its {}", no_rma,
                           how_to_allow(setting, "rdma", with_rdma(setting.value)));
    const bool is_off = has_pt2pt && !allows_component(setting.value, "pt2pt");
    if (has_pt2pt && thread_level == MPI_THREAD_MULTIPLE)
        return fmt::format("{}: osc/pt2pt, which works over any network, refuses "
                           "MPI_THREAD_MULTIPLE; ask for MPI_THREAD_SERIALIZED{}{}",
                           no_rma, is_off ? ". Besides, MPI's " : "",
                           is_off ? how_to_allow_pt2pt(setting) : "");
    if (is_off) return fmt::format("{}: its {}", no_rma, how_to_allow_pt2pt(setting));
    return fmt::format("{}, its {}; OMPI_MCA_osc_base_verbose=100 in the environment makes Open "
                       "MPI say which components it tried",
                       no_rma, named(setting));
}

std::string rma_advice(int thread_level) {
    const std::string library = library_text();
    if (!is_open_mpi(library)) return no_rma;
    return rma_advice(rma_choice_in_force().setting, thread_level, has_pt2pt(library));
}

} // namespace nodespan::detail
