#pragma once

#include "nodespan/detail/export.hpp"
#include "nodespan/team.hpp"

#include <boost/mpi/communicator.hpp>

/// For programs that also use Boost.MPI: the component nodespan::boost_mpi. To make a team of a
/// boost::mpi::communicator this header is not needed: that converts to an MPI_Comm by itself.

namespace NODESPAN_EXPORT nodespan {

/// The team's communicators (see team::comm) as Boost.MPI's, attached: they belong to the team, are
/// valid as long as it is, and are not freed by their copies. On ranks that are no leaders,
/// boost_leader_comm() is a null communicator, which converts to false.
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
