#include "output.hpp"

#include "attributes.hpp"
#include "draft.hpp"
#include "names.hpp"
#include "types.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <sys/stat.h>

namespace nodespan::detail {
namespace {

// Elements begin on a page boundary, so that ranks and HDF5 write different pages.
hdf5_handle access_to_write(file_draft& draft) {
    hdf5_handle access = access_to(draft);
    hdf5_check(H5Pset_alignment(access.get(), 64 * 1024, 4096), "H5Pset_alignment");
    // Attributes above 64 KiB need the format of HDF5 1.8.
    hdf5_check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_LATEST),
               "H5Pset_libver_bounds");
    return access;
}

hdf5_handle make_groups() {
    hdf5_handle links(H5Pcreate(H5P_LINK_CREATE), "H5Pcreate");
    hdf5_check(H5Pset_create_intermediate_group(links.get(), 1),
               "H5Pset_create_intermediate_group");
    return links;
}

} // namespace

// Runs `body` on the first rank. If HDF5 could not write, that error is thrown, not a later one
// that it caused.
template <class Body>
void hdf5_output::with_draft(const collective_io& call, Body&& body) {
    call.on_first_rank([&] {
        try {
            body();
        } catch (const error&) {
            if (draft_) draft_->require_good();
            throw;
        }
        draft_->require_good();
    });
}

hdf5_output::hdf5_output(const collective_io& call, std::string file, save_mode mode,
                         std::size_t user_block)
    : team_(call.shared_team()),
      file_(std::move(file)),
      mode_(mode),
      user_block_(user_block) {
    try {
        const quiet_hdf5 quiet;
        with_draft(call, [&] { open_file(); });
        is_new_ = call.from_first_rank(is_new_ ? 1 : 0) != 0;
        call.agree([&] { replacement_ = file_replacement(file_); });
        written_ = is_new_ ? replacement_.part() : file_;
        is_open_ = true;
        elements_ = call.open_to_write(written_);
    } catch (...) {
        drop();
        throw;
    }
}

hdf5_output::~hdf5_output() {
    drop();
}

// Called on the first rank.
void hdf5_output::open_file() {
    if (mode_ != save_mode::replace_file) {
        struct stat status {};
        is_new_ = ::stat(file_.c_str(), &status) != 0 && errno == ENOENT;
    }
    replacement_ = file_replacement(file_);
    written_ = is_new_ ? replacement_.part() : file_;
    if (is_new_) {
        draft_ = std::make_unique<file_draft>(file_draft::make(replacement_.create()));
        const hdf5_handle made(H5Pcreate(H5P_FILE_CREATE), "H5Pcreate");
        hdf5_check(H5Pset_userblock(made.get(), user_block_), "H5Pset_userblock");
        hdf5_ = {
            H5Fcreate(written_.c_str(), H5F_ACC_TRUNC, made.get(), access_to_write(*draft_).get()),
            "H5Fcreate"};
        return;
    }
    draft_ = std::make_unique<file_draft>(file_draft::open(file_));
    if (hdf5_check(H5Fis_hdf5(file_.c_str()), "H5Fis_hdf5") == 0)
        refuse("the file is there, and is no HDF5 file, or a truncated one");
    hdf5_ = {H5Fopen(file_.c_str(), H5F_ACC_RDWR, access_to_write(*draft_).get()), "H5Fopen"};
}

void hdf5_output::drop() noexcept {
    if (!draft_) return;
    const quiet_hdf5 quiet;
    draft_->ignore_writes(); // after one that failed, HDF5 could not close the file otherwise
    replaced_.clear();
    hdf5_ = {};
    draft_.reset(); // takes back what is in the file
    if (is_new_) replacement_.drop();
}

