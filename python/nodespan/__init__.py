"""NumPy arrays that all ranks of a node share.

    import nodespan as ns

    team = ns.Team()                        # all ranks of the job, grouped by node
    a = team.zeros((2000, 10))              # cut over the ranks along axis 0
    a.local[:] = team.rank                  # this rank's rows: an ndarray over the shared memory
    a.fence()                               # now all ranks see what all have written
    print(a[1999], a.sum())                 # global indices; elements of other nodes are fetched

Run it as ``mpirun -n 4 python3 program.py``, ``srun --mpi=pmix python3 program.py``, or alone. A node's
ranks write and read the same memory: no pickling, no copies. The one rule: between two fences an
element is written by one rank or read by many; a lock orders accesses in between.
"""

from . import _checking

_checking.choose_core()

from . import _mpi4py
from ._arrays import Array, dot
from ._core import Counter, Lock, MPIError, PeerLostError, __version__
from ._files import Checkpoint, load_csv, load_hdf5, load_npy, save_csv, save_hdf5, save_npy
from ._queues import Closed, Empty, Full, Queue
from ._rings import Frame, Ring
from ._teams import Replicated, Team
from ._uncaught import watch_exceptions
from ._whole import copy, multiply, sort_by_key, transpose

array = Array  #: the type of arrays; ``help(nodespan.array)`` shows all they can do

_LOOKED_AT = ("Job", "LiveArray", "Reading", "attach", "jobs")


def __getattr__(name):
    """What looks at other jobs is imported when it is used first: a job itself has no need of it."""
    if name not in _LOOKED_AT:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _attach

    globals().update({one: getattr(_attach, one) for one in _LOOKED_AT})
    return globals()[name]


def __dir__():
    return sorted({*globals(), *_LOOKED_AT})


watch_exceptions()
_mpi4py.prepare()

__all__ = [
    "Array", "Checkpoint", "Closed", "Counter", "Empty", "Frame", "Full", "Job", "LiveArray", "Lock",
    "MPIError", "PeerLostError", "Queue", "Reading", "Replicated", "Ring", "Team", "array", "attach", "copy", "dot", "jobs",
    "load_csv", "load_hdf5", "load_npy", "multiply", "save_csv", "save_hdf5", "save_npy", "sort_by_key", "transpose",
    "__version__",
]
