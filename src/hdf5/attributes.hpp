#pragma once

#include "nodespan/hdf5_info.hpp"

#include <hdf5.h>

#include <string>

namespace nodespan::detail {

/// Sets an attribute of an open object; an attribute of that name is replaced.
/// Errors: errc::io.
void write_attribute(hid_t object, const std::string& name, const attribute& value);

/// All attributes of an open object whose types `attribute` has.
/// Errors: errc::io.
attributes attributes_of(hid_t object);

/// The value as messages show it, and as ranks compare it.
std::string to_text(const attribute& value);
std::string to_text(const attributes& values);

} // namespace nodespan::detail
