"""What one does with whole arrays: move, turn, multiply, sort, look for."""

import functools

import numpy as np

from . import _core, _indexing

_OPS = {"n": 0, "t": 1, "c": 2}


def copy(source, source_key, to, to_key):
    """Copies the elements at a key of one array to those at a key of another one.

    ``ns.copy(a, np.s_[0:10, 2], b, np.s_[5:15, 0])``: keys of ints and slices without steps, ``...`` for
    all. Of one array the parts have no element in common. The arrays may be cut differently.

    Shape:  parts of equal extents, an int counting as one; equal dtypes.
    Call:   collective over the team of ``to``, same arguments on all ranks.
    Epoch:  reads what was there at the last fence; ends with a fence.
    Errors: TypeError (dtypes, what is no array), IndexError, ValueError (extents, overlap, other ranks
            gave other arguments); on all ranks.
    """
    def look():
        _require_arrays("copy", source, to)
        _require_dtype("copy", source.dtype, to)
        _require_ndim("copy", to, source.ndim)
        return *_patch("copy", source, source_key), *_patch("copy", to, to_key)

    lo, hi, to_lo, to_hi = _of(to, "copy")._same("copy", look)
    source._copy_patch(lo, hi, to, to_lo, to_hi)
    to.fence()


def transpose(array, out=None, axes=None):
    """Turns an array over into ``out``, or a new array, which it returns: out[j, i] = array[i, j].

    With more dimensions their order is reversed, or dimension d of ``out`` is dimension axes[d] of
    ``array``, as in numpy.transpose; but elements are moved. The arrays may be cut differently.

    Call:   collective over the array's team, same arguments on all ranks.
    Epoch:  reads what was there at the last fence; ends with a fence.
    Errors: ValueError (axes, shape, out is the array itself), TypeError (dtypes); on all ranks.
    """
    def look():
        _require_arrays("transpose", array, *([] if out is None else [out]))
        order = tuple(range(array.ndim))[::-1] if axes is None else tuple(int(d) for d in axes)
        order = tuple(d + array.ndim if d < 0 else d for d in order)
        if sorted(order) != list(range(array.ndim)):
            raise ValueError(f"nodespan: transpose: axes {axes} for an array of {array.ndim} dimensions")
        if out is not None:
            _require_dtype("transpose", array.dtype, out)
            _require_ndim("transpose", out, array.ndim)
        return order, out is None

    order, is_new = _of(array, "transpose")._same("transpose", look)
    if is_new:
        out = array.team.empty([array.shape[d] for d in order], array.dtype)
    array._turn_over_into(out, order)
    out.fence()
    return out


def multiply(a, b, out=None, alpha=1, beta=0, a_op="n", b_op="n"):
    """out = alpha * op(a) @ op(b) + beta * out, of matrices; without ``out`` a new array. Returns it.

    ``a_op`` and ``b_op`` are "n" (the matrix as it is), "t" (its transpose) or "c" (the complex conjugate
    of that). Each rank computes its part of the result by BLAS, and reads what lies on its node in place.

    Shape:  float32, float64, complex64 or complex128, all the same; the arrays may be cut in any way.
    Call:   collective over the arrays' team, same arguments on all ranks. Ends an epoch before and after.
    Errors: TypeError (dtypes), ValueError (shapes, factors, out is a or b), RuntimeError (this nodespan was
            built without the component linalg); on all ranks.
    """
    def look():
        if not _core.has_linalg:
            raise RuntimeError("nodespan: multiply: this nodespan was built without linalg")
        _require_arrays("multiply", a, b, *([] if out is None else [out]))
        if a.dtype not in (np.float32, np.float64, np.complex64, np.complex128):
            raise TypeError(f"nodespan: multiply: none of dtype {a.dtype}; float32, float64, complex64 and "
                            "complex128 have products")
        for one in (a, b) if out is None else (a, b, out):
            _require_dtype("multiply", a.dtype, one)
            _require_ndim("multiply", one, 2)
        ops = [_OPS.get(str(op).lower()) for op in (a_op, b_op)]
        if None in ops:
            raise ValueError(f'nodespan: multiply: an op is "n", "t" or "c", not {a_op!r} and {b_op!r}')
        factors = complex(alpha), complex(beta)
        if a.dtype.kind == "f" and (factors[0].imag or factors[1].imag):
            raise TypeError("nodespan: multiply: complex factors for real matrices")
        return *factors, *ops, out is None

    alpha, beta, left, right, is_new = _of(a, "multiply")._same("multiply", look)
    if is_new:
        out = a.team.zeros((a.shape[left != 0], b.shape[right == 0]), a.dtype)
    out._multiply_into(a, b, alpha, beta, left, right)
    return out


