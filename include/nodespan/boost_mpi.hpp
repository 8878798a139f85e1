#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/team.hpp"

#include <boost/mpi/communicator.hpp>

/// For programs that use Boost.MPI as well: the component nodespan::boost_mpi. The other way needs
/// nothing of this: a boost::mpi::communicator converts to the MPI_Comm of which a team is made.

namespace NODESPAN_EXPORT nodespan {

/// The team's communicators (see team::comm) for Boost.MPI, attached: they are the team's, valid as
/// long as it is, and not freed by their copies. On other ranks than leaders, boost_leader_comm()
/// is a null communicator, and false.
/// Call:   any rank alone.
/// Cost:   one small allocation.
inline boost::mpi::communicator boost_comm(const team& everyone) {
    return {everyone.comm(), boost::mpi::comm_attach};
}
inline boost::mpi::communicator boost_node_comm(const team& everyone) {
    return {everyone.node_comm(), boost::mpi::comm_attach};
}
inline boost::mpi::communicator boost_leader_comm(const team& everyone) {
    return {everyone.leader_comm(), boost::mpi::comm_attach};
}

} // namespace nodespan
