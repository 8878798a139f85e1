#include "hdf5_output.hpp"

#include "hdf5_attributes.hpp"
#include "hdf5_types.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace nodespan::detail {
namespace {

namespace fs = std::filesystem;

// What HDF5 needs at most to give datasets names: had before, no full disk can stop it halfway.
constexpr off_t names_bytes = 1024 * 1024;

// Elements begin on a page, so that ranks and HDF5 never write the same one.
hdf5_handle file_access() {
    hdf5_handle access(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate");
    hdf5_check(H5Pset_alignment(access.get(), 64 * 1024, 4096), "H5Pset_alignment");
    // Attributes above 64 KiB need the format of HDF5 1.8.
    hdf5_check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_LATEST),
               "H5Pset_libver_bounds");
    return access;
}

// A name without slashes before, behind, or doubled.
std::string plain_name(const std::string& path) {
    std::string result;
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        if (end > at) result += (result.empty() ? "" : "/") + path.substr(at, end - at);
        at = end + 1;
    }
    return result;
}

// Whether something has this name. Every group on the way has to be asked for.
bool has_link(hid_t file, const std::string& name) {
    for (std::size_t end = name.find('/');; end = name.find('/', end + 1)) {
        const std::string part = name.substr(0, end);
        if (hdf5_check(H5Lexists(file, part.c_str(), H5P_DEFAULT), "H5Lexists") == 0) return false;
        if (end == std::string::npos) return true;
    }
}

hdf5_handle make_groups() {
    hdf5_handle links(H5Pcreate(H5P_LINK_CREATE), "H5Pcreate");
    hdf5_check(H5Pset_create_intermediate_group(links.get(), 1),
               "H5Pset_create_intermediate_group");
    return links;
}

// Lets what HDF5 still has to write go nowhere: after a write that failed it would leave a file
// that is shorter than it says.
void divert(hid_t file) noexcept {
    void* descriptor = nullptr;
    if (H5Fget_vfd_handle(file, H5P_DEFAULT, &descriptor) < 0 || descriptor == nullptr) return;
    const int nowhere = ::memfd_create("nodespan", MFD_CLOEXEC);
    if (nowhere < 0) return;
    ::dup3(nowhere, *static_cast<const int*>(descriptor), O_CLOEXEC);
    ::close(nowhere);
}

} // namespace

