#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

namespace nodespan::detail {

/// Keeps HDF5 from printing errors while it lives: they become exceptions. The host's own setting
/// comes back afterwards.
class quiet_hdf5 {
public:
    quiet_hdf5() {
        H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }
    ~quiet_hdf5() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }
    quiet_hdf5(const quiet_hdf5&) = delete;
    quiet_hdf5& operator=(const quiet_hdf5&) = delete;

private:
    H5E_auto2_t print_ = nullptr;
    void* data_ = nullptr;
};

/// Throws errc::io, with HDF5's own words, if `result` is negative; returns it otherwise.
hid_t hdf5_check(hid_t result, const char* operation);

/// Owns one HDF5 identifier of any kind. Moved from, or closed, it owns nothing.
class hdf5_handle {
public:
    hdf5_handle() = default;

    /// Takes what an H5 function returned.
    /// Errors: errc::io.
    hdf5_handle(hid_t id, const char* operation) : id_(hdf5_check(id, operation)) {}

    hdf5_handle(hdf5_handle&& other) noexcept : id_(std::exchange(other.id_, -1)) {}
    hdf5_handle& operator=(hdf5_handle&& other) noexcept {
        std::swap(id_, other.id_);
        return *this;
    }
    hdf5_handle(const hdf5_handle&) = delete;
    hdf5_handle& operator=(const hdf5_handle&) = delete;
    ~hdf5_handle() {
        if (id_ >= 0) H5Idec_ref(id_);
    }

    hid_t get() const noexcept { return id_; }

    bool is_open() const noexcept { return id_ >= 0; }

    /// Closes it now.
    /// Errors: errc::io.
    void close(const char* operation) {
        if (id_ >= 0) hdf5_check(H5Idec_ref(std::exchange(id_, -1)), operation);
    }

private:
    hid_t id_ = -1;
};

} // namespace nodespan::detail
