#include "things.hpp"

#include "nodespan/detail/together.hpp"

#include <cstdint>
#include <limits>
#include <span>

namespace nodespan::python {
namespace {

// Never destroyed: what is left at the end of the process is nobody's to wait for.
std::vector<std::unique_ptr<team_state>>& roots() {
    static auto* const all = new std::vector<std::unique_ptr<team_state>>();
    return *all;
}

// In what ranks tell each other: behind whether they failed, and what their arguments are.
constexpr std::size_t first_thing = 1 + 2 * sizeof(std::uint64_t);

} // namespace

team_state* team_state::make_root(team ranks) {
    roots().push_back(std::make_unique<team_state>(std::move(ranks)));
    return roots().back().get();
}

team& team_state::ranks(const char* operation) {
    detail::require_live_process(operation);
    if (!is_open())
        throw_python(PyExc_ValueError, std::string("nodespan: ") + operation +
                                           ": the team is closed; make another one");
    return *ranks_;
}

void team_state::meet(const char* operation, const std::optional<failure>& mine,
                      const std::string& arguments) {
    team& everyone = ranks(operation);
    // Zero stays zero in a minimum: who failed, and what somebody still has. Of arguments and their
    // complement both stay only where they are the same on all ranks.
    std::uint64_t sum = detail::fingerprint().add_bytes(std::as_bytes(std::span(arguments))).sum();
    std::vector<std::uint8_t> words{mine ? std::uint8_t{0} : std::uint8_t{1}};
    words.reserve(first_thing + live_.size());
    for (; words.size() < first_thing; sum >>= 8) {
        words.push_back(static_cast<std::uint8_t>(sum & 255));
        words.push_back(static_cast<std::uint8_t>(~words.back() & 255));
    }
    for (const auto& one : live_) words.push_back(one->is_given_up() ? 1 : 0);
    waiting(operation, [&] { all_reduce(everyone, std::span(words), accumulate_op::min); });
    if (words[0] == 0) raise_first(mine);
    for (std::size_t i = 1; i < first_thing; i += 2)
        if (words[i] + words[i + 1] != 255)
            throw_python(PyExc_ValueError, std::string("nodespan: ") + operation +
                                               ": the ranks passed different arguments");
    std::vector<std::unique_ptr<thing>> ended, left;
    for (std::size_t i = 0; i < live_.size(); ++i)
        (words[first_thing + i] != 0 ? ended : left).push_back(std::move(live_[i]));
    live_ = std::move(left);
    if (ended.empty()) return;
    waiting(operation, [&] {
        for (auto& one : ended) one.reset(); // in the order in which they were made
    });
}

void team_state::meet_after(const char* operation, const std::function<void()>& look) {
    std::exception_ptr mine;
    std::optional<failure> told;
    try {
        try {
            look();
        } catch (const py::cast_error& wrong) { // for pybind11 that is a RuntimeError
            throw_python(PyExc_TypeError,
                         std::string("nodespan: ") + operation +
                             ": an argument is of a type that it does not take: " + wrong.what());
        }
    } catch (...) {
        mine = std::current_exception();
        told = failure_in_flight();
    }
    try {
        meet(operation, told);
    } catch (...) {
        if (mine) std::rethrow_exception(mine);
        throw;
    }
}

// The failure of the lowest rank that has one, on all ranks that have none themselves.
void team_state::raise_first(const std::optional<failure>& mine) {
    team& everyone = *ranks_;
    int who = 0;
    std::string text = mine ? mine->type + '\n' + mine->text : std::string();
    waiting("agreement on an error", [&] {
        who = all_reduce(everyone, mine ? everyone.rank() : std::numeric_limits<int>::max(),
                         accumulate_op::min);
        auto size = static_cast<std::uint64_t>(text.size());
        broadcast(everyone, std::span(&size, 1), who);
        text.resize(size);
        broadcast(everyone, std::span(text.data(), text.size()), who);
    });
    if (mine) throw_python(PyExc_RuntimeError, mine->text);
    const std::size_t end = text.find('\n');
    raise_failure({text.substr(0, end), text.substr(end + 1)}, who);
}

std::shared_ptr<team_state> team_state::keep_team(const char* operation,
                                                  std::function<team()> make) {
    std::optional<team> made;
    waiting(operation, [&] { made.emplace(make()); });
    live_.push_back(std::make_unique<team_state>(*std::move(made)));
    auto* const place = static_cast<team_state*>(live_.back().get());
    return std::shared_ptr<team_state>(place, [](team_state* state) { state->give_up(); });
}

bool team_state::is_given_up() const noexcept {
    if (!thing::is_given_up()) return false;
    for (const auto& one : live_)
        if (!one->is_given_up()) return false;
    return true;
}

void team_state::close() {
    if (!is_open()) return;
    meet("Team.close", std::nullopt);
    is_closed_ = true;
    if (!live_.empty()) return; // views of its arrays may still be looked at
    waiting("Team.close", [&] { end(); });
}

void team_state::end() noexcept {
    for (auto& one : live_) {
        if (auto* const inner = dynamic_cast<team_state*>(one.get())) inner->end();
        one.reset();
    }
    live_.clear();
    ranks_.reset();
}

void team_state::end_all() noexcept {
    // A team made later is ended earlier: so ranks that share two of them do not wait crosswise.
    while (!roots().empty()) {
        roots().back()->end();
        roots().pop_back();
    }
}

} // namespace nodespan::python
