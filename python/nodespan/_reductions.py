"""Sums, means and extremes of distributed arrays: each rank its own elements, then all together."""

import numpy as np

try:
    from numpy.lib.array_utils import normalize_axis_index
except ImportError:  # NumPy 1
    from numpy.core.multiarray import normalize_axis_index

from . import _indexing


def _axes(array, axis):
    if axis is None:
        return tuple(range(array.ndim))
    given = axis if isinstance(axis, tuple) else (axis,)
    result = tuple(sorted(normalize_axis_index(one, array.ndim) for one in given))
    if len(set(result)) != len(result):
        raise ValueError("duplicate value in 'axis'")
    return result


def _mine(array, axes):
    """Where this rank's share lies along the other axes: what selects it in a result."""
    own = [one for d, one in enumerate(array._own_indices()) if d not in axes]
    return np.ix_(*own) if array.is_cyclic else tuple(own)


def _joined(array, axes, part, neutral, op, working):
    """Every rank's part of a result at its place, and all parts combined."""
    kept = [d for d in range(array.ndim) if d not in axes]
    whole = np.full([array.shape[d] for d in kept], neutral, working)
    if 0 not in array.local.shape:
        whole[_mine(array, axes)] = part
    array.team._combine(whole, op)
    return whole


def _given_back(array, axes, whole, dtype, out, keepdims):
    result = whole.astype(dtype, copy=False)
    if keepdims:
        result = result.reshape([1 if d in axes else n for d, n in enumerate(array.shape)])
    if out is not None:
        out[...] = result
        return out
    return result if result.ndim > 0 else result[()]


def _agreed_axes(array, operation, find_dtype, axis, *more):
    """The axes and the dtype of a result, which all ranks agree on: or the call fails on all of them."""
    def look():
        if array.dtype.fields is not None:
            raise TypeError(f"nodespan: {operation}: structured elements have none; take a field of "
                            "a.local")
        wanted = np.dtype(find_dtype())
        if wanted.kind not in "iufc" or wanted.itemsize > 16:
            raise TypeError(f"nodespan: {operation}: there is none of dtype {wanted}")
        return _axes(array, axis), wanted.str, *more

    axes, wanted, *_ = array.team._same(operation, look)
    return axes, np.dtype(wanted)


def _working(dtype):
    return np.dtype("float32") if dtype == np.float16 else np.dtype("uint8") if dtype == bool else dtype


def total(array, axis, dtype, out, keepdims):
    axes, dtype = _agreed_axes(
        array, "sum", lambda: np.zeros(0, array.dtype).sum().dtype if dtype is None else dtype, axis)
    working = _working(dtype)
    with array.reading() as own:
        part = own.sum(axis=axes, dtype=working)
    whole = _joined(array, axes, part, 0, "sum", working)
    return _given_back(array, axes, whole, dtype, out, keepdims)


def _mean_dtype(array, dtype):
    if dtype is None:
        dtype = array.dtype if array.dtype.kind in "fc" else np.dtype("float64")
    return dtype


def _means(array, axes, working):
    with array.reading() as own:
        part = own.sum(axis=axes, dtype=working)
    whole = _joined(array, axes, part, 0, "sum", working)
    return _divided(whole, _indexing.count([array.shape[d] for d in axes]), working)


def _divided(whole, count, working):
    with np.errstate(all="ignore" if count else "warn"):
        return np.asarray(whole / working.type(count))


def mean(array, axis, dtype, out, keepdims):
    axes, dtype = _agreed_axes(array, "mean", lambda: _mean_dtype(array, dtype), axis)
    return _given_back(array, axes, _means(array, axes, _working(dtype)), dtype, out, keepdims)