// Called on the first rank. The names that a new dataset gets: more than one if it replaces a
// dataset that has more.
std::vector<std::string> hdf5_output::names_for(const std::string& dataset) {
    const hdf5_path path = follow(hdf5_.get(), dataset);
    if (path.name.empty()) refuse("a dataset needs a name");
    if (!path.is_there) return {path.name};
    hdf5_handle old(H5Oopen(hdf5_.get(), path.name.c_str(), H5P_DEFAULT), "H5Oopen");
    if (own_.contains(address_of(old.get()))) refuse("the file gets two datasets of this name");
    if (mode_ == save_mode::add)
        refuse("the file has something of this name already; save_mode::overwrite replaces it");
    if (H5Iget_type(old.get()) != H5I_DATASET)
        refuse("the file has something of this name that is no dataset");
    std::vector<std::string> names = names_of(hdf5_.get(), old.get(), path.name);
    replaced_.push_back(std::move(old));
    return names;
}

// Called on the first rank. Ranks write elements to the file and not to the draft; so the elements
// must not lie in space that was free inside the old part of the file.
hdf5_handle hdf5_output::create_behind_the_old(const std::string& name, const hdf5_handle& type,
                                               const std::vector<hsize_t>& extents,
                                               const chunk_layout& layout) {
    for (;;) {
        hdf5_handle data(H5Dcreate2(hdf5_.get(), name.c_str(), type.get(), space_of(extents).get(),
                                    make_groups().get(), creation_properties(layout).get(),
                                    H5P_DEFAULT),
                         "H5Dcreate2");
        if (layout.is_used() || H5Dget_storage_size(data.get()) == 0) return data;
        const haddr_t address = H5Dget_offset(data.get());
        if (address == HADDR_UNDEF) hdf5_check(-1, "H5Dget_offset");
        if (address >= draft_->old_bytes()) return data;
        hdf5_check(H5Ldelete(hdf5_.get(), name.c_str(), H5P_DEFAULT), "H5Ldelete");
        replaced_.push_back(std::move(data)); // kept, so that this space stays taken
    }
}

// Called on the first rank.
hdf5_handle hdf5_output::create(const array_core& from, const file_type& type,
                                const box<dynamic_rank>& patch, const chunk_layout& layout,
                                const std::string& dataset, const save_options& options) {
    const hdf5_handle element = native_type(type);
    if (H5Tget_size(element.get()) != from.element_bytes()) refuse("elements differ in size");
    const auto has = [&](const std::string& name) {
        return hdf5_check(H5Lexists(hdf5_.get(), name.c_str(), H5P_DEFAULT), "H5Lexists") > 0;
    };
    const std::size_t replaced = replaced_.size();
    const std::vector<std::string> names = names_for(dataset);
    if (replaced_.size() > replaced)
        for (const std::string& name : names) // two may be one, where a group has two names
            if (has(name))
                hdf5_check(H5Ldelete(hdf5_.get(), name.c_str(), H5P_DEFAULT), "H5Ldelete");
    const std::vector<hsize_t> extents = to_sizes(patch.extents());
    hdf5_handle data = create_behind_the_old(names[0], element, extents, layout);
    for (const std::string& name : names)
        if (name != names[0] && !has(name))
            hdf5_check(H5Lcreate_hard(hdf5_.get(), names[0].c_str(), hdf5_.get(), name.c_str(),
                                      H5P_DEFAULT, H5P_DEFAULT),
                       "H5Lcreate_hard");
    for (const auto& [name, value] : options.attributes) write_attribute(data.get(), name, value);
    own_.insert(address_of(data.get()));
    for (const std::string& name : names) {
        datasets_.push_back({name, type, extents, layout.is_used(), 0, 0});
        set_[name] = options.attributes;
    }
    return data;
}