def sort_by_key(keys, values):
    """Sorts the elements of ``keys``, and moves those of ``values`` along. Stable; NaNs come last.

    Shape:  arrays of one dimension and equal extents, cut alike; values of any dtype.
    Call:   collective over the arrays' team. Ends an epoch before and after.
    Errors: TypeError (keys without an order), ValueError (shapes, cuts); on all ranks.
    Cost:   as Array.sort, and a gather of the values.
    """
    def look():
        _require_arrays("sort_by_key", keys, values)
        _require_order("sort_by_key", keys)
        _require_cut_alike("sort_by_key", keys, values)

    team = _of(keys, "sort_by_key")
    team._same("sort_by_key", look)
    places = _sorted_along(keys)
    found = team._agreed(lambda: values.gather(places.local))
    places.close()
    values.fence()  # all have read them
    values.local[...] = found
    values.fence()


def sort(array):
    _of(array, "sort")._same("sort", lambda: _require_order("sort", array))
    array._sort()


def argsort(array):
    _of(array, "argsort")._same("argsort", lambda: _require_order("argsort", array))
    keys = _copied(array)
    places = _sorted_along(keys)
    keys.close()
    return places


def unique(array):
    team = _of(array, "unique")
    team._same("unique", lambda: _require_order("unique", array))
    ordered = _copied(array)
    ordered._sort()

    def look():
        mine = ordered.local
        if not mine.size:
            return mine.copy()
        first = ordered.rank_box[0].start
        before = ordered[first - 1:first] if first else mine[:0]
        all_of_mine = np.concatenate([before, mine])
        is_new = _is_less(all_of_mine[:-1], all_of_mine[1:])
        return mine[is_new if first else np.concatenate([[True], is_new])]

    result = _of_parts(team, look)
    ordered.close()
    return result


def nonzero(array):
    team = array.team

    def look():
        places = np.nonzero(array.local)
        places = [found + box.start for found, box in zip(places, array.rank_box)]
        return np.ravel_multi_index(places, array.shape) if array.local.size else np.empty(0, np.int64)

    flat = _of_parts(team, lambda: look().astype(np.int64))
    if not _is_cut_in_rows(array):
        flat._sort()
    if array.ndim == 1:
        return (flat,)
    result = tuple(team.like(flat, zeroed=False) for _ in array.shape)
    for one, along in zip(result, np.unravel_index(flat.local, array.shape)):
        one.local[...] = along
    team.fence()
    flat.close()
    return result


def cumsum(array, dtype, out):
    def look():
        _require_ndim("cumsum", array, 1)
        wanted = dtype if dtype is not None else np.zeros(0, array.dtype).cumsum().dtype
        if np.dtype(wanted).kind not in "iufc" or np.dtype(wanted) == np.float16:
            raise TypeError(f"nodespan: cumsum: no sums of dtype {np.dtype(wanted)}; integers, float32, "
                            "float64, longdouble, complex64 and complex128 have them")
        if out is not None:
            _require_arrays("cumsum", out)
            _require_cut_alike("cumsum", array, out)
        return np.dtype(wanted).str, out is None

    team = array.team
    kind, is_new = team._same("cumsum", look)
    result = team.like(array, kind, zeroed=False) if is_new else out
    part = team._agreed(lambda: np.cumsum(array.local, dtype=kind))
    totals = np.zeros(team.size, kind)
    if part.size:
        totals[team.rank] = part[-1]
    team._combine(totals, "sum")
    before = functools.reduce(np.add, totals[:team.rank], np.zeros((), kind))
    result.local[...] = part + before
    result.fence()
    return result