hdf5_output::hdf5_output(const io_call& call, std::string file, save_mode mode,
                         std::size_t user_block)
    : team_(call.shared_team()),
      file_(std::move(file)),
      mode_(mode),
      user_block_(user_block) {
    try {
        const quiet_hdf5 quiet;
        call.on_first_rank([&] { open_file(); });
        is_new_ = call.from_first_rank(is_new_ ? 1 : 0) != 0;
        call.agree([&] { place_ = file_replacement(file_); });
        written_ = is_new_ ? place_.part() : file_;
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

// What HDF5 changes as soon as it opens a file. It begins at 0, 512, 1024, 2048 and so on.
hdf5_output::file_bytes hdf5_output::superblock_of(const posix_file& file) {
    constexpr std::string_view signature = "\211HDF\r\n\032\n";
    constexpr std::size_t longest = 128;
    const std::uint64_t size = file.size();
    for (std::uint64_t at = 0; at < size; at = std::max<std::uint64_t>(512, 2 * at)) {
        std::string bytes(longest, '\0');
        bytes.resize(file.read_some(at, bytes.data(), longest));
        if (bytes.starts_with(signature)) return {at, bytes};
    }
    return {};
}

// On the first rank.
void hdf5_output::open_file() {
    if (mode_ != save_mode::replace_file) {
        struct stat status {};
        is_new_ = ::stat(file_.c_str(), &status) != 0 && errno == ENOENT;
    }
    if (is_new_) {
        place_ = file_replacement(file_);
        written_ = place_.part();
        static_cast<void>(place_.create()); // HDF5 makes one with everybody's rights
        const hdf5_handle made(H5Pcreate(H5P_FILE_CREATE), "H5Pcreate");
        hdf5_check(H5Pset_userblock(made.get(), user_block_), "H5Pset_userblock");
        hdf5_ = {H5Fcreate(written_.c_str(), H5F_ACC_TRUNC, made.get(), file_access().get()),
                 "H5Fcreate"};
        return;
    }
    const posix_file possible = posix_file::open_to_write(file_);
    if (hdf5_check(H5Fis_hdf5(file_.c_str()), "H5Fis_hdf5") == 0)
        refuse("the file is there, and is no HDF5 file, or a truncated one");
    old_bytes_ = possible.size();
    old_superblock_ = superblock_of(possible);
    written_ = file_;
    hdf5_ = {H5Fopen(file_.c_str(), H5F_ACC_RDWR, file_access().get()), "H5Fopen"};
}

void hdf5_output::drop() noexcept {
    if (!hdf5_.is_open()) return;
    const quiet_hdf5 quiet;
    if (!is_new_ && !has_names_) divert(hdf5_.get());
    datasets_.clear(); // without names HDF5 takes them away, and their space
    hdf5_ = {};
    if (is_new_) {
        place_.drop();
    } else if (!has_names_) {
        try {
            const posix_file old = posix_file::open_to_write(written_);
            old.write(old_superblock_.offset, old_superblock_.bytes.data(),
                      old_superblock_.bytes.size());
            [[maybe_unused]] const int result =
                ::ftruncate(old.descriptor(), static_cast<off_t>(old_bytes_));
        } catch (const error&) { // a file that could be written before
        }
    }
}

// On the first rank.
void hdf5_output::require_new_name(const std::string& dataset) const {
    if (dataset.empty()) refuse("a dataset needs a name");
    for (const nameless_dataset& other : datasets_)
        if (other.name == dataset) refuse("the file gets two datasets of this name");
    if (is_new_ || !has_link(hdf5_.get(), dataset)) return;
    if (mode_ == save_mode::add)
        refuse("the file has something of this name already; save_mode::overwrite replaces it");
    const hdf5_handle old(H5Oopen(hdf5_.get(), dataset.c_str(), H5P_DEFAULT), "H5Oopen");
    if (H5Iget_type(old.get()) != H5I_DATASET)
        refuse("the file has something of this name that is no dataset");
}

// On the first rank. Returns where the elements begin.
std::uint64_t hdf5_output::create(const array_core& from, const file_type& type,
                                  const box<dynamic>& patch, const chunk_layout& layout,
                                  const std::string& dataset, const save_options& options) {
    require_new_name(dataset);
    const hdf5_handle element = native_type(type);
    hdf5_handle data(H5Dcreate_anon(hdf5_.get(), element.get(),
                                    space_of(to_sizes(patch.extents())).get(),
                                    creation_properties(layout).get(), H5P_DEFAULT),
                     "H5Dcreate_anon");
    for (const auto& [name, value] : options.attributes) write_attribute(data.get(), name, value);
    std::uint64_t place = 0;
    if (!layout.is_used() && !patch.empty()) {
        place = H5Dget_offset(data.get());
        if (place == HADDR_UNDEF) hdf5_check(-1, "H5Dget_offset");
    }
    if (H5Tget_size(element.get()) != from.element_bytes()) refuse("elements differ in size");
    datasets_.push_back({dataset, std::move(data)});
    return place;
}

void hdf5_output::write(const io_call& call, const array_core& from, const file_type& type,
                        const box<dynamic>& patch, const std::string& dataset,
                        const save_options& options) {
    const quiet_hdf5 quiet;
    chunk_layout layout;
    call.agree([&] {
        if (!is_open_) throw error(errc::invalid_argument, "the writer has ended already");
        layout = chunk_layout_of(options, patch.extents(), from.element_bytes());
    });
    is_open_ = false; // until it is known that all went well
    std::uint64_t place = 0;
    call.on_first_rank(
        [&] { place = create(from, type, patch, layout, plain_name(dataset), options); });
    if (layout.is_used()) {
        write_chunks(call, from, type, patch, layout,
                     call.is_first_rank() ? datasets_.back().data.get() : -1);
    } else {
        const index_list begin(static_cast<int>(patch.lo.size()), 0);
        const file_patch where{patch, call.from_first_rank(place), patch.extents(), begin};
        call.agree([&] { write_share(from, where, elements_); });
    }
    is_open_ = true;
}

void hdf5_output::set_attribute(const std::string& object, const std::string& name,
                                const attribute& value) {
    attributes_.push_back({object, name, value});
}

// On the first rank. As much as can fail is done before anything has a name. What is left are new
// groups' attributes, which are applied with their names.
void hdf5_output::set_attributes_before_names() {
    std::vector<wanted_attribute> later;
    for (const wanted_attribute& a : attributes_) {
        const std::string object = plain_name(a.object);
        const auto is_called = [&](const nameless_dataset& d) { return d.name == object; };
        const auto is_inside = [&](const nameless_dataset& d) {
            return d.name.starts_with(object + "/");
        };
        const auto own = std::find_if(datasets_.begin(), datasets_.end(), is_called);
        if (own != datasets_.end()) {
            write_attribute(own->data.get(), a.name, a.value);
        } else if (object.empty() || has_link(hdf5_.get(), object)) {
            const hdf5_handle open(H5Oopen(hdf5_.get(), ("/" + object).c_str(), H5P_DEFAULT),
                                   "H5Oopen");
            write_attribute(open.get(), a.name, a.value);
        } else if (std::any_of(datasets_.begin(), datasets_.end(), is_inside)) {
            later.push_back(a);
        } else {
            refuse(fmt::format("there is no \"{}\" to set an attribute of", a.object));
        }
    }
    attributes_ = std::move(later);
}

// On the first rank. What goes wrong from here on, a crash of the machine above all, can leave an
// existing file with some of the names, or damaged.
void hdf5_output::give_names() {
    set_attributes_before_names();
    has_names_ = true;
    const hdf5_handle links = make_groups();
    for (nameless_dataset& d : datasets_) {
        if (!is_new_ && mode_ == save_mode::overwrite && has_link(hdf5_.get(), d.name))
            hdf5_check(H5Ldelete(hdf5_.get(), d.name.c_str(), H5P_DEFAULT), "H5Ldelete");
        hdf5_check(H5Olink(d.data.get(), hdf5_.get(), d.name.c_str(), links.get(), H5P_DEFAULT),
                   "H5Olink");
    }
    for (const wanted_attribute& a : attributes_) {
        const hdf5_handle group(H5Oopen(hdf5_.get(), a.object.c_str(), H5P_DEFAULT), "H5Oopen");
        write_attribute(group.get(), a.name, a.value);
    }
}

// On the first rank, when all elements are on the disk.
void hdf5_output::finish_file() {
    posix_file whole = posix_file::open_to_write(written_);
    const auto size = [&] { return static_cast<off_t>(whole.size()); };
    if (::fallocate(whole.descriptor(), FALLOC_FL_KEEP_SIZE, size(), names_bytes) != 0 &&
        errno == ENOSPC)
        refuse_by_system(fmt::format("cannot finish {}", written_));
    give_names();
    for (nameless_dataset& d : datasets_) d.data.close("H5Dclose");
    datasets_.clear();
    hdf5_check(H5Fflush(hdf5_.get(), H5F_SCOPE_GLOBAL), "H5Fflush");
    hdf5_.close("H5Fclose");
    if (::ftruncate(whole.descriptor(), size()) != 0)
        refuse_by_system(fmt::format("cannot finish {}", written_));
    whole.finish();
}

void hdf5_output::commit(const io_call& call,
                         const std::function<void(const std::string&)>& before_naming) {
    const quiet_hdf5 quiet;
    call.agree([&] {
        if (!is_open_) throw error(errc::invalid_argument, "the writer has ended already");
    });
    is_open_ = false;
    // On the disk before anything is called so, or a crash could leave a name without contents.
    call.agree([&] { elements_.finish(); });
    try {
        call.on_first_rank([&] { finish_file(); });
        if (before_naming) before_naming(written_);
        call.on_first_rank([&] {
            if (is_new_) place_.give_name();
        });
    } catch (...) {
        if (is_new_ && call.is_first_rank()) place_.drop();
        throw;
    }
}

std::string quote_call(const char* operation, const array_core& array, const file_type& type,
                       const box<dynamic>& patch, const std::string& file,
                       const std::string& dataset, const std::string& more) {
    const index_list& extents = array.cut().extents();
    const box<dynamic> whole{index_list(static_cast<int>(extents.size()), 0), extents};
    return fmt::format("{}({}{}{}, \"{}\", \"{}\"{})", operation, to_text(type), to_text(extents),
                       patch == whole ? "" : ", " + to_text(patch), file, dataset, more);
}

void require_patch(const array_core& array, const box<dynamic>& patch) {
    const index_list& extents = array.cut().extents();
    for (std::size_t d = 0; d < extents.size(); ++d)
        if (patch.lo[d] < 0 || patch.hi[d] < patch.lo[d] || patch.hi[d] > extents[d])
            throw error(errc::out_of_range,
                        fmt::format("the box is outside extents {}", to_text(extents)));
}

} // namespace nodespan::detail
