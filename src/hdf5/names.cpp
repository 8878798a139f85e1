#include "names.hpp"

#include "collective_io.hpp"
#include "handle.hpp"

#include <fmt/format.h>

#include <exception>

namespace nodespan::detail {
namespace {

constexpr int most_soft_links = 16; // as HDF5 has it

std::string joined(const std::string& group, const std::string& name) {
    return group.empty() ? name : group + "/" + name;
}

// Removes and returns the first part of a path; empty if there is none. "." is the group itself.
std::string next_part(std::string& path) {
    for (;;) {
        const std::size_t begin = path.find_first_not_of('/');
        if (begin == std::string::npos) return {};
        const std::size_t end = std::min(path.find('/', begin), path.size());
        std::string part = path.substr(begin, end - begin);
        path.erase(0, end);
        if (part != ".") return part;
    }
}

H5O_info_t info_of(hid_t object) {
    H5O_info_t about;
    hdf5_check(H5Oget_info2(object, &about, H5O_INFO_BASIC), "H5Oget_info2");
    return about;
}

void require_group(hid_t file, const std::string& name) {
    H5O_info_t about;
    hdf5_check(H5Oget_info_by_name2(file, name.c_str(), &about, H5O_INFO_BASIC, H5P_DEFAULT),
               "H5Oget_info_by_name2");
    if (about.type != H5O_TYPE_GROUP) refuse(fmt::format("\"{}\" is no group", name));
}

std::string value_of(hid_t file, const std::string& link, std::size_t bytes) {
    std::string value(bytes, '\0');
    hdf5_check(H5Lget_val(file, link.c_str(), value.data(), value.size(), H5P_DEFAULT),
               "H5Lget_val");
    return value;
}

[[noreturn]] void refuse_foreign(hid_t file, const std::string& link, const H5L_info_t& about) {
    if (about.type != H5L_TYPE_EXTERNAL)
        refuse(fmt::format("\"{}\" is a link that only the program that made it can follow", link));
    const std::string value = value_of(file, link, about.u.val_size);
    const char *other = "", *object = "";
    hdf5_check(H5Lunpack_elink_val(value.data(), value.size(), nullptr, &other, &object),
               "H5Lunpack_elink_val");
    refuse(fmt::format("\"{}\" is an external link, to \"{}\" of {}: name that file instead", link,
                       object, other));
}

struct search {
    haddr_t address = HADDR_UNDEF;
    std::vector<std::string> names;
    std::exception_ptr failure;
};

herr_t note_name(hid_t, const char* name, const H5L_info_t* about, void* data) {
    auto& found = *static_cast<search*>(data);
    try { // no exception may pass through HDF5
        if (about->type == H5L_TYPE_HARD && about->u.address == found.address &&
            name != found.names.front())
            found.names.emplace_back(name);
    } catch (...) {
        found.failure = std::current_exception();
        return -1;
    }
    return 0;
}

} // namespace

hdf5_path follow(hid_t file, const std::string& name) {
    std::string upto, rest = name;
    int soft_links = 0;
    for (;;) {
        const std::string part = next_part(rest);
        if (part.empty()) return {upto, true};
        if (!upto.empty()) require_group(file, upto);
        const std::string here = joined(upto, part);
        if (hdf5_check(H5Lexists(file, here.c_str(), H5P_DEFAULT), "H5Lexists") == 0) {
            std::string wanted = here;
            for (std::string more = next_part(rest); !more.empty(); more = next_part(rest))
                wanted += "/" + more;
            return {wanted, false};
        }
        H5L_info_t about;
        hdf5_check(H5Lget_info(file, here.c_str(), &about, H5P_DEFAULT), "H5Lget_info");
        if (about.type == H5L_TYPE_HARD) {
            upto = here;
        } else if (about.type == H5L_TYPE_SOFT) {
            if (++soft_links > most_soft_links)
                refuse(fmt::format("\"{}\" is one of soft links that lead in a circle", here));
            const std::string target = value_of(file, here, about.u.val_size).c_str();
            if (target.starts_with('/')) upto.clear();
            rest = target + "/" + rest;
        } else {
            refuse_foreign(file, here, about);
        }
    }
}

haddr_t address_of(hid_t object) {
    return info_of(object).addr;
}

std::vector<std::string> names_of(hid_t file, hid_t object, const std::string& known) {
    const H5O_info_t about = info_of(object);
    search found{about.addr, {known}, {}};
    if (about.rc == 1) return found.names;
    const herr_t result = H5Lvisit(file, H5_INDEX_NAME, H5_ITER_INC, &note_name, &found);
    if (found.failure) std::rethrow_exception(found.failure);
    hdf5_check(result, "H5Lvisit");
    return found.names;
}

} // namespace nodespan::detail
