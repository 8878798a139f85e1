#pragma once

/// Everything nodespan offers, in one include.

#include "nodespan/algorithm.hpp"
#include "nodespan/array.hpp"
#include "nodespan/box.hpp"
#include "nodespan/collectives.hpp"
#include "nodespan/counter.hpp"
#include "nodespan/csv.hpp"
#include "nodespan/distribution.hpp"
#include "nodespan/element.hpp"
#include "nodespan/environment.hpp"
#include "nodespan/error.hpp"
#include "nodespan/mean.hpp"
#include "nodespan/mutex.hpp"
#include "nodespan/npy.hpp"
#include "nodespan/number_type.hpp"
#include "nodespan/placement.hpp"
#include "nodespan/queue.hpp"
#include "nodespan/raw.hpp"
#include "nodespan/replicated.hpp"
#include "nodespan/report.hpp"
#include "nodespan/request.hpp"
#include "nodespan/ring.hpp"
#include "nodespan/ring_options.hpp"
#include "nodespan/stored_type.hpp"
#include "nodespan/team.hpp"
#include "nodespan/version.hpp"
#include "nodespan/view.hpp"
#include "nodespan/work_share.hpp"

#ifdef NODESPAN_HAS_HDF5 // defined by the target nodespan::hdf5
#include "nodespan/checkpoint.hpp"
#include "nodespan/hdf5.hpp"
#include "nodespan/hdf5_info.hpp"
#include "nodespan/hdf5_writer.hpp"
#endif
