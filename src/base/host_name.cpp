#include "host_name.hpp"

#include <array>
#include <unistd.h>

namespace nodespan::detail {

std::string host_name() {
    std::array<char, 256> name{};
    if (gethostname(name.data(), name.size() - 1) != 0) return "unknown host";
    return name.data();
}

} // namespace nodespan::detail
