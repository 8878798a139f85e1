// Reads the #include lines of the library: each module uses only those before it in the table.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct module {
    std::string name;
    std::vector<std::string> files; // without folder and ending; one header and source may share
                                    // it. C's headers with their ending
};

// From the ground up. A new file needs a place here.
const std::vector<module> modules = {
    {"export", {"requirements", "export", "standard_library"}},
    {"error", {"error"}},
    {"box", {"box", "pieces"}},
    {"view", {"view", "buffer"}},
    {"element", {"element"}},
    {"number_type", {"number_type", "narrow", "malformed"}},
    {"file_text", {"npy_header", "csv_text", "csv_dialect", "file_range"}},
    {"posix_file", {"posix_file", "file_draft", "file_replacement", "csv_lines"}},
    {"strided", {"copy_bytes", "strided", "packed_patch"}},
    {"combine", {"combine"}},
    {"placement", {"ascending", "placement"}},
    {"distribution", {"distribution"}},
    {"ghost_plan", {"ghost_plan"}},
    {"process_state", {"process_state", "process_watch", "process_word"}},
    {"wait", {"wait", "watchdog"}},
    {"far_ends", {"far_ends", "blocking_watch"}},
    {"node_barrier", {"node_barrier"}},
    {"mutex", {"mutex"}},
    {"ring_core", {"ring_options", "ring_core"}},
    {"queue_core", {"queue_core"}},
    {"usage", {"usage", "usage_text"}},
    {"mpi_check", {"mpi", "mpi_check", "mpi_life", "mpi_wait", "thread_rule", "serving"}},
    {"agreement", {"agreement", "unfinished"}},
    {"usage_report", {"usage_report"}},
    {"rma_settings", {"which_mpi", "rma_settings"}},
    {"environment", {"environment"}},
    {"node_table", {"node_table"}},
    {"capacity", {"capacity", "window_room"}},
    {"shared_window", {"shared_window", "rma_window"}},
    {"team_core", {"leader_meeting", "team_core", "team_agreement"}},
    {"team", {"team"}},
    {"interval_set", {"interval_set"}},
    {"range_allocator", {"range_allocator"}},
    {"arena", {"endings", "arena_window", "arena", "rma_lock"}},
    {"request", {"request"}},
    {"transfer", {"mpi_types", "node_accumulate", "locked_combine", "transfer", "element_lists"}},
    {"ghost_exchange", {"ghost_exchange"}},
    {"collectives", {"collectives", "call_board", "nodes_exchange", "collectives_core"}},
    {"array_core",
     {"array_options", "first_touch", "array_core", "replicated_core", "ring_handle"}},
    {"array", {"array", "column_major", "replicated", "counter", "ring", "shared_queue", "queue"}},
    {"gpu_driver", {"gpu_driver", "gpu_registrations"}},
    {"gpu", {"pinned_core", "gpu"}},
    {"algorithm", {"local_rows", "together", "mean", "work_share", "algorithm", "existing"}},
    {"stored_type", {"stored_type"}},
    {"io",
     {"io_call",
      "file_call",
      "file_elements",
      "raw",
      "npy",
      "csv",
      "file_share",
      "hdf5",
      "hdf5_attributes",
      "hdf5_chunks",
      "hdf5_draft",
      "hdf5_driver",
      "hdf5_handle",
      "hdf5_heap",
      "hdf5_info",
      "hdf5_load",
      "hdf5_names",
      "hdf5_output",
      "hdf5_proof",
      "hdf5_save",
      "hdf5_source",
      "hdf5_stored",
      "hdf5_texts",
      "hdf5_types",
      "hdf5_unpack",
      "hdf5_virtual",
      "hdf5_writer",
      "file_seal",
      "attribute_value",
      "checkpoint"}},
    {"report", {"report", "report_node", "report_text", "report_parts"}},
    {"c_interface",
     {"error.h", "type.h", "team.h", "array.h", "transfer.h", "files.h", "hdf5.h", "c_call",
      "c_type", "c_team", "c_array", "c_sync", "c_transfer", "c_files", "c_hdf5"}},
};

