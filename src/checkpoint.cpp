#include "nodespan/checkpoint.hpp"

#include "file_seal.hpp"
#include "hdf5_attributes.hpp"
#include "hdf5_output.hpp"
#include "nodespan/hdf5.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstring>

namespace nodespan {
namespace {

namespace fs = std::filesystem;

constexpr index_t most_steps = 1'000'000'000'000'000'000;

std::string file_name(index_t step) {
    return fmt::format("step-{:012}.h5", step);
}

// Of a file's name, with `ending` behind it.
std::optional<index_t> step_of(const std::string& name, const std::string& ending = "") {
    index_t step = 0;
    if (!name.starts_with("step-")) return std::nullopt;
    const auto [rest, problem] = std::from_chars(name.data() + 5, name.data() + name.size(), step);
    if (problem != std::errc() || step < 0 || name != file_name(step) + ending) return std::nullopt;
    return step;
}

// The steps of all checkpoints of a folder, which need not be there, in ascending order.
std::vector<index_t> steps_in(const fs::path& folder, const std::string& ending = "") {
    std::vector<index_t> result;
    std::error_code problem;
    for (fs::directory_iterator at(folder, problem), end; !problem && at != end;
         at.increment(problem))
        if (const auto step = step_of(at->path().filename().string(), ending))
            result.push_back(*step);
    if (problem && problem != std::errc::no_such_file_or_directory)
        detail::refuse(fmt::format("cannot list {}: {}", folder.string(), problem.message()));
    std::sort(result.begin(), result.end());
    return result;
}

} // namespace

struct checkpoint::state {
    struct named_array {
        std::string name;
        detail::array_core* field;
        detail::file_type type;
    };
    struct named_value {
        std::string name;
        getter get;
        setter set;
    };

    std::shared_ptr<detail::team_core> team;
    fs::path folder;
    checkpoint_options options;
    std::vector<named_array> arrays;
    std::vector<named_value> values;
    std::vector<std::string> refused;
    std::vector<index_t> refused_steps;

    detail::io_call begin(const std::string& operation) const {
        std::string names; // lest ranks bring different sets
        for (const named_array& a : arrays)
            names += fmt::format(", {}: {}{}", a.name, detail::to_text(a.type),
                                 detail::to_text(a.field->cut().extents()));
        for (const named_value& v : values) names += ", " + v.name;
        return {team, fmt::format("checkpoint::{}(\"{}\"{})", operation, folder.string(), names)};
    }

    // A name for one thing only.
    void forget(const std::string& name) {
        std::erase_if(arrays, [&](const named_array& a) { return a.name == name; });
        std::erase_if(values, [&](const named_value& v) { return v.name == name; });
    }

    fs::path path_of(index_t step) const { return folder / file_name(step); }

    attributes all_values(index_t step) const {
        attributes result;
        for (const named_value& v : values) result[v.name] = v.get();
        result["step"] = step;
        return result;
    }

