#pragma once

#include "binding.hpp"
#include "errors.hpp"
#include "waiting.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace nodespan::python {

/// What lives on a team and ends in the same order on all of its ranks.
///
/// Python gives objects up when it likes: at other moments on each rank. So giving up only sets a
/// flag; what all ranks have given up ends when they meet to make something else.
class thing {
public:
    virtual ~thing() = default;

    void give_up() noexcept { is_given_up_.store(true, std::memory_order_release); }
    virtual bool is_given_up() const noexcept {
        return is_given_up_.load(std::memory_order_acquire);
    }

private:
    std::atomic<bool> is_given_up_{false};
};

/// Some core, as a thing.
template <class Core>
class held : public thing {
public:
    explicit held(std::unique_ptr<Core> core) : core_(std::move(core)) {}
    Core* get() const noexcept { return core_.get(); }

private:
    std::unique_ptr<Core> core_;
};

/// A team and all that lives on it, in the order in which it was made: the same on all ranks.
class team_state : public thing {
public:
    explicit team_state(team ranks) : ranks_(std::move(ranks)) {}

    /// A team that Python has made itself: stays until it is closed, or MPI ends.
    static team_state* make_root(team ranks);

    /// Throws RuntimeError or ValueError where the team may not be used.
    team& ranks(const char* operation);
    bool is_open() const noexcept { return ranks_.has_value() && !is_closed_; }

    /// Meets all ranks, which make something: throws on all where one brings a failure or they bring
    /// different `arguments`, and ends what all have given up.
    /// Call: collective. Cost: a meeting, with a byte for each thing that lives.
    void meet(const char* operation, const std::optional<failure>& mine,
              const std::string& arguments = {});

    /// The same around `look`, whose exceptions are brought.
    void meet_after(const char* operation, const std::function<void()>& look);

    /// Makes a core by `make`, which is collective and runs without the GIL. What is returned gives
    /// it up when nobody holds it any more.
    template <class Core, class Make>
    std::shared_ptr<Core> keep(const char* operation, Make&& make) {
        auto made = std::make_unique<held<Core>>(
            waiting(operation, [&] { return std::unique_ptr<Core>(make()); }));
        held<Core>* const place = made.get();
        live_.push_back(std::move(made));
        return std::shared_ptr<Core>(place->get(), [place](Core*) { place->give_up(); });
    }

    /// The same for a team of some of its ranks.
    std::shared_ptr<team_state> keep_team(const char* operation, std::function<team()> make);

    /// Nothing more is made of it; it ends now if nothing lives on it any more, else when MPI ends.
    /// Call: collective.
    void close();

    bool is_given_up() const noexcept override;

    std::size_t count() const noexcept { return live_.size(); }

    /// Ends all teams in one order on all ranks. Call: when Python has ended and MPI has not.
    static void end_all() noexcept;

private:
    [[noreturn]] void raise_first(const std::optional<failure>& mine);
    void end() noexcept;

    std::optional<team> ranks_;
    bool is_closed_ = false;
    std::vector<std::unique_ptr<thing>> live_; // after the team: ends first
};

} // namespace nodespan::python
