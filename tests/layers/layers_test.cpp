// Reads the #include lines. The folders of src/ are layers that the compiler keeps apart; the
// public headers stand in one folder, so here each has its place among the others, and the layer
// whose sources may use it.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct module {
    std::string name;
    std::string layer;                // the folder of src/ that it belongs to
    std::vector<std::string> headers; // without folder and ending; C's with their ending
};

// From the ground up. A new public header needs a place here.
const std::vector<module> modules = {
    {"export", "base", {"requirements", "export", "standard_library", "access"}},
    {"error", "base", {"error", "owned"}},
    {"box", "base", {"indices", "box"}},
    {"view", "base", {"view", "buffer"}},
    {"accumulate_op", "kernels", {"accumulate_op"}},
    {"dtype", "formats", {"dtype", "narrow"}},
    {"copy_bytes", "kernels", {"copy_bytes", "inside"}},
    {"placement", "layout", {"placement"}},
    {"distribution", "layout", {"distribution"}},
    {"process_state", "base", {"process_state"}},
    {"mutex", "sync", {"lock_gate", "mutex"}},
    {"ring_options", "sync", {"ring_options"}},
    {"mpi", "mpi", {"mpi"}},
    {"environment", "mpi", {"environment"}},
    {"team", "team", {"team", "boost_mpi", "run", "progress"}},
    {"request", "transfer", {"request"}},
    {"collectives", "collectives", {"collectives"}},
    {"array_core", "array", {"array_options", "array_core", "replicated_core", "ring_core"}},
    {"array",
     "array",
     {"array", "array_lists", "array_ghosts", "array_inline", "column_major", "replicated",
      "counter", "ring", "queue_core", "queue", "scalapack"}},
    {"gpu", "gpu", {"gpu_driver", "pinned_core", "gpu"}},
    {"algorithm",
     "array",
     {"local_rows", "together",     "axis",        "mean",     "work_share",
      "algorithm",  "creation",     "combine",     "sort_key", "sort_runs",
      "split_runs", "sort",         "order",       "scan",     "map_slot",
      "map",        "map_batches",  "patch_parts", "patch",    "redistribute",
      "transpose",  "without_hdf5", "moving",      "borrowed", "whole_arrays"}},
    {"multiply", "linalg", {"multiply"}},
    {"files", "files", {"raw", "npy", "csv", "mtx"}},
    {"hdf5",
     "hdf5",
     {"compound_type", "attribute_value", "hdf5", "hdf5_info", "hdf5_writer", "checkpoint",
      "run_control", "hdf5_map"}},
    {"machine_info", "machine", {"machine_info"}},
    {"c_interface",
     "c",
     {"error.h", "type.h", "op.h", "team.h", "collectives.h", "counter.h", "queue.h", "ring.h",
      "replicated.h", "array.h", "transfer.h", "files.h", "fortran.h", "hdf5.h", "checkpoint.h",
      "whole.h", "multiply.h"}},
};

// What offers the whole library in one include, in C++ and in C; nothing may include it.
const std::set<std::string> everything = {"nodespan", "nodespan.h"};

// What the table calls a file.
std::string name_of(const fs::path& file) {
    return file.extension() == ".h" ? file.filename().string() : file.stem().string();
}

// The place of a file in the table.
std::optional<std::size_t> place_of(const std::string& name) {
    for (std::size_t place = 0; place < modules.size(); ++place)
        if (std::ranges::count(modules[place].headers, name) > 0) return place;
    return std::nullopt;
}

std::vector<fs::path> files_below(const char* folder) {
    const std::set<std::string> endings = {".hpp", ".cpp", ".h", ".c"};
    std::vector<fs::path> result;
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(NODESPAN_SOURCE_DIR) / folder))
        if (endings.contains(entry.path().extension().string())) result.push_back(entry.path());
    return result;
}

std::vector<fs::path> files_of_the_library() {
    std::vector<fs::path> result = files_below("include");
    std::ranges::copy(files_below("src"), std::back_inserter(result));
    return result;
}