void hdf5_output::write(const collective_io& call, const array_core& from, const file_type& type,
                        const box<dynamic_rank>& patch, const std::string& dataset,
                        const save_options& options) {
    const quiet_hdf5 quiet;
    chunk_layout layout;
    call.agree([&] {
        if (!is_open_) throw error(errc::invalid_argument, "the writer has ended already");
        layout = chunk_layout_of(options, patch.extents(), from.element_bytes());
    });
    is_open_ = false; // until it is known that all went well
    hdf5_handle data; // of the first rank
    std::uint64_t address = 0;
    const std::size_t others = datasets_.size();
    with_draft(call, [&] {
        data = create(from, type, patch, layout, dataset, options);
        if (!layout.is_used() && !patch.empty()) address = H5Dget_offset(data.get());
    });
    if (layout.is_used()) {
        write_chunks(call, from, type, patch, layout, data.get(), [&] { draft_->require_good(); });
    } else {
        const index_list begin(static_cast<int>(patch.lo.size()), 0);
        const file_patch where{patch, call.from_first_rank(address), patch.extents(), begin};
        call.agree([&] { write_share(from, where, elements_); });
    }
    with_draft(call, [&] {
        for (std::size_t k = others; k < datasets_.size(); ++k) {
            datasets_[k].address = address;
            datasets_[k].stored_bytes = H5Dget_storage_size(data.get());
        }
        data.close("H5Dclose");
    });
    is_open_ = true;
}

void hdf5_output::set_attribute(const std::string& object, const std::string& name,
                                const attribute& value) {
    attributes_.push_back({object, name, value});
}

// Called on the first rank.
void hdf5_output::set_attributes() {
    for (const wanted_attribute& a : attributes_) {
        const hdf5_path object = follow(hdf5_.get(), a.object);
        if (!object.is_there)
            refuse(fmt::format("there is no \"{}\" to set an attribute of", a.object));
        const hdf5_handle open(H5Oopen(hdf5_.get(), ("/" + object.name).c_str(), H5P_DEFAULT),
                               "H5Oopen");
        write_attribute(open.get(), a.name, a.value);
        set_[object.name][a.name] = a.value;
    }
}

// Called on the first rank. Does all but naming a new file, or applying the changes of an old one.
void hdf5_output::finish_file() {
    set_attributes();
    for (hdf5_handle& old : replaced_) old.close("H5Oclose");
    hdf5_check(H5Fflush(hdf5_.get(), H5F_SCOPE_GLOBAL), "H5Fflush");
    hdf5_.close("H5Fclose");
    draft_->require_good();
    draft_->sync();
    hdf5_ = {H5Fopen(written_.c_str(), H5F_ACC_RDONLY, access_to(*draft_).get()), "H5Fopen"};
    prove(hdf5_.get(), datasets_, set_);
    hdf5_.close("H5Fclose");
}

void hdf5_output::commit(const collective_io& call,
                         const std::function<void(const std::string&)>& before_naming) {
    const quiet_hdf5 quiet;
    call.agree([&] {
        if (!is_open_) throw error(errc::invalid_argument, "the writer has ended already");
    });
    is_open_ = false;
    // The elements must be on the disk before the file gets its name; otherwise a crash could leave
    // a name without contents.
    call.agree([&] { elements_.finish(); });
    try {
        with_draft(call, [&] { finish_file(); });
        if (before_naming) before_naming(written_);
        call.on_first_rank([&] {
            if (is_new_) {
                replacement_.give_name();
                draft_->keep();
            } else {
                draft_->apply();
            }
            draft_->unlock(); // other ranks may read the file at once
        });
    } catch (...) {
        drop();
        throw;
    }
    if (draft_) draft_->keep();
    draft_.reset();
}

std::string quote_call(const char* operation, const array_core& array, const file_type& type,
                       const box<dynamic_rank>& patch, const std::string& file,
                       const std::string& dataset, const std::string& more) {
    const index_list& extents = array.cut().extents();
    const box<dynamic_rank> whole{index_list(static_cast<int>(extents.size()), 0), extents};
    return fmt::format("{}({}{}{}, \"{}\", \"{}\"{})", operation, to_text(type), to_text(extents),
                       patch == whole ? "" : ", " + to_text(patch), file, dataset, more);
}

void require_patch(const array_core& array, const box<dynamic_rank>& patch) {
    const index_list& extents = array.cut().extents();
    for (std::size_t d = 0; d < extents.size(); ++d)
        if (patch.lo[d] < 0 || patch.hi[d] < patch.lo[d] || patch.hi[d] > extents[d])
            throw error(errc::out_of_range,
                        fmt::format("the box is outside extents {}", to_text(extents)));
}

} // namespace nodespan::detail
