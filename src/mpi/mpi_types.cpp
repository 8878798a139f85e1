#include "mpi_types.hpp"

#include "mpi_check.hpp"

namespace nodespan::detail {

MPI_Datatype to_mpi(element_kind kind) noexcept {
    switch (kind) {
    case element_kind::int8:
        return MPI_INT8_T;
    case element_kind::int16:
        return MPI_INT16_T;
    case element_kind::int32:
        return MPI_INT32_T;
    case element_kind::int64:
        return MPI_INT64_T;
    case element_kind::uint8:
        return MPI_UINT8_T;
    case element_kind::uint16:
        return MPI_UINT16_T;
    case element_kind::uint32:
        return MPI_UINT32_T;
    case element_kind::uint64:
        return MPI_UINT64_T;
    case element_kind::float32:
        return MPI_FLOAT;
    case element_kind::float64:
        return MPI_DOUBLE;
    case element_kind::long_double:
        return MPI_LONG_DOUBLE;
    case element_kind::complex_float32:
        return MPI_C_FLOAT_COMPLEX;
    case element_kind::complex_float64:
        return MPI_C_DOUBLE_COMPLEX;
    case element_kind::other:
        break;
    }
    return MPI_DATATYPE_NULL;
}

MPI_Op to_mpi(accumulate_op op) noexcept {
    switch (op) {
    case accumulate_op::sum:
        return MPI_SUM;
    case accumulate_op::min:
    case accumulate_op::fmin:
        return MPI_MIN;
    case accumulate_op::max:
    case accumulate_op::fmax:
        return MPI_MAX;
    case accumulate_op::prod:
        return MPI_PROD;
    case accumulate_op::replace:
        break;
    }
    return MPI_REPLACE;
}

MPI_Datatype word_of(std::size_t bytes) noexcept {
    return bytes == 1   ? MPI_UINT8_T
           : bytes == 2 ? MPI_UINT16_T
           : bytes == 4 ? MPI_UINT32_T
                        : MPI_UINT64_T;
}

// Goes through the dimensions from the last one. A dimension that continues the run of bytes makes
// the run longer; each of the others becomes a vector of what there is so far.
patch_type::patch_type(const index_list& extents, const index_list& byte_strides, MPI_Datatype base,
                       std::size_t element_bytes) {
    const auto element = static_cast<index_t>(element_bytes);
    index_t run = 1; // elements
    std::size_t d = extents.size();
    while (d > 0 && (extents[d - 1] == 1 || byte_strides[d - 1] == run * element))
        run *= extents[--d];
    const index_t units = base == MPI_BYTE ? run * element : run;
    elements_ = {base, static_cast<int>(units)};
    try {
        while (d-- > 0) {
            if (extents[d] == 1) continue;
            // A dimension with the same step as the one below it is joined to it.
            index_t count = extents[d];
            const index_t step = byte_strides[d];
            while (d > 0 && (extents[d - 1] == 1 || byte_strides[d - 1] == step * count))
                count *= extents[--d];
            MPI_Datatype outer = MPI_DATATYPE_NULL;
            mpi_check(MPI_Type_create_hvector(static_cast<int>(count), elements_.count,
                                              static_cast<MPI_Aint>(step), elements_.type, &outer),
                      "MPI_Type_create_hvector");
            if (is_made_) MPI_Type_free(&elements_.type); // types made of it stay valid
            elements_ = {outer, 1};
            is_made_ = true;
        }
        if (is_made_) commit();
    } catch (...) {
        if (is_made_) MPI_Type_free(&elements_.type);
        throw;
    }
}

patch_type::patch_type(std::span<const MPI_Aint> displacements, MPI_Datatype base,
                       std::size_t element_bytes) {
    const int length = base == MPI_BYTE ? static_cast<int>(element_bytes) : 1;
    mpi_check(MPI_Type_create_hindexed_block(static_cast<int>(displacements.size()), length,
                                             displacements.data(), base, &elements_.type),
              "MPI_Type_create_hindexed_block");
    elements_.count = 1;
    is_made_ = true;
    try {
        commit();
    } catch (...) {
        MPI_Type_free(&elements_.type);
        throw;
    }
}

void patch_type::commit() {
    mpi_check(MPI_Type_commit(&elements_.type), "MPI_Type_commit");
}

patch_type::~patch_type() {
    if (is_made_) MPI_Type_free(&elements_.type); // a destructor cannot report an error
}

} // namespace nodespan::detail
