#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace nodespan::detail {

/// What an error says, without the name of the library that its message begins with: for messages
/// that quote it.
inline std::string_view without_name(std::string_view message) noexcept {
    constexpr std::string_view ours = "nodespan: ";
    if (message.starts_with(ours)) message.remove_prefix(ours.size());
    return message;
}
inline std::string cause_of(const std::exception& failure) {
    return std::string(without_name(failure.what()));
}

} // namespace nodespan::detail
