"""Teams of ranks, and what is made on them."""

import ast

import numpy as np

from . import _core, _files, _mpi4py
from ._arrays import Array
from ._making import made
from ._queues import Queue
from ._rings import Ring


class Team(_core.Team):
    """A group of ranks, numbered node by node: what everything collective is collective over.

    ``Team()`` has all ranks of the job; ``Team(comm)`` those of an mpi4py communicator. Starts MPI
    unless it runs already; whoever has started MPI ends it. ``ranks_per_node`` cuts each node into
    simulated nodes of so many ranks, to try several nodes on one machine; 0 takes the environment
    variable NODESPAN_RANKS_PER_NODE, or real nodes without it.

    Call:   collective over the ranks. Threads: those that MPI was started for (the main one, unless
            mpi4py has started MPI); others get RuntimeError. Views need no rule.
    Errors: ValueError, RuntimeError (MPI has ended), MPIError; on all ranks.
    """

    def __new__(cls, comm=None, *, ranks_per_node=0):
        handle = 0 if comm is None else _mpi4py.handle_of(comm)
        self = made(cls, _core.Team, handle, comm is None, ranks_per_node)
        self._share = None
        return self

    def __init__(self, *args, **options):
        """All is done by __new__."""

    # Who is there.

    @property
    def comm(self):
        """All ranks in team order, as an mpi4py communicator. The team's own: do not free it."""
        return _mpi4py.comm_of(self._comm(), self)

    @property
    def node_comm(self):
        """The ranks of this node, as an mpi4py communicator. The team's own: do not free it."""
        return _mpi4py.comm_of(self._node_comm(), self)

    def ranks_of(self, node):
        """The ranks of a node, as a range."""
        if not 0 <= node < self.nodes:
            raise IndexError(f"nodespan: node {node} of {self.nodes}")
        last = self._first_rank(node + 1) if node + 1 < self.nodes else self.size
        return range(self._first_rank(node), last)

    def __repr__(self):
        if self.closed:
            return "<nodespan.Team, closed>"
        try:
            return (f"<nodespan.Team of {self.size} ranks on {self.nodes} nodes, "
                    f"this is rank {self.rank}>")
        except RuntimeError as gone:
            return f"<nodespan.Team: {gone}>"

    def split(self, color, key=0):
        """A team of those ranks that give the same ``color``, ordered by ``key``, then by rank.

        Call: collective over this team. Errors: ValueError (negative color).
        """
        return _Part(self, color, key)

    def node_team(self):
        """A team of this node's ranks. Call: collective over this team."""
        return self.split(self.node)

    # Arrays.

    def zeros(self, shape, dtype="float64", **options):
        """An array of zeros. Options and errors: those of ``nodespan.Array``."""
        return Array(self, shape, dtype, **options)

    def empty(self, shape, dtype="float64", **options):
        """An array of unspecified elements."""
        return Array(self, shape, dtype, zeroed=False, **options)

    def full(self, shape, value, dtype=None, **options):
        """An array whose elements all have one value, which all ranks see."""
        return self._filled(self._agreed(lambda: _plain(value, dtype)), shape, options)

    def ones(self, shape, dtype="float64", **options):
        """An array of ones, which all ranks see."""
        return self.full(shape, 1, dtype, **options)

    def _filled(self, value, shape, options):
        result = self.empty(shape, value.dtype, **options)
        result.fill(value)
        self.fence()
        return result

    def like(self, other, dtype=None, *, zeroed=True, name=None):
        """An array of the shape, the cut and the ghosts of another one: zeros, or unspecified."""
        ghosts = other.ghosts or None
        node_grid, rank_grid, cuts, block = other._cut
        return Array(self, other.shape, other.dtype if dtype is None else dtype, zeroed=zeroed,
                     ghosts=ghosts, periodic=other._periodic, node_grid=node_grid,
                     rank_grid=rank_grid, cuts=cuts, block=block, name=name)

    def from_array(self, values=None, root=0, **options):
        """An array with the elements that rank ``root`` has; other ranks' values are not looked at.

        Call: collective, same root and options on all ranks. Errors: TypeError, IndexError (root).
        Cost: one copy by the root. All ranks see the elements.
        """
        if not 0 <= root < self.size:
            raise IndexError(f"nodespan: from_array: root {root} of {self.size} ranks")
        mine = self._agreed(lambda: np.asarray(values) if self.rank == root else None)
        shape, dtype = self._from_root((mine.shape, _spelled(mine.dtype)) if mine is not None
                                       else None, root)
        result = self.empty(shape, np.dtype(dtype), **options)
        if mine is not None:
            result[...] = mine
        self.fence()
        return result

    def open_npy(self, file, **options):
        """An array with shape, dtype and elements of a NumPy file. Errors: OSError; on all ranks."""
        return _files.open_npy(self, file, options)

    def open_hdf5(self, file, dataset, dtype=None, **options):
        """An array with shape, dtype and elements of a dataset. Errors: OSError; on all ranks."""
        return _files.open_hdf5(self, file, dataset, dtype, options)

    def open_csv(self, file, dtype="float64", *, separator=None, **options):
        """An array with the rows and columns of a CSV file. Errors: OSError; on all ranks."""
        return _files.open_csv(self, file, dtype, separator, options)

    # Other things that ranks share.

    def share(self, items, chunk=None):
        """Deals ``items`` out to whichever rank is free; over nodes too.

        With ``chunk`` it yields slices of up to so many places in ``items``; of a range with step 1
        these are its numbers, to index arrays with: ``for rows in team.share(range(2000), 100):
        a[rows] = rows.start``. Without it, single items.
        Call:   collective over the team, same items on all ranks. Ends with a fence, after which all
                see what all have done; a loop that is left early still comes to it.
        Cost:   one node: an atomic instruction a chunk. Several: a round trip a chunk.
        """
        if chunk is not None and chunk < 1:
            raise ValueError(f"nodespan: share: chunks of {chunk} items")
        if self._share is None:
            self._share = _core.Share(self)
        return _shared_out(self._share, items, chunk)

    def counter(self, first=0, portion=1):
        """A counter that all ranks share: ``next(chunk)`` and ``take(most)`` give each number once."""
        return _core.Counter(self, first, portion)

    def queue(self, dtype, capacity=1024):
        """A queue of the ranks of one node; see ``nodespan.Queue``."""
        return Queue(self, dtype, capacity)

    def ring(self, frame_shape, dtype="float64", *, slots=8, producer=0, delivery="to_all",
             when_full="block", name=None):
        """A stream of frames from one rank to the others of a node; see ``nodespan.Ring``."""
        return Ring(self, frame_shape, dtype, slots, producer, delivery, when_full, name)

    def replicated(self, shape, dtype="float64"):
        """An array that every node holds whole; see ``nodespan.Replicated``."""
        return Replicated(self, shape, dtype)

    # Values of all ranks.

    def all_reduce(self, values, op="sum", out=None):
        """All ranks' values, combined element by element, on every rank.

        Shape:  as many values of one dtype on all ranks; numbers. A number gives a number.
                ``out`` gets the result; with ``out=values`` in an array's memory nothing is copied.
        Call:   collective over the team; op: sum, prod, min, max, fmin or fmax. Not a fence.
        Errors: TypeError, ValueError; on all ranks.
        """
        try:
            result, is_same = _combined_copy(values, out)
        except Exception:
            self._spoil()
            raise
        self._combine(result, op)
        if out is not None:
            if not is_same:
                out[...] = result
            return out
        return result if result.ndim else result[()]

    def broadcast(self, values, root=0):
        """Copies the elements of rank ``root``'s ndarray to those of all others, in place.

        Shape: contiguous ndarrays of one dtype and size. Call: collective; not a fence.
        """
        if not (isinstance(values, np.ndarray) and values.flags.c_contiguous
                and values.flags.writeable) or values.dtype.hasobject:
            self._spoil()
            raise TypeError("nodespan: broadcast takes contiguous, writable ndarrays of numbers")
        self._broadcast(values, root)
        return values

    # The end.

    def collect(self):
        """Ends what all ranks have given up, now. Call: collective over the team."""
        self._meet(None)

    def close(self):
        """Nothing more is made on this team. Ends it now, or with MPI if views of its arrays remain.

        Call: collective over the team; again is fine.
        """
        self._share = None
        self._close()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is None:
            self.close()

    def __reduce__(self):
        raise TypeError("nodespan teams are not pickled: make one on each rank")

    # What ranks find wrong by themselves they tell each other, before anything collective.

    def _agreed(self, look):
        try:
            result = look()
        except Exception as failed:
            self._fail_together(failed)
            raise
        self._meet(None)
        return result

    def _same(self, operation, look):
        """The arguments that look() gives: fails on all ranks where it fails on one, or they differ."""
        try:
            result = look()
        except Exception as failed:
            self._fail_together(failed)
            raise
        self._meet(None, operation, repr(result))
        return result

    def _fail_together(self, failed):
        try:
            self._meet(failed)
        except Exception:
            pass  # what the caller raises itself

    def _from_root(self, value, root):
        """A small value of one rank, for all: as text of Python literals."""
        text = repr(value).encode() if self.rank == root else b""
        size = np.array([len(text)], dtype=np.int64)
        self._broadcast(size, root)
        content = np.zeros(int(size[0]), dtype=np.uint8)
        content[:len(text)] = np.frombuffer(text, dtype=np.uint8)
        self._broadcast(content, root)
        return ast.literal_eval(content.tobytes().decode())


