#pragma once

/// Everything nodespan offers, in one include.

#include "nodespan/accumulate_op.hpp"
#include "nodespan/algorithm.hpp"
#include "nodespan/array.hpp"
#include "nodespan/array_options.hpp"
#include "nodespan/box.hpp"
#include "nodespan/collectives.hpp"
#include "nodespan/column_major.hpp"
#include "nodespan/compound_type.hpp"
#include "nodespan/counter.hpp"
#include "nodespan/creation.hpp"
#include "nodespan/csv.hpp"
#include "nodespan/distribution.hpp"
#include "nodespan/dtype.hpp"
#include "nodespan/environment.hpp"
#include "nodespan/error.hpp"
#include "nodespan/gpu.hpp"
#include "nodespan/indices.hpp"
#include "nodespan/machine_info.hpp"
#include "nodespan/mean.hpp"
#include "nodespan/mtx.hpp"
#include "nodespan/mutex.hpp"
#include "nodespan/npy.hpp"
#include "nodespan/patch.hpp"
#include "nodespan/placement.hpp"
#include "nodespan/progress.hpp"
#include "nodespan/queue.hpp"
#include "nodespan/raw.hpp"
#include "nodespan/redistribute.hpp"
#include "nodespan/replicated.hpp"
#include "nodespan/request.hpp"
#include "nodespan/ring.hpp"
#include "nodespan/ring_options.hpp"
#include "nodespan/run.hpp"
#include "nodespan/team.hpp"
#include "nodespan/transpose.hpp"
#include "nodespan/version.hpp"
#include "nodespan/view.hpp"
#include "nodespan/work_share.hpp"

#ifdef NODESPAN_HAS_LINALG // defined by the target nodespan::linalg
#include "nodespan/multiply.hpp"
#endif

#ifdef NODESPAN_HAS_HDF5 // defined by the target nodespan::hdf5
#include "nodespan/checkpoint.hpp"
#include "nodespan/hdf5.hpp"
#include "nodespan/hdf5_info.hpp"
#include "nodespan/hdf5_writer.hpp"
#include "nodespan/run_control.hpp"
#else
#include "nodespan/detail/without_hdf5.hpp"
#endif
