#include "nodespan/checkpoint.hpp"

#include "attributes.hpp"
#include "checkpoint_seal.hpp"
#include "folder_lock.hpp"
#include "nodespan/hdf5.hpp"
#include "output.hpp"

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

// The step in the name of a file, which ends with `ending`.
std::optional<index_t> step_of(const std::string& name, const std::string& ending = "") {
    index_t step = 0;
    if (!name.starts_with("step-")) return std::nullopt;
    const auto [rest, problem] = std::from_chars(name.data() + 5, name.data() + name.size(), step);
    if (problem != std::errc() || step < 0 || name != file_name(step) + ending) return std::nullopt;
    return step;
}

// The steps of all checkpoints in a folder, in ascending order; the folder need not exist.
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

bool has(const std::vector<index_t>& steps, index_t step) {
    return std::find(steps.begin(), steps.end(), step) != steps.end();
}

// A text shortened for messages.
std::string shortened(std::string text) {
    constexpr std::size_t most = 60;
    if (text.size() <= most) return text;
    return text.substr(0, most) + "...";
}

// The values as text, for messages and for comparing ranks: of a long text, the beginning and a
// hash.
std::string quote(const attributes& values) {
    std::string result = "{";
    for (const auto& [name, value] : values) {
        const std::string whole = detail::to_text(value), shown = shortened(whole);
        result += fmt::format("{}{}={}", result.size() > 1 ? ", " : "", name, shown);
        if (shown != whole)
            result += fmt::format(" ({} characters, hash {:016x})", whole.size(),
                                  std::hash<std::string>{}(whole));
    }
    return result + "}";
}

void require_whole_texts(const attributes& values) {
    for (const auto& [name, value] : values)
        if (detail::to_text(value).find('\0') != std::string::npos)
            throw error(errc::invalid_argument,
                        fmt::format("\"{}\" has a zero byte in its text, where files would end it; "
                                    "keep such bytes in an array or a list of numbers",
                                    name));
}

std::string cause_of(const error& failure) {
    return std::string(failure.what()).substr(std::strlen("nodespan: "));
}

} // namespace

struct checkpoint::state {
    struct named_array {
        std::string name;
        detail::array_core* field;
        detail::file_type type;
    };
    struct named_value {
        std::string name, type;
        getter get;
        setter set;
    };

    std::shared_ptr<detail::team_core> team;
    fs::path folder;
    checkpoint_options options;
    std::vector<named_array> arrays;
    std::vector<named_value> values;
    std::vector<std::string> refused;
    std::vector<index_t> damaged; // of those refused; the next write removes them
    std::vector<index_t> unfit;   // the others, which stay
    detail::folder_lock lock;     // the first rank's, once it may write

    detail::collective_io begin(const std::string& operation) const {
        std::string names; // lest ranks bring different sets
        for (const named_array& a : arrays)
            names += fmt::format(", {}: {}{}", a.name, detail::to_text(a.type),
                                 detail::to_text(a.field->cut().extents()));
        for (const named_value& v : values) names += ", " + v.name;
        return {team, fmt::format("checkpoint::{}(\"{}\"{})", operation, folder.string(), names)};
    }

    // Removes what has this name, so that a name stands for one thing only.
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

    void take_folder();
    void prepare_folder(index_t step);
    void remove_old(index_t step) const;
    std::vector<index_t> begin_search(const detail::collective_io& call);
    bool is_whole(const detail::collective_io& call, index_t step);
    std::optional<index_t> find_latest(const detail::collective_io& call);
    std::optional<index_t> restore(const detail::collective_io& call);
    attributes require_fit(const detail::collective_io& call, index_t step) const;
    void read(index_t step, const attributes& found) const;
};

// Called on the first rank.
void checkpoint::state::take_folder() {
    std::error_code problem;
    fs::create_directories(folder, problem);
    if (problem)
        detail::refuse(
            fmt::format("cannot make the folder {}: {}", folder.string(), problem.message()));
    lock.take(folder);
}

