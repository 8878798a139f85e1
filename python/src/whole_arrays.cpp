// Calls on whole arrays that NumPy cannot do on each rank's part.

#include "array_object.hpp"
#include "team_object.hpp"

#include "nodespan/detail/borrowed.hpp"
#include "nodespan/detail/moving.hpp"
#include "nodespan/detail/whole_arrays.hpp"
#ifdef NODESPAN_HAS_LINALG
#include "nodespan/multiply.hpp"
#endif

#include <complex>

namespace nodespan::python {
namespace {

// The package has agreed on what it gives: arrays of one team and dtype, boxes within them.
void copy_patch(const array_object& self, const py::sequence& lo, const py::sequence& hi,
                const array_object& to, const py::sequence& to_lo, const py::sequence& to_hi) {
    const detail::array_core& from = self.core("copy");
    detail::array_core& there = to.core("copy");
    const box<dynamic_rank> from_patch = box_of(self, lo, hi), to_patch = box_of(to, to_lo, to_hi);
    waiting("copy", [&] {
        detail::copy_box(from, from_patch, there, to_patch,
                         detail::axes_in_order(from.cut().dimensions()));
    });
}

void turn_over_into(const array_object& self, const array_object& to, const py::sequence& axes) {
    const detail::array_core& from = self.core("transpose");
    detail::array_core& there = to.core("transpose");
    index_list order = from.cut().extents();
    for (std::size_t d = 0; d < order.size(); ++d) order[d] = axes[d].cast<index_t>();
    waiting("transpose", [&] { detail::turn_over(from, there, order); });
}

bool can_be_sorted(const array_object& self) {
    return self.type().number && detail::has_order(*self.type().number);
}

void sort_elements(const array_object& self) {
    detail::array_core& core = self.core("sort");
    waiting("Array.sort", [&] { detail::sort(core, *self.type().number); });
}

// The values are of 8 bytes.
void sort_along(const array_object& self, const array_object& values) {
    detail::array_core &keys = self.core("sort"), &along = values.core("sort");
    waiting("argsort", [&] { detail::sort(keys, *self.type().number, along); });
}

#ifdef NODESPAN_HAS_LINALG
template <class T>
T factor_of(std::complex<double> given) {
    if constexpr (std::is_floating_point_v<T>)
        return static_cast<T>(given.real());
    else
        return T(given);
}

// Arrays of one dtype that BLAS multiplies.
void multiply_into(const array_object& a, const array_object& b, const array_object& c,
                   std::complex<double> alpha, std::complex<double> beta, int a_op, int b_op) {
    const detail::array_core &left = a.core("multiply"), &right = b.core("multiply"),
                             &result = c.core("multiply");
    waiting("multiply", [&] {
        visit(*c.type().number, [&](auto known) {
            using T = typename decltype(known)::type;
            if constexpr (blas_number<T>) {
                detail::borrowed<T, 2> x(left), y(right), z(result);
                nodespan::multiply(&a == &c ? *z : *x, &b == &c ? *z : *y, *z, factor_of<T>(alpha),
                                   factor_of<T>(beta), static_cast<matrix_op>(a_op),
                                   static_cast<matrix_op>(b_op));
            }
        });
    });
}
#endif

} // namespace

void bind_whole_arrays(py::class_<array_object>& arrays) {
    arrays.def("_copy_patch", &copy_patch);
    arrays.def("_turn_over_into", &turn_over_into);
    arrays.def("_can_be_sorted", &can_be_sorted);
    arrays.def("_sort", &sort_elements);
    arrays.def("_sort_along", &sort_along);
#ifdef NODESPAN_HAS_LINALG
    arrays.def("_multiply_into",
               [](const array_object& c, const array_object& a, const array_object& b,
                  std::complex<double> alpha, std::complex<double> beta, int a_op,
                  int b_op) { multiply_into(a, b, c, alpha, beta, a_op, b_op); });
#endif
}

} // namespace nodespan::python