    void prepare_folder(index_t step) const;
    void remove_old(index_t step) const;
    std::optional<index_t> find_latest(const detail::io_call& call);
    void read(const detail::io_call& call, index_t step) const;
};

// On the first rank.
void checkpoint::state::prepare_folder(index_t step) const {
    std::error_code problem;
    fs::create_directories(folder, problem);
    if (problem)
        detail::refuse(
            fmt::format("cannot make the folder {}: {}", folder.string(), problem.message()));
    for (const index_t other : steps_in(folder))
        if (other > step &&
            std::find(refused_steps.begin(), refused_steps.end(), other) == refused_steps.end())
            throw error(
                errc::invalid_argument,
                fmt::format("the folder holds a checkpoint of a later step, {}, which would "
                            "be taken for the latest: restore it, or take another folder",
                            other));
}

// On the first rank, when that of `step` is finished. What cannot be removed stays.
void checkpoint::state::remove_old(index_t step) const {
    std::error_code ignored;
    for (const index_t broken : refused_steps)
        if (broken != step) fs::remove(path_of(broken), ignored);
    const std::vector<index_t> steps = steps_in(folder);
    const auto stay = static_cast<std::size_t>(options.keep);
    for (std::size_t k = 0; k + stay < steps.size(); ++k) fs::remove(path_of(steps[k]), ignored);
    for (const index_t left : steps_in(folder, ".part")) // by jobs that were killed
        fs::remove(folder / (file_name(left) + ".part"), ignored);
}

std::optional<index_t> checkpoint::state::find_latest(const detail::io_call& call) {
    refused.clear();
    refused_steps.clear();
    std::vector<index_t> steps;
    call.on_first_rank([&] { steps = steps_in(folder); });
    steps.resize(call.from_first_rank(steps.size()));
    while (!steps.empty()) {
        const auto step =
            static_cast<index_t>(call.from_first_rank(static_cast<std::uint64_t>(steps.back())));
        const std::string problem = detail::problem_of_sealed(team, path_of(step).string(), step);
        if (problem.empty()) return step;
        refused.push_back(problem);
        refused_steps.push_back(step);
        steps.pop_back();
    }
    return std::nullopt;
}

void checkpoint::state::read(const detail::io_call& call, index_t step) const {
    const fs::path file = path_of(step);
    attributes found;
    call.agree([&] {
        found = read_attributes(file);
        for (const named_value& v : values)
            if (!found.contains(v.name))
                detail::refuse(fmt::format("{} has no value \"{}\"", file.string(), v.name));
    });
    for (const named_array& a : arrays) {
        const index_list& extents = a.field->cut().extents();
        const box<dynamic> whole{index_list(static_cast<int>(extents.size()), 0), extents};
        detail::load_array(*a.field, a.type, whole, file, a.name, whole);
    }
    call.agree([&] {
        for (const named_value& v : values)
            if (!v.set(found.at(v.name)))
                detail::refuse(fmt::format("{} has \"{}\" as another type, with value {}",
                                           file.string(), v.name,
                                           detail::to_text(found.at(v.name))));
    });
}

checkpoint::checkpoint(const team& team, std::filesystem::path folder,
                       const checkpoint_options& options)
    : state_(std::make_unique<state>()) {
    if (options.keep < 1)
        throw error(errc::invalid_argument,
                    fmt::format("checkpoint(\"{}\"): {} checkpoints cannot be kept; at least 1",
                                folder.string(), options.keep));
    state_->team = team.core();
    state_->folder = std::move(folder);
    state_->options = options;
}

checkpoint::checkpoint(checkpoint&&) noexcept = default;
checkpoint& checkpoint::operator=(checkpoint&&) noexcept = default;
checkpoint::~checkpoint() = default;

void checkpoint::add_array(const std::string& name, detail::array_core& field,
                           const detail::file_type& type) {
    state_->forget(name);
    state_->arrays.push_back({name, &field, type});
}

void checkpoint::add_value(const std::string& name, getter get, setter set) {
    if (name == "step")
        throw error(
            errc::invalid_argument,
            "checkpoint::add(\"step\"): that is what the checkpoint's own number is called");
    state_->forget(name);
    state_->values.push_back({name, std::move(get), std::move(set)});
}

void checkpoint::write(index_t step) {
    const detail::io_call call = state_->begin("write");
    const attributes values = state_->all_values(step);
    const detail::io_call same(state_->team,
                               fmt::format("checkpoint::write({}) in \"{}\", {}", step,
                                           state_->folder.string(), detail::to_text(values)));
    call.agree([&] {
        if (step < 0 || step >= most_steps)
            throw error(errc::invalid_argument, fmt::format("no step: {}", step));
    });
    call.on_first_rank([&] { state_->prepare_folder(step); });
    call.fence();
    detail::hdf5_output output(call, state_->path_of(step).string(), save_mode::replace_file,
                               detail::seal_bytes);
    for (const state::named_array& a : state_->arrays) {
        const index_list& extents = a.field->cut().extents();
        const box<dynamic> whole{index_list(static_cast<int>(extents.size()), 0), extents};
        output.write(call, *a.field, a.type, whole, a.name, {});
    }
    for (const auto& [name, value] : values) output.set_attribute("/", name, value);
    output.commit(call, [&](const std::string& file) {
        detail::seal(call, file, step, state_->options.read_back);
    });
    call.on_first_rank([&] { state_->remove_old(step); });
    state_->refused_steps.clear();
}

std::optional<index_t> checkpoint::latest() {
    return state_->find_latest(state_->begin("latest"));
}

std::optional<index_t> checkpoint::restore() {
    const detail::io_call call = state_->begin("restore");
    const std::optional<index_t> step = state_->find_latest(call);
    if (step) state_->read(call, *step);
    return step;
}

const std::vector<std::string>& checkpoint::refused() const noexcept {
    return state_->refused;
}

const std::filesystem::path& checkpoint::folder() const noexcept {
    return state_->folder;
}

} // namespace nodespan
