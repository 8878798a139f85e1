"""Distributed arrays whose parts on this node are ndarrays over the memory that its ranks share."""

import numpy as np

from . import _checking, _core, _indexing, _reductions, _whole
from ._making import made


class Array(_core.Array):
    """An N-d array over the ranks of a team, 1 to 6 dimensions.

    Each node's part lies in memory that all ranks of the node address: ``node``, ``local`` and
    ``block(rank)`` are ndarrays over it, without a copy. ``a[...]`` takes global indices, reaches
    elements of all nodes, and always gives a copy. Made by ``Team.zeros`` and its like.

    The memory rule: between two fences an element is written by one rank or read by many; a lock
    orders accesses in between.

    Lifetime: views keep the memory. ``close()``, the end of a ``with`` block and garbage collection
    give the array up on this rank; it ends when all ranks have given it up, together, when the next
    array, queue or the like of its team is made (or at ``Team.collect()``).

    ``node_grid`` and ``rank_grid`` say how many nodes, and ranks of a node, share each axis; ``cuts``
    where; ``block`` gives extents of blocks that nodes get in turn instead (block-cyclic: then
    ``local_index`` and ``node_place`` say which elements lie where). ``ghosts`` are layers of
    neighbours' elements around what a node has, ``periodic`` axes close on themselves.

    Shape:  extents of at least 0; dtypes: bool, integers, float16, float32, float64, longdouble,
            complex64, complex128, structured dtypes of these.
    Call:   collective over the team, same arguments on all ranks.
    Errors: TypeError (dtype), ValueError (shape, options), MemoryError (shared memory, with what is
            needed and what is free); on all ranks.
    """

    def __new__(cls, team, shape, dtype="float64", *, zeroed=True, ghosts=None, periodic=None,
                node_grid=None, rank_grid=None, cuts=None, block=None, name=None):
        self = made(cls, _core.Array, team, shape, dtype, zeroed, ghosts, periodic, node_grid,
                    rank_grid, cuts, block, name)
        self._team = team
        self._cut = (node_grid, rank_grid, cuts, block)
        self._periodic = periodic
        self._views = {}
        _checking.name_sources()
        return self

    def __init__(self, *args, **options):
        """All is done by __new__."""

    # What it is.

    @property
    def team(self):
        """The team it lives on."""
        return self._team

    @property
    def size(self):
        """How many elements it has, on all nodes."""
        return _indexing.count(self.shape)

    @property
    def itemsize(self):
        """Bytes of an element."""
        return self.dtype.itemsize

    @property
    def nbytes(self):
        """Bytes of all elements, on all nodes."""
        return self.size * self.itemsize

    def __len__(self):
        return self.shape[0]

    def __iter__(self):
        return (self[i] for i in range(self.shape[0]))

    def __repr__(self):
        shape = ", ".join(map(str, self.shape)) + ("," if self.ndim == 1 else "")
        if self.closed:
            return f"<nodespan.Array ({shape}) {self.dtype}, closed>"
        try:
            name = f' "{self.name}"' if self.name else ""
            where = f"{_count(self.team.size, 'rank')} on {_count(self.team.nodes, 'node')}"
        except (RuntimeError, ValueError) as gone:
            name, where = "", str(gone)
        return f"<nodespan.Array{name} ({shape}) {self.dtype}, {where}>"

    def __reduce__(self):
        raise TypeError("nodespan arrays are not pickled: all ranks of a node have them already. "
                        "a[...] is a copy that can be")

    def __bool__(self):
        if self.size == 1:
            return bool(self[(0,) * self.ndim])
        raise ValueError("the truth value of an array of several elements is ambiguous")

    # Direct access: ndarrays over the shared memory.

    def _view(self, name, make):
        if self.closed:
            raise ValueError(f"nodespan: {name}: the array is closed")
        found = self._views.get(name)
        if found is None or not _core.is_live():
            found = self._views[name] = make()
        return found.view()

    @property
    def local(self):
        """This rank's own elements: an ndarray over the shared memory, writable. Cost: none."""
        return self._view("local", self._local)

    @property
    def node(self):
        """All elements that this node holds: an ndarray over the shared memory, writable.

        Index 0 is the first index of ``node_box``. Cost: none.
        """
        return self._view("node", self._node)

    @property
    def local_with_ghosts(self):
        """``local`` and as much around it as ``ghosts`` says."""
        return self._view("local_with_ghosts", self._local_with_ghosts)

    @property
    def node_with_ghosts(self):
        """``node`` and the copies of neighbours' elements around it."""
        return self._view("node_with_ghosts", self._node_with_ghosts)

    def block(self, rank):
        """The elements of a rank of this node: an ndarray over the shared memory, writable.

        Errors: IndexError where the rank sits on another node.
        """
        return self._block(rank)

    def reading(self, index=None, *, ghosts=False):
        """For ``with``: elements of this node that NumPy reads there. Gives an ndarray of them, not writable.

        Without an index these are ``local``, or with ``ghosts`` ``local_with_ghosts``; an index is a global one, of
        ints and slices, and selects elements of this node. The race checker takes it for a read
        (docs/races.md): NumPy itself tells it nothing. Without the checker it is the view and no more.
        A lock is taken around it, and not in it.
        Call: any rank alone. Errors: IndexError (elements of other nodes, another index), ValueError.
        Cost: none but the view's.
        """
        box, view = self._intended("reading", index, ghosts)
        view.flags.writeable = False
        return _checking.Intent(self, box, view, False)

    def writing(self, index=None, *, ghosts=False):
        """The same for elements that NumPy writes there, and perhaps reads. The ndarray is writable."""
        box, view = self._intended("writing", index, ghosts)
        return _checking.Intent(self, box, view, True)

    # The indices of my share along each axis, ascending: slices, or ndarrays in a block-cyclic array.
    def _own_indices(self):
        if not self.is_cyclic:
            return self.rank_box
        shape = self.local.shape
        if 0 in shape:
            return tuple(np.empty(0, np.int64) for _ in shape)
        return tuple(np.array([self.local_index([i if e == d else 0 for e in range(self.ndim)])[d]
                               for i in range(count)]) for d, count in enumerate(shape))

    def _intended(self, name, index, ghosts):
        if index is None and self.is_cyclic: # no box of indices, so nothing that the checker could be told
            return None, self.local
        if index is None:
            wide = self.ghosts if ghosts and self.ghosts and self.local.size else [0] * self.ndim
            own = [(part.start - w, part.stop + w) for part, w in zip(self.rank_box, wide)]
            box = [lo for lo, _ in own], [hi for _, hi in own], [1] * self.ndim
            return box, self.local_with_ghosts if ghosts else self.local
        if ghosts:
            raise ValueError(f"nodespan: {name}: ghosts are those around all of this rank's elements; leave the index "
                             "out")
        found = _indexing.as_box(index, self.shape)
        if found is None:
            raise IndexError(f"nodespan: {name} takes ints and slices, not {index!r}")
        lo, hi, rest = found
        steps = [abs(part.step or 1) if isinstance(part, slice) else 1 for part in rest if part is not None]
        if any(l >= h for l, h in zip(lo, hi)):
            none = np.empty([h - l for l, h in zip(lo, hi)], self.dtype)
            return (lo, hi, steps), none[(*rest, Ellipsis)]
        here = self.node_box
        if any(l < part.start or h > part.stop for l, h, part in zip(lo, hi, here)):
            raise IndexError(f"nodespan: {name}({index!r}): not all of these elements are on this node, which holds "
                             f"{here}; NumPy reaches no others")
        in_node = tuple(slice(l - part.start, h - part.start) for l, h, part in zip(lo, hi, here))
        return (lo, hi, steps), self.node[in_node][(*rest, Ellipsis)]

    # Global indices.

    def _get(self, key):
        box = _indexing.as_box(key, self.shape)
        if box is None:
            rows, selected = _indexing.places(key, self.shape)
            result = np.empty(selected, self.dtype)
            self._gather(rows, result)
            return result
        lo, hi, rest = box
        patch = np.empty([max(0, h - l) for l, h in zip(lo, hi)], self.dtype)
        self._get_box(lo, hi, patch)
        found = patch[rest]
        if isinstance(found, np.ndarray):
            return found if found.base is None or found.size == patch.size else found.copy()
        return found.copy() if isinstance(found, np.void) else found

    def _set(self, key, value):
        box = _indexing.as_box(key, self.shape)
        if box is not None and _indexing.is_dense(box[2]):
            lo, hi, rest = box
            patch = np.empty([max(0, h - l) for l, h in zip(lo, hi)], self.dtype)
            patch[rest] = value
            self._put_box(lo, hi, patch)
            return
        rows, selected = _indexing.places(key, self.shape)
        values = np.empty(selected, self.dtype)
        values[...] = value
        self._scatter(rows, values)

    def __array__(self, dtype=None, copy=None):
        """The whole array as an ndarray of this rank's own.

        Cost: memory for all elements, on each rank that asks, and the transfer of those that other
        nodes hold. ``a.node`` is the same without a copy, for what this node has.
        """
        if copy is False:
            raise ValueError("a distributed array is no ndarray without a copy; a.node is a view")
        whole = self[(Ellipsis,)]
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def add(self, key, values):
        """Adds to the elements at ``key`` (numpy.s_[...]), each in one indivisible step.

        Shape: key of ints and slices; values broadcast to what it selects. Numbers only.
        Epoch: other ranks may add to the same elements meanwhile. Call: any rank alone.
        Errors: IndexError, TypeError (a dtype without sums), MPIError.
        """
        self._combine_at(key, values, "sum")

    def combine(self, key, values, op):
        """The same with another operation: sum, prod, min, max, fmin, fmax or replace."""
        self._combine_at(key, values, op)

    def _combine_at(self, key, values, op):
        self._require_number(op)
        box = _indexing.as_box(key, self.shape)
        if box is None or not _indexing.is_dense(box[2]):
            rows, selected = _indexing.places(key, self.shape)
            if op != "sum":
                raise IndexError(f"nodespan: {op} takes ints and slices without steps")
            self._scatter_add(rows, _as_elements(values, selected, self.dtype))
            return
        lo, hi, rest = box
        patch = np.empty([max(0, h - l) for l, h in zip(lo, hi)], self.dtype)
        patch[rest] = values
        self._accumulate_box(lo, hi, patch, op)

    def gather(self, places):
        """The elements at a list of places: an ndarray of one dimension.

        Shape: places of shape (count, ndim), or (count,) where the array has one dimension.
        Call: any rank alone. Errors: IndexError. Cost: a message for each node with elements.
        """
        rows = self._rows(places)
        result = np.empty(len(rows), self.dtype)
        self._gather(rows, result)
        return result

    def scatter(self, places, values):
        """Writes values to a list of places; of several for the same element the last one stays."""
        rows = self._rows(places)
        self._scatter(rows, _as_elements(values, (len(rows),), self.dtype))

    def scatter_add(self, places, values):
        """Adds values at a list of places, each in one indivisible step, doublets included."""
        self._require_number("scatter_add")
        rows = self._rows(places)
        self._scatter_add(rows, _as_elements(values, (len(rows),), self.dtype))

    def gather_all(self, places):
        """``gather`` of lists that all ranks have, each its own, empty ones too.

        Over nodes much faster than calls of each rank alone. Call: collective. Epoch: ends one when
        it begins and one when it returns. Errors: IndexError, ValueError of any rank, on all ranks.
        """
        rows, _ = self._agreed_rows(places)
        result = np.empty(len(rows), self.dtype)
        self._gather_all(rows, result)
        return result

    def scatter_all(self, places, values):
        """``scatter`` of lists of all ranks, in a fixed order, rank 0's first; see ``gather_all``."""
        self._scatter_all(*self._agreed_rows(places, values))

    def scatter_add_all(self, places, values):
        """``scatter_add`` of lists of all ranks; sums have the same bits in every run. See ``gather_all``."""
        self._require_number("scatter_add_all")
        self._scatter_add_all(*self._agreed_rows(places, values))

    # What this rank gives, if all ranks give what can be taken.
    def _agreed_rows(self, places, values=None):
        def look():
            rows = self._rows(places)
            return rows, None if values is None else _as_elements(values, (len(rows),), self.dtype)

        return self.team._agreed(look)

    def _rows(self, places):
        return _indexing.without_negatives(_indexing.as_places(places, self.ndim), self.shape)

    def _require_number(self, operation):
        if not self._is_number():
            raise TypeError(f"nodespan: {operation}: elements of dtype {self.dtype} have no "
                            "arithmetic here; integers, float32, float64, longdouble, complex64 "
                            "and complex128 do")

    # Who looks when.

    def lock(self, node=0):
        """The lock of a node, for ``with``: what it guards is the program's agreement.

        What was written under it is visible to the next one who holds it. Fair, not recursive.
        Call: any rank alone. Errors: IndexError (node).
        """
        return _core.Lock(self, node, False)

    def lock_shared(self, node=0):
        """The same for readers, who hold it together."""
        return _core.Lock(self, node, True)

    def pin(self, part="node"):
        """Registers this node's elements, or with ``part="local"`` this rank's, with a GPU's driver.

        What it gives has ``__cuda_array_interface__``, so that CuPy, Numba and PyTorch read and write
        the elements in place, without a copy: ``cupy.asarray(a.pin())``. Keep it as long as they do.
        ``with a.pin() as p`` or ``p.release()`` gives the memory back. A fence comes before a kernel
        that reads what others wrote, and the kernel has ended before the next one.
        Call: any rank alone, with a context of a GPU current (CuPy and PyTorch make one).
        Errors: RuntimeError (no driver, no GPU: go on without), ValueError (no context is current; part),
        MemoryError (the driver could not lock so much).
        """
        if part not in ("node", "local"):
            raise ValueError(f'nodespan: pin: part is "node" or "local", not {part!r}')
        return _core.Pinned(self, part == "local")

    def close(self):
        """Gives the array up on this rank; its views stay valid. Again is fine.

        Call: any rank alone. The memory ends when all ranks have given the array and its views up
        and the team makes something else.
        """
        self._views.clear()
        self._close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Whole arrays: collective over the team, same arguments on all ranks.

    def fill(self, value):
        """Sets this rank's own elements. Call: all ranks, each for its own; no fence."""
        with self.writing() as own:
            own[...] = value

    def sum(self, axis=None, dtype=None, out=None, keepdims=False):
        """The sum of all elements, or along axes, on all ranks; dtypes as in numpy.sum.

        Call: collective over the team. Epoch: reads what was there at the last fence.
        Cost: reading this rank's elements, and an all_reduce of the result.
        """
        return _reductions.total(self, axis, dtype, out, keepdims)

    def mean(self, axis=None, dtype=None, out=None, keepdims=False):
        """The mean of all elements, or along axes, on all ranks; dtypes as in numpy.mean."""
        return _reductions.mean(self, axis, dtype, out, keepdims)

    def min(self, axis=None, out=None, keepdims=False):
        """The least element, or along axes, on all ranks; NaN if there is one."""
        return _reductions.extreme(self, "min", axis, out, keepdims)

    def max(self, axis=None, out=None, keepdims=False):
        """The largest element, or along axes, on all ranks; NaN if there is one."""
        return _reductions.extreme(self, "max", axis, out, keepdims)


    def var(self, axis=None, dtype=None, out=None, ddof=0, keepdims=False):
        """The variance of all elements, or along axes, on all ranks, as numpy.var; by two passes."""
        return _reductions.variance(self, axis, dtype, out, ddof, keepdims)

    def std(self, axis=None, dtype=None, out=None, ddof=0, keepdims=False):
        """The standard deviation: the root of ``var``."""
        return _reductions.deviation(self, axis, dtype, out, ddof, keepdims)

    def argmin(self, axis=None, out=None, keepdims=False):
        """The place of the least element in row-major order, or along an axis; the first of several.

        As in NumPy a NaN is both least and largest. Call: collective over the team.
        Errors: TypeError (complex numbers), ValueError (no elements); on all ranks.
        """
        return _reductions.place_of_extreme(self, "min", axis, out, keepdims)

    def argmax(self, axis=None, out=None, keepdims=False):
        """The place of the largest element; as ``argmin``."""
        return _reductions.place_of_extreme(self, "max", axis, out, keepdims)

    # The same of arrays that change, or become others. A team's other arrays stay as they are.

    def redistribute(self, *, node_grid=None, rank_grid=None, cuts=None, block=None):
        """Cuts the array otherwise, as ``Array(...)`` takes it; without arguments evenly along axis 0.

        Shape, ghosts and name stay. Views that were there before stay those of the old memory.
        Call:   collective over the team, same arguments on all ranks. Ends an epoch before and after.
        Errors: as making an array; on all ranks. The array is then as it was.
        Cost:   a new array; each element is copied once, and crosses to another node at most once.
        """
        self._move_to("redistribute", self.shape, node_grid, rank_grid, cuts, block)
        self._become((node_grid, rank_grid, cuts, block))

    def resize(self, shape):
        """Gives the array other extents. Elements at indices that both have stay; new ones are zeros.

        Cut points of axes whose extent changes give way to even pieces. As ``redistribute``.
        """
        node_grid, rank_grid, cuts, block = self._cut
        wanted = self.team._agreed(lambda: _extents(shape))
        if cuts is not None:
            cuts = [one if d < len(wanted) and wanted[d] == self.shape[d] else None
                    for d, one in enumerate(cuts)]
        self._move_to("resize", wanted, node_grid, rank_grid, cuts, block)
        self._become((node_grid, rank_grid, cuts, block))

    def _become(self, cut):
        self._cut = cut
        self._views.clear()

    def transpose(self, axes=None, out=None):
        """The array turned over, moved into ``out`` or into a new array; see ``nodespan.transpose``."""
        return _whole.transpose(self, out, axes)

    def sort(self):
        """Sorts the elements of an array of one dimension in place. Stable; NaNs come last, as in NumPy.

        Call:   collective over the team. Ends an epoch before and after.
        Errors: TypeError (dtypes other than bool, integers, float32 and float64), ValueError (more
                dimensions), MemoryError; on all ranks.
        Cost:   each rank sorts its own elements, then all merge; each element crosses to another node at
                most once. Memory for as many elements again, or twice as many.
        """
        _whole.sort(self)

    def argsort(self):
        """The places from which a sorted array's elements come: a new array of int64, cut alike."""
        return _whole.argsort(self)

    def unique(self):
        """The different elements in ascending order: a new array. NaNs count as one. As ``sort``."""
        return _whole.unique(self)

    def searchsorted(self, values, side="left"):
        """Where values could be put into this sorted array, as numpy.searchsorted: an ndarray.

        Call: any rank alone. Cost: over several nodes a gather for each halving, so give many at once.
        """
        return _whole.searchsorted(self, values, side)

    def cumsum(self, dtype=None, out=None):
        """The sums of all elements up to each one, of one dimension, in a new array or in ``out``.

        ``out`` is cut alike, and may be the array itself. Call: collective; ends with a fence.
        Errors: TypeError (dtype), ValueError (dimensions, cuts); on all ranks.
        """
        return _whole.cumsum(self, dtype, out)

    def histogram(self, bins=10, range=None):
        """How many elements lie in each bin, on all ranks, and the bins' edges, as numpy.histogram.

        ``bins`` is their number or their edges. Call: collective over the team, same arguments.
        Errors: TypeError, ValueError; on all ranks.
        """
        return _whole.histogram(self, bins, range)

    def nonzero(self):
        """The places of all elements that are not zero, in row-major order: a tuple of new arrays, one an
        axis. Call: collective over the team."""
        return _whole.nonzero(self)


def dot(a, b):
    """The sum of a * b over all elements, without conjugation, on all ranks.

    Shape: equal shapes, cut alike. Call: collective over the team. Errors: ValueError.
    """
    return _reductions.dot(a, b)


def _extents(shape):
    return [int(shape)] if isinstance(shape, (int, np.integer)) else [int(n) for n in shape]


def _as_elements(values, shape, dtype):
    result = np.empty(shape, dtype)
    result[...] = values
    return result


def _count(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