class _Part(Team):
    """A team of some ranks of another one; made by ``Team.split``."""

    def __new__(cls, whole, color, key):
        self = made(cls, _core.Team, whole, color, key)
        self._share = None
        return self


class Replicated(_core.Replicated):
    """An array that every node holds whole: read by all, written rarely.

    ``node`` is this node's copy, read-only; ``edit()`` the same to be written. What is written there
    is this node's alone until ``publish(node)`` sends it to all others; ``load`` sends an ndarray.
    """

    def __new__(cls, team, shape, dtype="float64"):
        extents = (shape,) if isinstance(shape, (int, np.integer)) else shape
        return made(cls, _core.Replicated, team, extents, dtype)

    def __init__(self, *args, **options):
        """All is done by __new__."""

    @property
    def node(self):
        """This node's copy: a read-only ndarray over its shared memory."""
        return self._view(False)

    def edit(self):
        """The same to be written; the memory rule holds among the node's ranks."""
        return self._view(True)

    def load(self, values=None, root=0):
        """Fills all copies with the elements of rank ``root``. Call: collective; ends an epoch.

        Errors: ValueError (their number), IndexError (root); on all ranks.
        """
        given = np.zeros(0, self.dtype) if values is None else values
        self._load(np.ascontiguousarray(given, dtype=self.dtype), root)

    def __repr__(self):
        return f"<nodespan.Replicated {self.shape} {self.dtype}>"