std::string text_of(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

// The layers that one uses, itself among them, as the CMakeLists.txt of its folder say.
std::set<std::string> used_by(const std::string& layer) {
    static const std::regex uses(R"(nodespan_layer\(\w+(?: MPI)?(?: USES ([\w ]+))?)");
    std::set<std::string> result = {layer};
    const std::string text =
        text_of(fs::path(NODESPAN_SOURCE_DIR) / "src" / layer / "CMakeLists.txt");
    if (text.find("nodespan_layer(" + layer) == std::string::npos) return {};
    for (std::sregex_iterator at(text.begin(), text.end(), uses), end; at != end; ++at) {
        std::istringstream names((*at)[1]); // a folder may have a second one, for a component
        for (std::string name; names >> name && name != "LINKS" && name != "SOURCES";)
            if (name != layer) result.merge(used_by(name));
    }
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

// A public header, from what an #include line says; nothing for others and the generated one.
std::optional<fs::path> own_header(const std::string& included) {
    const fs::path root(NODESPAN_SOURCE_DIR);
    const fs::path header = root / "include" / included;
    return fs::exists(header) ? std::optional(header) : std::nullopt;
}

TEST(Layers, EveryPublicHeaderHasAPlace) {
    const std::vector<fs::path> headers = files_below("include");

    EXPECT_GT(headers.size(), 30U);
    for (const fs::path& header : headers)
        EXPECT_TRUE(everything.contains(name_of(header)) || place_of(name_of(header)))
            << header << " is in no module: give it a place in the table of this test";
}

TEST(Layers, EachPublicHeaderUsesOnlyThoseBeforeIt) {
    for (const fs::path& file : files_below("include")) {
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

// MPI's header and the standard ones stand in no folder, but for <sys/...>.
TEST(Layers, PublicHeadersNeedMpiAndTheStandardLibraryAlone) {
    for (const fs::path& file : files_below("include"))
        for (const std::string& included : includes_of(file)) {
            const bool is_own = included.starts_with("nodespan/");
            const bool is_foreign = !is_own && included.find('/') != std::string::npos;
            EXPECT_TRUE(!is_foreign || name_of(file) == "boost_mpi") // a component of its own
                << file << " includes " << included;
        }
}

TEST(Layers, EachSourceUsesPublicHeadersOfItsOwnLayerAndOfThoseBelow) {
    for (const fs::path& file : files_below("src")) {
        const std::string layer = file.parent_path().filename().string();
        const std::set<std::string> used = used_by(layer);
        EXPECT_TRUE(used.contains(layer)) << "no nodespan_layer in src/" << layer;
        for (const std::string& included : includes_of(file)) {
            const auto header = own_header(included);
            const auto place = header ? place_of(name_of(*header)) : std::nullopt;
            EXPECT_TRUE(!place || used.contains(modules[*place].layer))
                << file << " includes " << included << " of " << modules[*place].layer;
        }
    }
}

TEST(Layers, EverySourceIsCompiledByItsFolder) {
    for (const fs::path& file : files_below("src")) {
        if (file.extension() != ".cpp") continue;
        const std::string text = text_of(file.parent_path() / "CMakeLists.txt");
        const std::regex name("[ (]" + file.stem().string() + "\\.cpp\\b");
        EXPECT_TRUE(std::regex_search(text, name)) << file << " is compiled by nobody";
    }
}

// Such a call knows nothing of ranks that have left, nor of the time: see mpi_wait.hpp.
TEST(Layers, NothingBlocksInMpiWhereAnotherCallCouldWait) {
    const std::regex blocking(
        R"((\bMPI_(Allreduce|Bcast|(Ex)?[Ss]can|(All)?[Gg]atherv?|Scatterv?|Reduce\w*|Alltoall\w*|)"
        R"(Sendrecv\w*|[SBR]?[Ss]end|M?[Rr]ecv|M?[Pp]robe|Barrier|Wait(all|any|some)?)|)"
        R"(wait_all\(\)) *\()");
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
                                                      "shared_window::share",
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

// Each field of a docstring begins a line, and the fields stand in one order, so that a reader
// finds them without reading the rest. A formatter that fills up lines destroys this.
TEST(Layers, FieldsOfDocstringsBeginTheirLinesInOneOrder) {
    const std::vector<std::string> fields = {"Shape",  "Call", "Epoch", "Order",
                                             "Errors", "Cost", "Source"};
    const std::regex comment(R"(^\s*/// ?(.*))");
    const std::regex field(R"(\b(Shape|Call|Epoch|Order|Errors|Cost|Source):)");
    int found = 0;
    for (const fs::path& file : files_of_the_library()) {
        std::ifstream text(file);
        std::smatch match;
        std::ptrdiff_t before = -1;
        int number = 0;
        for (std::string line; std::getline(text, line);) {
            ++number;
            if (!std::regex_match(line, match, comment)) {
                before = -1;
                continue;
            }
            const std::string sentence = match[1];
            for (std::sregex_iterator at(sentence.begin(), sentence.end(), field), end; at != end;
                 ++at) {
                const auto place = std::ranges::find(fields, at->str(1)) - fields.begin();
                EXPECT_EQ(at->position(), 0) << file << ":" << number << ": " << line;
                EXPECT_GT(place, before) << file << ":" << number << ": " << line;
                before = place;
                ++found;
            }
        }
    }
    EXPECT_GT(found, 300);
}

TEST(Layers, NoLineOfACommentIsLongerThan100Columns) {
    for (const fs::path& file : files_of_the_library()) {
        std::ifstream text(file);
        int number = 0;
        for (std::string line; std::getline(text, line);) {
            ++number;
            EXPECT_TRUE(line.size() <= 100 || line.find("//") == std::string::npos)
                << file << ":" << number << ": " << line;
        }
    }
}

// That `one` includes each header of a folder of include/nodespan once, but that of Boost.MPI: who
// wants it waits for it.
void expect_all_offered(const std::string& one, const std::string& folder,
                        const std::string& ending) {
    const fs::path root = fs::path(NODESPAN_SOURCE_DIR) / "include";
    const std::vector<std::string> offered = includes_of(root / "nodespan" / one);

    for (const auto& entry : fs::directory_iterator(root / folder)) {
        if (entry.path().extension() != ending || everything.contains(name_of(entry.path())))
            continue;
        if (name_of(entry.path()) == "boost_mpi") continue;
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