def variance(array, axis, dtype, out, ddof, keepdims):
    axes, dtype = _agreed_axes(array, "var", lambda: _mean_dtype(array, dtype), axis, ddof)
    result_dtype = np.zeros(0, dtype).real.dtype
    working = _working(dtype)
    means = _means(array, axes, working)
    near = np.expand_dims(means[_mine(array, axes)], axes)
    part = np.square(np.abs(array.local - near)).sum(axis=axes, dtype=_working(result_dtype))
    whole = _joined(array, axes, part, 0, "sum", _working(result_dtype))
    count = max(_indexing.count([array.shape[d] for d in axes]) - ddof, 0)
    whole = _divided(whole, count, _working(result_dtype))
    return _given_back(array, axes, whole, result_dtype, out, keepdims)


def deviation(array, axis, dtype, out, ddof, keepdims):
    result = np.sqrt(variance(array, axis, dtype, None, ddof, keepdims))
    if out is None:
        return result
    out[...] = result
    return out


def _extremes(array, op, axes, working):
    """The least or the largest along axes, and this rank's share of that."""
    neutral = _neutral(op, working)
    part = getattr(array.local, op)(axis=axes) if array.local.size else neutral
    return _joined(array, axes, part, neutral, op, working), part


def _axes_with_elements(array, operation, axis):
    def find_dtype():
        if array.dtype.kind == "c":
            raise TypeError(f"nodespan: {operation}: complex numbers have no order here")
        if 0 in [array.shape[d] for d in _axes(array, axis)]:
            raise ValueError(f"zero-size array to reduction operation {operation} which has no identity")
        return "u1" if array.dtype == bool else array.dtype

    return _agreed_axes(array, operation, find_dtype, axis)[0]


def extreme(array, op, axis, out, keepdims):
    axes = _axes_with_elements(array, op, axis)
    whole, _ = _extremes(array, op, axes, _working(array.dtype))
    return _given_back(array, axes, whole, array.dtype, out, keepdims)


def place_of_extreme(array, op, axis, out, keepdims):
    axes = _axes_with_elements(array, "arg" + op, axis)
    whole, part = _extremes(array, op, axes, _working(array.dtype))
    local, own = array.local, array._own_indices()
    mine = nowhere = np.iinfo(np.int64).max
    if local.size:
        place = getattr(local, "arg" + op)(axis=None if axis is None else axes[0])
        if axis is None:
            inside = np.unravel_index(place, local.shape)
            place = np.ravel_multi_index([_index_in(one, i) for i, one in zip(inside, own)], array.shape)
        else:
            place = _index_in(own[axes[0]], place)
        best = whole[_mine(array, axes)]
        is_best = (part == best) | ((part != part) & (best != best))
        mine = np.where(is_best, place, nowhere)
    places = _joined(array, axes, mine, nowhere, "min", np.dtype("int64"))
    return _given_back(array, axes, places, np.dtype("int64"), out, keepdims)


def _index_in(own, at):
    return at + own.start if isinstance(own, slice) else own[at]


def _neutral(op, dtype):
    if dtype.kind == "f":
        return np.inf if op == "min" else -np.inf
    limits = np.iinfo(dtype)
    return limits.max if op == "min" else limits.min


def dot(a, b):
    def look():
        if a.shape != b.shape:
            raise ValueError(f"nodespan: dot: shapes {a.shape} and {b.shape} differ")
        if a.team is not b.team or not all(map(np.array_equal, a._own_indices(), b._own_indices())):
            raise ValueError("nodespan: dot: the arrays are not cut alike over the ranks of one team")
        return np.result_type(a.dtype, b.dtype)

    _, dtype = _agreed_axes(a, "dot", look, None)
    working = _working(dtype)
    with a.reading() as x, b.reading() as y:
        if x.flags.c_contiguous and y.flags.c_contiguous and x.dtype == y.dtype == working:
            part = np.dot(x.reshape(-1), y.reshape(-1))
        else:
            part = np.sum(x.astype(working) * y.astype(working))
    whole = np.full((), part, working)
    a.team._combine(whole, "sum")
    return whole.astype(dtype)[()]