def _shared_out(tickets, items, chunk):
    step = 1 if chunk is None else chunk
    count = len(items)
    first = items.start if isinstance(items, range) and items.step == 1 else 0
    draw = tickets.draw
    try:
        while (begin := draw() * step) < count:
            if chunk is None:
                yield items[begin]
            else:
                yield slice(first + begin, first + min(begin + step, count))
    finally:
        tickets.end()


def _plain(value, dtype):
    result = np.asarray(value, dtype=dtype)
    if result.ndim != 0:
        raise ValueError(f"nodespan: full takes one value, not an array of shape {result.shape}")
    return result


def _spelled(dtype):
    return dtype.str if dtype.fields is None else dtype.descr


def _combined_copy(values, out):
    if out is not None and (not isinstance(out, np.ndarray) or not out.flags.writeable):
        raise TypeError("nodespan: all_reduce: out is a writable ndarray")
    given = np.asarray(values)
    if given.dtype.kind not in "iufc" or given.dtype in (np.float16, np.dtype("complex256")):
        raise TypeError(f"nodespan: all_reduce: values of dtype {given.dtype} are not combined; "
                        "integers, float32, float64, longdouble, complex64 and complex128 are")
    is_same = out is given and given.flags.c_contiguous
    return (given if is_same else np.array(given, order="C")), is_same
