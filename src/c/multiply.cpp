#include "nodespan/c/multiply.h"

#include "array.hpp"
#include "nodespan/detail/borrowed.hpp"
#include "nodespan/multiply.hpp"

using namespace nodespan;
using detail::c_call;
using detail::require_given;

namespace {

static_assert(NODESPAN_AS_IS == static_cast<int>(matrix_op::as_is));
static_assert(NODESPAN_TRANSPOSED == static_cast<int>(matrix_op::transposed));
static_assert(NODESPAN_ADJOINT == static_cast<int>(matrix_op::adjoint));

matrix_op take_matrix_op(const char* function, nodespan_matrix_op op) {
    if (op != NODESPAN_AS_IS && op != NODESPAN_TRANSPOSED && op != NODESPAN_ADJOINT)
        throw error(errc::invalid_argument,
                    fmt::format("{}: {} is no nodespan_matrix_op", function, static_cast<int>(op)));
    return static_cast<matrix_op>(op);
}

void require_matrix(const char* function, const nodespan_array_object& array,
                    const nodespan_array_object& like) {
    if (array.dimensions() != 2)
        throw error(errc::invalid_argument,
                    fmt::format("{}: an array of {} dimensions where it takes 2", function,
                                array.dimensions()));
    if (array.type != like.type || array.is_column_major != like.is_column_major)
        throw error(errc::invalid_argument,
                    fmt::format("{}: the arrays are not of one type and order", function));
    const bool is_product =
        visit(array.type, [](auto known) { return blas_number<typename decltype(known)::type>; });
    if (!is_product)
        throw error(errc::invalid_argument,
                    fmt::format("{}: elements of type {}; it takes float32, float64, complex64 and "
                                "complex128",
                                function, dtype_name(array.type)));
}

} // namespace

int nodespan_array_multiply(nodespan_array a, nodespan_array b, nodespan_array c, const void* alpha,
                            const void* beta, nodespan_matrix_op a_op, nodespan_matrix_op b_op) {
    return c_call([&] {
        constexpr const char* name = "nodespan_array_multiply";
        require_given(name, "c", c);
        matrix_op left{}, right{};
        detail::agree_on_arguments(c->core->get_team(), name, [&] {
            require_given(name, "a", a);
            require_given(name, "b", b);
            for (const nodespan_array_object* one : {a, b, c}) require_matrix(name, *one, *c);
            left = take_matrix_op(name, a_op);
            right = take_matrix_op(name, b_op);
        });
        visit(c->type, [&](auto known) {
            using T = typename decltype(known)::type;
            if constexpr (blas_number<T>) {
                const T factor = alpha != nullptr ? *static_cast<const T*>(alpha) : T(1);
                const T kept = beta != nullptr ? *static_cast<const T*>(beta) : T(0);
                detail::borrowed<T, 2> x(*a->core), y(*b->core), z(*c->core);
                array<T, 2>&first = a == c ? *z : *x, &second = b == c ? *z : *y;
                if (c->is_column_major) // whose cores are the transposes
                    multiply(second, first, *z, factor, kept, right, left);
                else
                    multiply(first, second, *z, factor, kept, left, right);
            }
        });
    });
}
