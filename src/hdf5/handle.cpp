#include "handle.hpp"

#include "nodespan/error.hpp"

#include <fmt/format.h>

namespace nodespan::detail {
namespace {

struct error_texts {
    std::string innermost; // the cause
    std::string outermost; // what could not be done because of it
};

herr_t collect(unsigned depth, const H5E_error2_t* entry, void* data) {
    auto& texts = *static_cast<error_texts*>(data);
    const char* text = entry->desc != nullptr ? entry->desc : "";
    if (depth == 0) texts.innermost = text;
    texts.outermost = text;
    return 0;
}

} // namespace

hid_t hdf5_check(hid_t result, const char* operation) {
    if (result >= 0) return result;
    error_texts texts;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, &collect, &texts);
    H5Eclear2(H5E_DEFAULT);
    if (texts.innermost == texts.outermost)
        throw error(errc::io, fmt::format("{}: {}", operation, texts.innermost));
    throw error(errc::io, fmt::format("{}: {}: {}", operation, texts.outermost, texts.innermost));
}

} // namespace nodespan::detail
