#include "nodespan/error.hpp"

#include <algorithm>
#include <mpi.h>
#include <string>

namespace nodespan {
namespace {

class mpi_category_type final : public std::error_category {
public:
    const char* name() const noexcept override { return "MPI"; }

    // Returns one line. MPICH's texts have more: the calls inside MPICH that failed.
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

    // Codes differ between MPI libraries; the standard names only their classes.
    std::error_condition default_error_condition(int code) const noexcept override {
        int error_class = code;
        if (MPI_Error_class(code, &error_class) != MPI_SUCCESS) error_class = code;
        return {error_class, *this};
    }
};

} // namespace

const std::error_category& mpi_category() noexcept {
    static const mpi_category_type category;
    return category;
}

} // namespace nodespan
