#include "draft.hpp"

#include "cause_of.hpp"
#include "nodespan/error.hpp"

#include <algorithm>
#include <limits>
#include <new>
#include <string>
#include <sys/types.h>

namespace nodespan::detail {
namespace {

// Our record of an open file. HDF5's own part comes first.
struct draft_file {
    H5FD_t hdf5s;
    file_draft* draft;
    haddr_t end; // the end of the space that HDF5 has allocated
};

draft_file& mine(H5FD_t* file) {
    return *reinterpret_cast<draft_file*>(file);
}

const draft_file& mine(const H5FD_t* file) {
    return *reinterpret_cast<const draft_file*>(file);
}

// Runs `body`. No exception may pass through HDF5, so HDF5 gets the text instead.
template <class Body>
herr_t report(hid_t what, Body&& body) {
    try {
        body();
        return 0;
    } catch (const std::exception& failure) {
        H5Epush2(H5E_DEFAULT, __FILE__, "file_draft", __LINE__, H5E_ERR_CLS, H5E_VFL, what, "%s",
                 cause_of(failure).c_str());
        return -1;
    }
}

// Runs `body`. If it fails the draft keeps the error, and HDF5 goes on.
template <class Body>
herr_t keep_failure(file_draft& draft, Body&& body) {
    try {
        body();
    } catch (const std::exception& failure) {
        draft.fail(cause_of(failure));
    }
    return 0;
}

H5FD_t* open_draft(const char* name, unsigned, hid_t access, haddr_t) {
    const auto* const draft = static_cast<file_draft* const*>(H5Pget_driver_info(access));
    if (draft == nullptr || name != (*draft)->name()) return nullptr;
    return reinterpret_cast<H5FD_t*>(new (std::nothrow) draft_file{{}, *draft, 0});
}

herr_t close_draft(H5FD_t* file) {
    delete &mine(file);
    return 0;
}

herr_t features_of(const H5FD_t*, unsigned long* flags) {
    *flags = H5FD_FEAT_AGGREGATE_METADATA | H5FD_FEAT_ACCUMULATE_METADATA | H5FD_FEAT_DATA_SIEVE |
             H5FD_FEAT_AGGREGATE_SMALLDATA | H5FD_FEAT_DEFAULT_VFD_COMPATIBLE;
    return 0;
}

haddr_t end_of_space(const H5FD_t* file, H5FD_mem_t) {
    return std::max<haddr_t>(mine(file).end, mine(file).draft->old_bytes());
}

herr_t set_end_of_space(H5FD_t* file, H5FD_mem_t, haddr_t end) {
    mine(file).end = end;
    return 0;
}

haddr_t end_of_file(const H5FD_t* file, H5FD_mem_t) {
    haddr_t size = HADDR_UNDEF;
    report(H5E_CANTGET, [&] { size = mine(file).draft->size(); });
    return size;
}

herr_t read_draft(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, std::size_t bytes, void* to) {
    return report(H5E_READERROR, [&] { mine(file).draft->read(at, to, bytes); });
}

herr_t write_draft(H5FD_t* file, H5FD_mem_t, hid_t, haddr_t at, std::size_t bytes,
                   const void* from) {
    return keep_failure(*mine(file).draft, [&] { mine(file).draft->write(at, from, bytes); });
}

herr_t end_file_where_space_ends(H5FD_t* file, hid_t, hbool_t) {
    return keep_failure(*mine(file).draft,
                        [&] { mine(file).draft->set_size(end_of_space(file, H5FD_MEM_DEFAULT)); });
}

H5FD_class_t driver() {
    H5FD_class_t result{};
    result.name = "nodespan_draft";
    result.maxaddr = std::numeric_limits<off_t>::max();
    result.fc_degree = H5F_CLOSE_STRONG;
    result.fapl_size = sizeof(file_draft*);
    result.open = &open_draft;
    result.close = &close_draft;
    result.query = &features_of;
    result.get_eoa = &end_of_space;
    result.set_eoa = &set_end_of_space;
    result.get_eof = &end_of_file;
    result.read = &read_draft;
    result.write = &write_draft;
    result.truncate = &end_file_where_space_ends;
    constexpr H5FD_mem_t kinds[] = H5FD_FLMAP_DICHOTOMY;
    std::copy(std::begin(kinds), std::end(kinds), result.fl_map);
    return result;
}

} // namespace

hdf5_handle access_to(file_draft& draft) {
    const H5FD_class_t ours = driver();
    const hdf5_handle id(H5FDregister(&ours), "H5FDregister"); // its users count it too
    hdf5_handle access(H5Pcreate(H5P_FILE_ACCESS), "H5Pcreate");
    const file_draft* const itself = &draft;
    hdf5_check(H5Pset_driver(access.get(), id.get(), &itself), "H5Pset_driver");
    return access;
}

} // namespace nodespan::detail
