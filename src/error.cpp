#include "nodespan/error.hpp"

#include <algorithm>
#include <mpi.h>

namespace nodespan {
namespace {

class own_category_type final : public std::error_category {
public:
    const char* name() const noexcept override { return "nodespan"; }

    std::string message(int code) const override {
        switch (static_cast<errc>(code)) {
        case errc::invalid_argument:
            return "invalid argument";
        case errc::mismatched_arguments:
            return "arguments differ between ranks";
        case errc::out_of_range:
            return "out of range";
        case errc::size_mismatch:
            return "size mismatch";
        case errc::not_on_node:
            return "not on this node";
        case errc::no_capacity:
            return "not enough shared memory";
        case errc::not_initialized:
            return "MPI is not initialised";
        case errc::finalized:
            return "MPI is finalised";
        case errc::peer_lost:
            return "another rank left";
        case errc::io:
            return "input or output failed";
        case errc::wrong_thread:
            return "wrong thread";
        case errc::unsupported:
            return "not supported here";
        case errc::device:
            return "a GPU's driver failed";
        }
        return "unknown error " + std::to_string(code);
    }
};

class mpi_category_type final : public std::error_category {
public:
    const char* name() const noexcept override { return "MPI"; }

    // One line: MPICH's texts have more, with the calls that failed inside it.
    std::string message(int code) const override {
        char text[MPI_MAX_ERROR_STRING] = "";
        int length = 0;
        if (MPI_Error_string(code, text, &length) != MPI_SUCCESS)
            return "MPI error " + std::to_string(code);
        std::string result(text, static_cast<std::size_t>(length));
        while (result.ends_with('\n')) result.pop_back();
        std::replace(result.begin(), result.end(), '\n', ' ');
        return result;
    }

    // Codes are an MPI's own; what the standard names is their class.
    std::error_condition default_error_condition(int code) const noexcept override {
        int error_class = code;
        if (MPI_Error_class(code, &error_class) != MPI_SUCCESS) error_class = code;
        return {error_class, *this};
    }
};

thread_local std::shared_ptr<const std::string> last_error;

} // namespace

const std::error_category& own_category() noexcept {
    static const own_category_type category;
    return category;
}

const std::error_category& mpi_category() noexcept {
    static const mpi_category_type category;
    return category;
}

error::error(std::error_code code, const std::string& message, bool collective)
    : std::system_error(code),
      message_(std::make_shared<const std::string>("nodespan: " + message)),
      collective_(collective) {
    last_error = message_;
}

const char* detail::last_error_text() noexcept {
    return last_error ? last_error->c_str() : "";
}

} // namespace nodespan