def searchsorted(array, values, side):
    if side not in ("left", "right"):
        raise ValueError(f'nodespan: searchsorted: side is "left" or "right", not {side!r}')
    _require_order("searchsorted", array)
    if array.team.nodes == 1:
        return np.searchsorted(array.node, values, side)
    given = np.asarray(values)
    wanted = given.reshape(-1)
    first, behind = np.zeros(wanted.size, np.int64), np.full(wanted.size, array.size)
    for _ in range(array.size.bit_length()):  # all ranges halve together
        middle = np.minimum((first + behind) // 2, array.size - 1)
        found = array.gather(middle)
        is_before = _is_less(found, wanted) if side == "left" else ~_is_less(wanted, found)
        is_open = first < behind
        first = np.where(is_open & is_before, middle + 1, first)
        behind = np.where(is_open & ~is_before, middle, behind)
    return first.reshape(given.shape) if given.ndim else first[0]


def histogram(array, bins, range):
    team = array.team

    def look():
        if array.dtype.kind not in "biuf":
            raise TypeError(f"nodespan: histogram: elements of dtype {array.dtype} have no order")
        if np.ndim(bins) == 0:
            ends = None if range is None else (float(range[0]), float(range[1]))
            return int(bins), ends
        return np.histogram_bin_edges(np.empty(0), bins).tolist(), None

    given, ends = team._same("histogram", look)
    if np.ndim(given) == 0 and ends is None and array.size:
        ends = array.min(), array.max()
    dtype = np.dtype("u1") if array.dtype == bool else array.dtype  # as NumPy has it
    edges = team._agreed(lambda: np.histogram_bin_edges(np.empty(0, dtype), given, ends))
    counts = team._agreed(lambda: np.histogram(array.local.astype(dtype, copy=False), edges)[0].astype(np.int64))
    team._combine(counts, "sum")
    return counts, edges


# What is common to them.

def _of(array, operation):
    if not isinstance(array, _core.Array):
        raise TypeError(f"nodespan: {operation} takes distributed arrays, not {type(array).__name__}")
    return array.team


def _require_open(operation, array):
    if array.closed:
        raise ValueError(f"nodespan: {operation}: the array is closed")


def _require_arrays(operation, *arrays):
    for one in arrays:
        _of(one, operation)
        _require_open(operation, one)


def _require_dtype(operation, dtype, array):
    if array.dtype != dtype:
        raise TypeError(f"nodespan: {operation}: arrays of dtypes {dtype} and {array.dtype}; it takes those "
                        "of one")


def _require_ndim(operation, array, count):
    _require_open(operation, array)
    if array.ndim != count:
        raise ValueError(f"nodespan: {operation}: an array of {array.ndim} dimensions where it takes {count}")


def _require_order(operation, array):
    _require_ndim(operation, array, 1)
    if not array._can_be_sorted():
        raise TypeError(f"nodespan: {operation}: elements of dtype {array.dtype} are not sorted here; bool, "
                        "integers, float32 and float64 are")


def _require_cut_alike(operation, array, other):
    if array.shape != other.shape or array.rank_box != other.rank_box:
        raise ValueError(f"nodespan: {operation}: the arrays are not cut alike over the ranks")


def _patch(operation, array, key):
    box = _indexing.as_box(key, array.shape)
    if box is None or not _indexing.is_dense(box[2]):
        raise IndexError(f"nodespan: {operation} takes keys of ints and slices without steps")
    lo, hi, _ = box
    return lo, [max(l, h) for l, h in zip(lo, hi)]


def _is_less(a, b):
    """In the order of sort: NaNs come last."""
    return (a < b) | ((b != b) & (a == a))


def _copied(array):
    result = array.team.like(array, zeroed=False)
    result.local[...] = array.local
    return result


def _sorted_along(keys):
    """Sorts the keys; the places from which they came."""
    places = keys.team.like(keys, "i8", zeroed=False)
    box = keys.rank_box[0]
    places.local[...] = np.arange(box.start, box.stop)
    keys._sort_along(places)
    return places


def _of_parts(team, look):
    """A new array, cut evenly, of what look() gives on all ranks, in rank order."""
    mine = team._agreed(look)
    counts = np.zeros(team.size, np.int64)
    counts[team.rank] = mine.size
    team._combine(counts, "sum")
    begin = int(counts[:team.rank].sum())
    result = team.empty(int(counts.sum()), mine.dtype)
    if mine.size:
        result[begin:begin + mine.size] = mine
    result.fence()
    return result


def _is_cut_in_rows(array):
    """Whether the order of ranks is that of the elements."""
    boxes = [array.rank_box_of(rank) for rank in range(array.team.size)]
    return all(box[d].stop - box[d].start == array.shape[d] for box in boxes
               for d in range(1, array.ndim) if all(one.stop > one.start for one in box))
