#include "published_array.hpp"

#include "attach_file.hpp"
#include "host_name.hpp"
#include "nodespan/detail/process_state.hpp"
#include "process_identity.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <sys/prctl.h>
#include <unistd.h>
#include <vector>

// The file. Its first line says which process this is, the others have one array each. Files are
// named after the process and the moment of its start: a number that is used again by another
// process is told by that. Readers find the process's memory at the addresses of these lines, so
// they must not take a line for valid that is being replaced: `serial` stands at its begin and at
// its end.

namespace nodespan::detail {
namespace {

using nlohmann::json;

const char* numpy_name(element_kind kind) {
    using enum element_kind;
    switch (kind) {
    case int8:
        return "int8";
    case int16:
        return "int16";
    case int32:
        return "int32";
    case int64:
        return "int64";
    case uint8:
        return "uint8";
    case uint16:
        return "uint16";
    case uint32:
        return "uint32";
    case uint64:
        return "uint64";
    case float32:
        return "float32";
    case float64:
        return "float64";
    case long_double:
        return "longdouble";
    case complex_float32:
        return "complex64";
    case complex_float64:
        return "complex128";
    case other:
        break;
    }
    return "";
}

// What all processes of this job on this host have in common. hydra gives its ranks no name of the
// job; they are children of one process.
std::string job_name() {
    const auto value = [](const char* name) {
        const char* const found = std::getenv(name);
        return std::string(found == nullptr ? "" : found);
    };
    if (const std::string name = value("PMIX_NAMESPACE"); !name.empty()) return name;
    if (const std::string job = value("SLURM_JOB_ID");
        !job.empty() && !value("SLURM_PROCID").empty())
        return job + "." + value("SLURM_STEP_ID");
    const bool has_launcher = !value("PMI_RANK").empty();
    return fmt::format("{}-{}", has_launcher ? "launcher" : "process",
                       has_launcher ? getppid() : getpid());
}

bool is_wanted() {
    const char* const value = std::getenv("NODESPAN_ATTACH");
    return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

std::string header_line(const process_identity& me) {
    json header;
    header["nodespan"] = 1; // of these lines: another meaning gets another number
    header["line_bytes"] = attach_file::line_bytes;
    header["job"] = job_name();
    header["pid"] = me.pid;
    header["start"] = std::to_string(me.started);
    header["boot"] = me.boot;
    header["pid_space"] = me.pid_space;
    header["host"] = host_name();
    return header.dump(-1, ' ', true, json::error_handler_t::replace);
}

// This process's file. Never destroyed: arrays may outlast what ends with the program.
struct publisher {
    static publisher& own() {
        static auto* const one = new publisher();
        return *one;
    }

    pid_t process = getpid();
    std::unique_ptr<attach_file> file;
    std::atomic<std::uint64_t> serials{0};
    std::atomic<bool> has_told{false};

private:
    publisher() {
        const std::string folder = attach_folder_path();
        const process_identity me = process_identity::self();
        // Another copy of the library in this process may have a file already.
        for (int copy = 0; copy < 8; ++copy) {
            file = std::make_unique<attach_file>(
                open_private_folder(folder),
                fmt::format("{}-{}-{}.arrays", me.pid, me.started, copy), header_line(me));
            if (file->problem().empty()) break;
        }
        tell(folder, file->problem());
        // Where Yama lets parents only look into a process: any process of this user may.
        prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
        std::atexit([] {
            if (own().process == getpid()) own().file->remove();
        });
    }

public:
    void tell(const std::string& where, const std::string& problem) noexcept {
        if (problem.empty() || has_told.exchange(true)) return;
        fmt::print(stderr,
                   "nodespan: NODESPAN_ATTACH: {}: {}; the job goes on, and nobody sees its "
                   "arrays from outside\n",
                   where, problem);
    }
};

json numbers(const index_list& list) {
    return json(std::vector<index_t>(list.begin(), list.end()));
}

} // namespace

// Boxes and extents are those of the memory; readers turn them over where `order` is F.
std::string line_of(const array_facts& facts, std::uint64_t serial, std::size_t most_bytes) {
    const auto address = [](const void* of) { return reinterpret_cast<std::uintptr_t>(of); };
    nlohmann::ordered_json line;
    line["serial"] = serial;
    line["name"] = facts.name;
    line["dtype"] = numpy_name(facts.kind);
    line["type"] = facts.type;
    line["itemsize"] = facts.element_bytes;
    line["order"] = facts.is_transposed ? "F" : "C";
    line["shape"] = numbers(facts.extents);
    line["box"] = {numbers(facts.node_box.lo), numbers(facts.node_box.hi)};
    line["stored"] = {numbers(facts.stored_box.lo), numbers(facts.stored_box.hi)};
    line["address"] = address(facts.data);
    line["epoch"] = {address(facts.meetings.first), facts.meetings.step, facts.meetings.ranks};
    line["team"] = facts.team;
    line["number"] = facts.number;
    line["node"] = {facts.node, facts.nodes};
    line["end"] = serial;
    const auto text = [&] { return line.dump(-1, ' ', true, json::error_handler_t::replace); };
    std::string result = text();
    std::string name = facts.name;
    if (result.size() > most_bytes) {
        line["type"] = "";
        result = text();
    }
    while (result.size() > most_bytes && !name.empty()) {
        name.resize(name.size() / 2);
        line["name"] = name;
        result = text();
    }
    return result;
}

std::unique_ptr<published_array> published_array::if_wanted(const array_facts& facts) noexcept try {
    static const bool wanted = is_wanted();
    if (!wanted || is_forked()) return nullptr;
    publisher& own = publisher::own();
    if (!own.file->problem().empty()) return nullptr;
    const std::size_t line =
        own.file->write(line_of(facts, ++own.serials, attach_file::line_bytes - 1));
    if (line == 0) own.tell(facts.name, "the array found no room in its file");
    return line == 0 ? nullptr : std::make_unique<published_array>(line);
} catch (...) {
    return nullptr; // what is for onlookers must not end the job
}

published_array::~published_array() {
    if (!is_forked()) publisher::own().file->erase(line_);
}

} // namespace nodespan::detail