// These know nothing of MPI, not even through what they include.
const std::set<std::string> without_mpi = {
    "export",       "box",        "number_type",   "file_text",       "posix_file",
    "view",         "element",    "strided",       "combine",         "placement",
    "distribution", "ghost_plan", "process_state", "process_watch",   "process_word",
    "wait",         "watchdog",   "node_barrier",  "mutex",           "queue_core",
    "ring_core",    "usage",      "interval_set",  "range_allocator", "node_table",
    "far_ends",     "gpu_driver"};

// What offers the whole library in one include, in C++ and in C; nothing may include it.
const std::set<std::string> everything = {"nodespan", "nodespan.h"};

// What the table calls a file.
std::string name_of(const fs::path& file) {
    return file.extension() == ".h" ? file.filename().string() : file.stem().string();
}

// The place of a file in the table.
std::optional<std::size_t> place_of(const std::string& name) {
    for (std::size_t place = 0; place < modules.size(); ++place)
        if (std::ranges::count(modules[place].files, name) > 0) return place;
    return std::nullopt;
}

std::vector<fs::path> files_of_the_library() {
    const fs::path root(NODESPAN_SOURCE_DIR);
    const std::set<std::string> endings = {".hpp", ".cpp", ".h", ".c"};
    std::vector<fs::path> result;
    for (const fs::path& folder : {root / "include", root / "src"})
        for (const auto& entry : fs::recursive_directory_iterator(folder))
            if (endings.contains(entry.path().extension().string())) result.push_back(entry.path());
    return result;
}

std::vector<std::string> includes_of(const fs::path& file) {
    static const std::regex line_of_include(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"].*)");
    std::vector<std::string> result;
    std::ifstream text(file);
    std::smatch match;
    for (std::string line; std::getline(text, line);)
        if (std::regex_match(line, match, line_of_include)) result.push_back(match[1]);
    return result;
}

// A header of ours, from what an #include line says; nothing for others and the generated one.
std::optional<fs::path> own_header(const std::string& included) {
    const fs::path root(NODESPAN_SOURCE_DIR);
    for (const fs::path& candidate : {root / "include" / included, root / "src" / included})
        if (fs::exists(candidate)) return candidate;
    return std::nullopt;
}

bool names_mpi(const std::string& included) {
    return included == "mpi.h" || included.starts_with("boost/mpi");
}

// The way by which a file reaches MPI, such as "team.hpp > mpi.h"; empty if it does not.
std::string way_to_mpi(const fs::path& file, std::set<fs::path>& seen) {
    if (!seen.insert(file).second) return {};
    for (const std::string& included : includes_of(file)) {
        const std::string here = file.filename().string() + " > ";
        if (names_mpi(included)) return here + included;
        const auto header = own_header(included);
        const std::string way = header ? way_to_mpi(*header, seen) : std::string();
        if (!way.empty()) return here + way;
    }
    return {};
}

TEST(Layers, EveryFileHasAPlace) {
    const std::vector<fs::path> files = files_of_the_library();

    EXPECT_GT(files.size(), 30U);
    for (const fs::path& file : files)
        EXPECT_TRUE(everything.contains(name_of(file)) || place_of(name_of(file)))
            << file << " is in no module: give it a place in the table of this test";
}

TEST(Layers, EachModuleUsesOnlyThoseBeforeIt) {
    for (const fs::path& file : files_of_the_library()) {
        const auto place = place_of(name_of(file));
        if (!place) continue;
        for (const std::string& included : includes_of(file)) {
            const auto header = own_header(included);
            if (!header) continue;
            const std::string used = name_of(*header);
            EXPECT_FALSE(everything.contains(used)) << file << " includes " << used;
            EXPECT_LE(place_of(used).value_or(0), *place)
                << file << " of module " << modules[*place].name << " includes " << included;
        }
    }
}

