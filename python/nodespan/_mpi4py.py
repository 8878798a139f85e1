"""Communicators of mpi4py, taken and given; nothing here is needed without it."""

import ctypes
import os
import sys

from . import _core


def prepare():
    """Where mpi4py starts MPI later, it does so as nodespan itself would: ready for several nodes.

    The component of Debian's Open MPI that reaches other nodes over any network refuses
    MPI_THREAD_MULTIPLE, which mpi4py asks for unless it is told otherwise.
    """
    if _core.is_mpi_started():
        return
    _core.prepare_mpi()
    if "mpi4py" not in sys.modules:
        os.environ.setdefault("MPI4PY_RC_THREAD_LEVEL", "funneled")
    elif sys.modules["mpi4py"].rc.thread_level == "multiple":
        sys.modules["mpi4py"].rc.thread_level = "funneled"


def _mpi():
    try:
        from mpi4py import MPI
    except ImportError as missing:
        raise ImportError("nodespan: communicators are mpi4py's, which is not installed") from missing
    if MPI._sizeof(MPI.Comm) != _core.comm_bytes or \
            MPI.Get_library_version().rstrip("\0 ") != _core.mpi_version().rstrip("\0 "):
        raise RuntimeError("nodespan: mpi4py uses another MPI than nodespan: "
                           f"{MPI.Get_library_version()!r}, not {_core.mpi_version()!r}")
    return MPI


def handle_of(comm):
    """The number by which the C++ side knows a communicator."""
    MPI = _mpi()
    if not isinstance(comm, MPI.Comm):
        raise TypeError(f"nodespan: Team takes an mpi4py communicator, not {type(comm).__name__}")
    return MPI._handleof(comm)


def comm_of(handle, owner):
    """A communicator of that number, which keeps its owner."""
    MPI = _mpi()
    class TeamComm(MPI.Intracomm):
        """A communicator that a team owns."""

    result = TeamComm()
    size = _core.comm_bytes
    place = (ctypes.c_char * size).from_address(MPI._addressof(result))
    place.raw = handle.to_bytes(size, "little")
    result.team = owner
    return result
