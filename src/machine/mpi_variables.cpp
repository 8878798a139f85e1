#include "mpi_variables.hpp"

#include <fmt/format.h>
#include <mpi.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace nodespan::detail {
namespace {

template <class T>
std::string number_in(const std::vector<char>& bytes) {
    T value{};
    std::memcpy(&value, bytes.data(), sizeof value);
    return fmt::format("{}", value);
}

std::optional<std::string> text_of(MPI_Datatype type, const std::vector<char>& bytes) {
    if (type == MPI_CHAR) return std::string(bytes.data());
    if (type == MPI_C_BOOL) return number_in<signed char>(bytes);
    if (type == MPI_INT) return number_in<int>(bytes);
    if (type == MPI_UNSIGNED) return number_in<unsigned>(bytes);
    if (type == MPI_UNSIGNED_LONG) return number_in<unsigned long>(bytes);
    if (type == MPI_UNSIGNED_LONG_LONG) return number_in<unsigned long long>(bytes);
    return std::nullopt;
}

MPI_Datatype type_of(int index) {
    int verbosity = 0, bind = 0, scope = 0, name_length = 0, text_length = 0;
    MPI_Datatype type = MPI_DATATYPE_NULL;
    const int code = MPI_T_cvar_get_info(index, nullptr, &name_length, &verbosity, &type, nullptr,
                                         nullptr, &text_length, &bind, &scope);
    return code == MPI_SUCCESS ? type : MPI_DATATYPE_NULL;
}

} // namespace

mpi_variables::mpi_variables(int thread_level)
    : is_open_(MPI_T_init_thread(thread_level, &thread_level) == MPI_SUCCESS) {}

mpi_variables::~mpi_variables() {
    if (is_open_) MPI_T_finalize();
}

std::optional<std::string> mpi_variables::read(const char* name) const {
    int index = 0, count = 0;
    MPI_T_cvar_handle handle = MPI_T_CVAR_HANDLE_NULL;
    if (!is_open_ || MPI_T_cvar_get_index(name, &index) != MPI_SUCCESS ||
        MPI_T_cvar_handle_alloc(index, nullptr, &handle, &count) != MPI_SUCCESS)
        return std::nullopt;
    constexpr std::size_t widest = 8; // of the kinds in text_of
    std::vector<char> bytes(static_cast<std::size_t>(std::max(count, 1)) * widest + 1, '\0');
    std::optional<std::string> result;
    if (MPI_T_cvar_read(handle, bytes.data()) == MPI_SUCCESS)
        result = text_of(type_of(index), bytes);
    MPI_T_cvar_handle_free(&handle);
    return result;
}

} // namespace nodespan::detail
