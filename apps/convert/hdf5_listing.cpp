#include "hdf5_listing.hpp"

#include <fmt/format.h>
#include <hdf5.h>

#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace nodespan::convert {
namespace {

// Closes what HDF5 opened, whatever it is.
class handle {
public:
    explicit handle(hid_t id) : id_(id) {}
    ~handle() {
        if (id_ >= 0) H5Idec_ref(id_);
    }
    handle(const handle&) = delete;
    handle& operator=(const handle&) = delete;

    hid_t get() const noexcept { return id_; }

private:
    hid_t id_;
};

// HDF5 prints no errors of its own while this lives.
class silence {
public:
    silence() {
        H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }
    ~silence() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }
    silence(const silence&) = delete;
    silence& operator=(const silence&) = delete;

private:
    H5E_auto2_t print_ = nullptr;
    void* data_ = nullptr;
};

std::optional<number_type> find_type(hid_t type) {
    const std::size_t bytes = H5Tget_size(type);
    switch (H5Tget_class(type)) {
    case H5T_INTEGER:
        return detail::find_number_type(H5Tget_sign(type) == H5T_SGN_2 ? 'i' : 'u', bytes);
    case H5T_FLOAT:
        return detail::find_number_type('f', bytes);
    case H5T_COMPOUND:
        break;
    default:
        return std::nullopt;
    }
    const bool has_parts = H5Tget_nmembers(type) == 2 && H5Tget_member_index(type, "r") >= 0 &&
                           H5Tget_member_index(type, "i") >= 0;
    if (!has_parts) return std::nullopt;
    const handle part(H5Tget_member_type(type, 0));
    return H5Tget_class(part.get()) == H5T_FLOAT ? detail::find_number_type('c', bytes)
                                                 : std::nullopt;
}

std::string name_of(hid_t type) {
    if (const auto found = find_type(type)) return to_string(*found);
    switch (H5Tget_class(type)) {
    case H5T_STRING:
        return "string";
    case H5T_ENUM:
        return "enum";
    case H5T_COMPOUND:
        return "compound";
    case H5T_FLOAT:
        return fmt::format("float{}", H5Tget_size(type) * 8);
    default:
        return "other";
    }
}

contents describe(hid_t data, const std::string& name) {
    const handle type(H5Dget_type(data)), space(H5Dget_space(data));
    std::vector<hsize_t> extents(H5S_MAX_RANK);
    const int dimensions = H5Sget_simple_extent_dims(space.get(), extents.data(), nullptr);
    extents.resize(static_cast<std::size_t>(std::max(0, dimensions)));
    return {name, find_type(type.get()), name_of(type.get()), {extents.begin(), extents.end()}, {},
            {}};
}

herr_t visit(hid_t root, const char* name, const H5L_info_t* link, void* result) {
    if (link->type != H5L_TYPE_HARD) return 0; // others point into other places or files
    const handle object(H5Oopen(root, name, H5P_DEFAULT));
    if (object.get() < 0 || H5Iget_type(object.get()) != H5I_DATASET) return 0;
    try {
        static_cast<std::vector<contents>*>(result)->push_back(
            describe(object.get(), std::string("/") + name));
    } catch (const std::bad_alloc&) {
        return -1;
    }
    return 0;
}

} // namespace

std::vector<contents> list_hdf5(const std::string& file) {
    const silence quiet;
    if (access(file.c_str(), R_OK) != 0)
        throw error(errc::io, fmt::format("cannot open {}: {}", file, std::strerror(errno)));
    const handle open(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
    if (open.get() < 0)
        throw error(errc::io, fmt::format("{} is no HDF5 file, or a truncated one", file));
    std::vector<contents> result;
    if (H5Lvisit(open.get(), H5_INDEX_NAME, H5_ITER_INC, visit, &result) < 0)
        throw error(errc::io, fmt::format("{}: HDF5 cannot list its datasets", file));
    return result;
}

} // namespace nodespan::convert