// Called on the first rank.
void checkpoint::state::prepare_folder(index_t step) {
    take_folder();
    for (const index_t other : steps_in(folder))
        if (other > step && !has(damaged, other) && !has(unfit, other))
            throw error(
                errc::invalid_argument,
                fmt::format("the folder holds a checkpoint of a later step, {}, which would "
                            "be taken for the latest: restore it, or take another folder",
                            other));
}

// Called on the first rank, when the checkpoint of `step` is finished. Files that cannot be removed
// stay.
void checkpoint::state::remove_old(index_t step) const {
    std::error_code ignored;
    for (const index_t broken : damaged)
        if (broken != step) fs::remove(path_of(broken), ignored);
    std::vector<index_t> steps = steps_in(folder);
    std::erase_if(steps, [&](index_t other) { return has(unfit, other); });
    const auto stay = static_cast<std::size_t>(options.keep);
    for (std::size_t k = 0; k + stay < steps.size(); ++k) fs::remove(path_of(steps[k]), ignored);
    for (const index_t left : steps_in(folder, ".part")) // by jobs that were killed
        fs::remove(folder / (file_name(left) + ".part"), ignored);
}

// The steps of all checkpoints, the latest last.
std::vector<index_t> checkpoint::state::begin_search(const detail::collective_io& call) {
    refused.clear();
    damaged.clear();
    unfit.clear();
    std::vector<index_t> steps;
    call.on_first_rank([&] { steps = steps_in(folder); });
    steps.resize(call.from_first_rank(steps.size()));
    for (index_t& step : steps)
        step = static_cast<index_t>(call.from_first_rank(static_cast<std::uint64_t>(step)));
    return steps;
}

// Whether its checksum is right, and HDF5 can open all that is in it; the same on all ranks.
bool checkpoint::state::is_whole(const detail::collective_io& call, index_t step) {
    std::string problem = detail::problem_of_sealed(team, path_of(step).string(), step);
    if (problem.empty()) try {
            call.on_first_rank([&] {
                static_cast<void>(list_datasets(path_of(step)));
                static_cast<void>(read_attributes(path_of(step)));
            });
            return true;
        } catch (const error& failure) {
            if (failure.code() != errc::io) throw;
            problem = cause_of(failure);
        }
    refused.push_back(problem);
    damaged.push_back(step);
    return false;
}

std::optional<index_t> checkpoint::state::find_latest(const detail::collective_io& call) {
    std::vector<index_t> steps = begin_search(call);
    for (; !steps.empty(); steps.pop_back())
        if (is_whole(call, steps.back())) return steps.back();
    return std::nullopt;
}

std::optional<index_t> checkpoint::state::restore(const detail::collective_io& call) {
    std::optional<error> misfit, half_read;
    std::vector<index_t> steps = begin_search(call);
    for (; !steps.empty(); steps.pop_back()) {
        const index_t step = steps.back();
        if (!is_whole(call, step)) continue;
        bool is_fit = false;
        try {
            const attributes found = require_fit(call, step);
            is_fit = true;
            read(step, found);
            return step;
        } catch (const error& failure) {
            if (failure.code() != errc::io) throw;
            refused.push_back(cause_of(failure));
            unfit.push_back(step);
            std::optional<error>& first = is_fit ? half_read : misfit;
            if (!first) first = failure;
        }
    }
    if (half_read) throw error(*half_read);
    if (misfit) throw error(*misfit);
    return std::nullopt;
}

// Throws unless the checkpoint has all that was added, with the same types; returns its values.
attributes checkpoint::state::require_fit(const detail::collective_io& call, index_t step) const {
    const fs::path file = path_of(step);
    attributes found;
    call.agree([&] {
        found = read_attributes(file);
        for (const named_value& v : values) {
            const auto value = found.find(v.name);
            if (value == found.end())
                detail::refuse(fmt::format("{} has no value \"{}\"", file.string(), v.name));
            if (!v.set(value->second, true))
                detail::refuse(fmt::format("{} has \"{}\" as another type than {}, with value {}",
                                           file.string(), v.name, v.type,
                                           shortened(detail::to_text(value->second))));
        }
    });
    for (const named_array& a : arrays) {
        const index_list& extents = a.field->cut().extents();
        const index_list stored = detail::stored_extents(
            a.field->get_team(), a.type, static_cast<int>(extents.size()), file, a.name);
        call.agree([&] {
            if (stored != extents)
                detail::refuse(fmt::format("{} has \"{}\" with extents {}, the array has {}",
                                           file.string(), a.name, detail::to_text(stored),
                                           detail::to_text(extents)));
        });
    }
    return found;
}

