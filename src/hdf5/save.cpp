#include "attributes.hpp"
#include "nodespan/detail/process_state.hpp"
#include "nodespan/hdf5.hpp"
#include "output.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <fcntl.h>

namespace nodespan {
namespace detail {
namespace {

const char* name_of(save_mode mode) {
    switch (mode) {
    case save_mode::replace_file:
        return "replace_file";
    case save_mode::add:
        return "add";
    case save_mode::overwrite:
        return "overwrite";
    }
    return "unknown";
}

// The options that differ from the defaults, for messages and for comparing ranks.
std::string quote(const save_options& options) {
    const save_options usual;
    std::string text;
    if (options.mode != usual.mode) text += fmt::format(", {}", name_of(options.mode));
    if (!options.chunk.empty())
        text += fmt::format(", chunk {{{}}}", fmt::join(options.chunk, ", "));
    if (options.deflate != 0) text += fmt::format(", deflate {}", options.deflate);
    if (options.shuffle) text += ", shuffle";
    if (options.checksum) text += ", checksum";
    if (!options.attributes.empty()) text += ", attributes " + to_text(options.attributes);
    return text;
}

collective_io begin_write(std::shared_ptr<team_core> team, const char* operation,
                          const array_core& from, const file_type& type,
                          const box<dynamic_rank>& patch, const std::string& file,
                          const std::string& dataset, const save_options& options) {
    collective_io call(std::move(team),
                       quote_call(operation, from, type, patch, file, dataset, quote(options)));
    call.agree([&] { require_patch(from, patch); });
    call.fence();
    return call;
}

} // namespace

void save_array(const array_core& from, const file_type& type, const box<dynamic_rank>& patch,
                const std::filesystem::path& file, const std::string& dataset,
                const save_options& options) {
    const collective_io call = begin_write(detail::access::core(from.get_team()), "save_hdf5", from,
                                           type, patch, file.string(), dataset, options);
    hdf5_output output(call, file.string(), options.mode);
    output.write(call, from, type, patch, dataset, options);
    output.commit(call);
}

} // namespace detail

hdf5_writer::hdf5_writer(const team& team, const std::filesystem::path& file, save_mode mode) {
    const detail::collective_io call(
        detail::access::core(team),
        fmt::format("hdf5_writer(\"{}\", {})", file.string(), detail::name_of(mode)));
    output_ = std::make_unique<detail::hdf5_output>(call, file.string(), mode);
}

hdf5_writer::hdf5_writer(hdf5_writer&&) noexcept = default;
hdf5_writer& hdf5_writer::operator=(hdf5_writer&&) noexcept = default;
// In a fork it does nothing: the file belongs to the parent.
hdf5_writer::~hdf5_writer() {
    if (detail::is_forked()) static_cast<void>(output_.release());
}

detail::hdf5_output& hdf5_writer::live() const {
    if (output_ == nullptr) detail::refuse_moved_from("hdf5_writer");
    return *output_;
}

void hdf5_writer::write(const detail::array_core& from, const detail::file_type& type,
                        const box<dynamic_rank>& patch, const std::string& dataset,
                        const save_options& options) {
    const detail::collective_io call =
        detail::begin_write(live().shared_team(), "hdf5_writer::save", from, type, patch,
                            live().file(), dataset, options);
    live().write(call, from, type, patch, dataset, options);
}

void hdf5_writer::set_attribute(const std::string& object, const std::string& name,
                                const attribute& value) {
    detail::refuse_zero_bytes(fmt::format("hdf5_writer::set_attribute(\"{}\", \"{}\", {})", object,
                                          name, detail::to_text(value)));
    live().set_attribute(object, name, value);
}

void hdf5_writer::commit() {
    const detail::collective_io call(live().shared_team(),
                                     fmt::format("hdf5_writer::commit(\"{}\")", live().file()));
    live().commit(call);
}

void set_attribute(const team& team, const std::filesystem::path& file, const std::string& object,
                   const std::string& name, const attribute& value) {
    const detail::collective_io call(detail::access::core(team),
                                     fmt::format("set_attribute(\"{}\", \"{}\", \"{}\", {})",
                                                 file.string(), object, name,
                                                 detail::to_text(value)));
    call.agree([&] {
        const detail::posix_file possible = detail::posix_file::open_to_write(file.string());
    });
    detail::hdf5_output output(call, file.string(), save_mode::add);
    output.set_attribute(object, name, value);
    output.commit(call);
}

} // namespace nodespan