// Such a call knows nothing of ranks that have left, nor of the time: see mpi_wait.hpp.
TEST(Layers, NothingBlocksInMpiWhereAnotherCallCouldWait) {
    const std::regex blocking(
        R"((\bMPI_(Allreduce|Bcast|(Ex)?[Ss]can|(All)?[Gg]atherv?|Scatterv?|Reduce\w*|Alltoall\w*|)"
        R"(Sendrecv\w*|[SBR]?[Ss]end|M?[Rr]ecv|M?[Pp]robe|Barrier|Wait(all|any|some)?)|)"
        R"(boost::mpi::(all_\w+|gather\w*|broadcast|reduce|scan|scatter\w*)|wait_all\(\)) *\()");
    for (const fs::path& file : files_of_the_library()) {
        std::ifstream text(file);
        int number = 0;
        for (std::string line; std::getline(text, line);) {
            ++number;
            const bool is_comment = line.find("///") != std::string::npos;
            EXPECT_FALSE(!is_comment && std::regex_search(line, blocking))
                << file << ":" << number << ": " << line;
        }
    }
}

// What MPI has in a blocking form alone stands beside a watch, here or in the one that calls.
TEST(Layers, WhatCanOnlyBlockInMpiIsWatched) {
    const std::regex blocking(
        R"(\bMPI_(Win_(create|allocate_shared|allocate|free|flush\w*|unlock_all|fence)|)"
        R"(Comm_(split|split_type|dup|create|free)) *\()");
    const std::regex watch(R"(\bblocking_watch\b|\bwatched = )");
    const std::set<std::string> watched_by_callers = {"rma_window::rma_window", "rma_window::free",
                                                      "shared_window::shared_window",
                                                      "shared_window::free"};
    const std::regex begin(R"(^(?=\w)(?:[\w:<>&*~ ,]* [&*]?)?(\w+::~?\w+|\w+)\(.*)");
    for (const fs::path& file : files_of_the_library()) {
        if (file.extension() != ".cpp") continue;
        std::ifstream text(file);
        std::string function;
        std::smatch match;
        bool is_watched = false;
        for (std::string line; std::getline(text, line);) {
            if (std::regex_match(line, match, begin)) {
                function = match[1];
                is_watched = false;
            }
            is_watched |= std::regex_search(line, watch);
            EXPECT_TRUE(is_watched || watched_by_callers.contains(function) ||
                        !std::regex_search(line, blocking))
                << file << ", " << function << ": " << line;
        }
    }
}

TEST(Layers, ArithmeticAndMemoryKnowNothingOfMpi) {
    for (const fs::path& file : files_of_the_library()) {
        const auto place = place_of(name_of(file));
        if (!place || !without_mpi.contains(modules[*place].name)) continue;
        std::set<fs::path> seen;
        EXPECT_EQ(way_to_mpi(file, seen), "");
    }
}

// That `one` includes each header of a folder of include/nodespan once.
void expect_all_offered(const std::string& one, const std::string& folder,
                        const std::string& ending) {
    const fs::path root = fs::path(NODESPAN_SOURCE_DIR) / "include";
    const std::vector<std::string> offered = includes_of(root / "nodespan" / one);

    for (const auto& entry : fs::directory_iterator(root / folder)) {
        if (entry.path().extension() != ending || everything.contains(name_of(entry.path())))
            continue;
        const std::string header = folder + "/" + entry.path().filename().string();
        EXPECT_EQ(std::ranges::count(offered, header), 1) << header;
    }
}

// Whether the first file that a header includes, and the first of that one, lead to `wanted`.
bool begins_with(const fs::path& header, const std::string& wanted) {
    const std::vector<std::string> included = includes_of(header);
    if (included.empty()) return false;
    const auto next = own_header(included.front());
    return included.front() == wanted || (next && begins_with(*next, wanted));
}

TEST(Layers, EveryPublicHeaderOfCppAsksFirstForWhatItNeedsOfTheCompiler) {
    const fs::path root = fs::path(NODESPAN_SOURCE_DIR) / "include";
    for (const auto& entry : fs::recursive_directory_iterator(root))
        if (entry.path().extension() == ".hpp" && name_of(entry.path()) != "requirements") {
            EXPECT_TRUE(begins_with(entry.path(), "nodespan/detail/requirements.hpp"))
                << entry.path();
        }
}

TEST(Layers, TheOneIncludeOffersEveryPublicHeader) {
    expect_all_offered("nodespan.hpp", "nodespan", ".hpp");
    expect_all_offered("nodespan.h", "nodespan/c", ".h");
}

} // namespace