void checkpoint::state::read(index_t step, const attributes& found) const {
    for (const named_array& a : arrays) {
        const index_list& extents = a.field->cut().extents();
        const box<dynamic_rank> whole{index_list(static_cast<int>(extents.size()), 0), extents};
        detail::load_array(*a.field, a.type, whole, path_of(step), a.name, whole);
    }
    for (const named_value& v : values) v.set(found.at(v.name), false);
}

checkpoint::checkpoint(const team& team, std::filesystem::path folder,
                       const checkpoint_options& options)
    : state_(std::make_unique<state>()) {
    if (options.keep < 1)
        throw error(errc::invalid_argument,
                    fmt::format("checkpoint(\"{}\"): {} checkpoints cannot be kept; at least 1",
                                folder.string(), options.keep));
    state_->team = detail::access::core(team);
    state_->folder = std::move(folder);
    state_->options = options;
}

checkpoint::checkpoint(checkpoint&&) noexcept = default;
checkpoint& checkpoint::operator=(checkpoint&&) noexcept = default;
checkpoint::~checkpoint() = default;

checkpoint::state& checkpoint::live() const {
    if (state_ == nullptr) detail::refuse_moved_from("checkpoint");
    return *state_;
}

void checkpoint::add_core(const std::string& name, detail::array_core& field,
                          const detail::file_type& type) {
    live().forget(name);
    live().arrays.push_back({name, &field, type});
}

void checkpoint::add_value(const std::string& name, const std::string& type, getter get,
                           setter set) {
    if (name == "step")
        throw error(
            errc::invalid_argument,
            "checkpoint::add(\"step\"): that is what the checkpoint's own number is called");
    live().forget(name);
    live().values.push_back({name, type, std::move(get), std::move(set)});
}

void checkpoint::reserve() {
    const detail::collective_io call = state_->begin("reserve");
    call.on_first_rank([&] { state_->take_folder(); });
}

void checkpoint::write(index_t step) {
    const detail::collective_io call = live().begin("write");
    const attributes values = live().all_values(step);
    const detail::collective_io same(live().team,
                                     fmt::format("checkpoint::write({}) in \"{}\", {}", step,
                                                 live().folder.string(), quote(values)));
    call.agree([&] {
        if (step < 0 || step >= most_steps)
            throw error(errc::invalid_argument, fmt::format("no step: {}", step));
        require_whole_texts(values);
    });
    call.on_first_rank([&] { live().prepare_folder(step); });
    call.fence();
    detail::hdf5_output output(call, live().path_of(step).string(), save_mode::replace_file,
                               detail::seal_bytes);
    for (const state::named_array& a : live().arrays) {
        const index_list& extents = a.field->cut().extents();
        const box<dynamic_rank> whole{index_list(static_cast<int>(extents.size()), 0), extents};
        output.write(call, *a.field, a.type, whole, a.name, {});
    }
    for (const auto& [name, value] : values) output.set_attribute("/", name, value);
    output.commit(call, [&](const std::string& file) {
        detail::seal(call, file, step, live().options.read_back);
    });
    std::erase(live().unfit, step); // replaced
    call.on_first_rank([&] { live().remove_old(step); });
    live().damaged.clear();
}

std::optional<index_t> checkpoint::latest() {
    return live().find_latest(live().begin("latest"));
}

std::optional<index_t> checkpoint::restore() {
    return live().restore(live().begin("restore"));
}

const std::vector<std::string>& checkpoint::refused() const {
    return live().refused;
}

const std::filesystem::path& checkpoint::folder() const {
    return live().folder;
}

} // namespace nodespan
