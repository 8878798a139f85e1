#include "array_object.hpp"
#include "binding.hpp"
#include "hot_calls.hpp"

#include "nodespan/version.hpp"

PYBIND11_MODULE(_core, module) {
    using namespace nodespan::python;
    module.doc() = "The run-time cores of nodespan; the package nodespan is made of them.";
    bind_errors(module);
    bind_mpi(module);
    bind_team(module);
    bind_array(module);
    bind_locks(module);
    bind_pinned(module);
    bind_queue(module);
    bind_ring(module);
    bind_replicated(module);
    bind_counter(module);
    bind_files(module);
#ifdef NODESPAN_HAS_HDF5
    bind_checkpoint(module);
#endif
    module.attr("has_hdf5") =
#ifdef NODESPAN_HAS_HDF5
        true;
#else
        false;
#endif
    module.attr("has_linalg") =
#ifdef NODESPAN_HAS_LINALG
        true;
#else
        false;
#endif
    module.attr("__version__") = NODESPAN_VERSION;
}
