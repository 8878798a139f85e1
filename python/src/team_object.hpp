#pragma once

#include "things.hpp"

#include <memory>

namespace nodespan::python {

/// A team as Python holds it.
class team_object {
public:
    explicit team_object(std::shared_ptr<team_state> state) : state_(std::move(state)) {}

    const std::shared_ptr<team_state>& shared() const noexcept { return state_; }
    team_state& state() const noexcept { return *state_; }
    team& ranks(const char* operation) const { return state_->ranks(operation); }

private:
    std::shared_ptr<team_state> state_;
};

} // namespace nodespan::python
