"""Sums, means and extremes of distributed arrays: each rank its own elements, then all together."""

import numpy as np
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


def _joined(array, axes, part, neutral, op, working):
    """Every rank's part of a result at its place, and all parts combined."""
    kept = [d for d in range(array.ndim) if d not in axes]
    whole = np.full([array.shape[d] for d in kept], neutral, working)
    if 0 not in array.local.shape:
        box = array.rank_box
        whole[tuple(box[d] for d in kept)] = part
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


def _number_checked(array, operation, dtype, axis):
    """What is wrong with a call fails on all ranks, since arguments are the same on all."""
    if array.dtype.fields is not None:
        raise TypeError(f"nodespan: {operation}: structured elements have none; take a field of "
                        "a.local")
    wanted = np.dtype(dtype)
    if wanted.kind not in "iufc" or wanted.itemsize > 16:
        raise TypeError(f"nodespan: {operation}: there is none of dtype {wanted}")
    return _axes(array, axis)


def _working(dtype):
    return np.dtype("float32") if dtype == np.float16 else dtype


def total(array, axis, dtype, out, keepdims):
    if dtype is None:
        dtype = np.zeros(0, array.dtype).sum().dtype if array.dtype.fields is None else "f8"
    axes = _number_checked(array, "sum", dtype, axis)
    working = _working(np.dtype(dtype))
    with array.reading() as own:
        part = own.sum(axis=axes, dtype=working)
    whole = _joined(array, axes, part, 0, "sum", working)
    return _given_back(array, axes, whole, dtype, out, keepdims)


def mean(array, axis, dtype, out, keepdims):
    if dtype is None:
        dtype = array.dtype if array.dtype.kind in "fc" else np.dtype("float64")
    axes = _number_checked(array, "mean", dtype, axis)
    working = _working(np.dtype(dtype))
    with array.reading() as own:
        part = own.sum(axis=axes, dtype=working)
    whole = _joined(array, axes, part, 0, "sum", working)
    count = _indexing.count([array.shape[d] for d in axes])
    with np.errstate(all="ignore" if count else "warn"):
        whole = whole / working.type(count)
    return _given_back(array, axes, np.asarray(whole), dtype, out, keepdims)


def extreme(array, op, axis, out, keepdims):
    axes = _number_checked(array, op, "u1" if array.dtype == bool else array.dtype, axis)
    if array.dtype.kind == "c":
        raise TypeError(f"nodespan: {op}: complex numbers have no order here")
    if 0 in [array.shape[d] for d in axes]:
        raise ValueError(f"zero-size array to reduction operation {op} which has no identity")
    working = np.dtype("uint8") if array.dtype == bool else _working(array.dtype)
    neutral = _neutral(op, working)
    part = neutral
    with array.reading() as own:
        if own.size:
            part = getattr(own, op)(axis=axes)
    whole = _joined(array, axes, part, neutral, op, working)
    return _given_back(array, axes, whole, array.dtype, out, keepdims)


def _neutral(op, dtype):
    if dtype.kind == "f":
        return np.inf if op == "min" else -np.inf
    limits = np.iinfo(dtype)
    return limits.max if op == "min" else limits.min


def dot(a, b):
    if a.shape != b.shape:
        raise ValueError(f"nodespan: dot: shapes {a.shape} and {b.shape} differ")
    if a.team is not b.team or a.rank_box != b.rank_box:
        raise ValueError("nodespan: dot: the arrays are not cut alike over the ranks of one team")
    dtype = np.result_type(a.dtype, b.dtype)
    _number_checked(a, "dot", dtype, None)
    working = _working(dtype)
    with a.reading() as x, b.reading() as y:
        if x.flags.c_contiguous and y.flags.c_contiguous and x.dtype == y.dtype == working:
            part = np.dot(x.reshape(-1), y.reshape(-1))
        else:
            part = np.sum(x.astype(working) * y.astype(working))
    whole = np.full((), part, working)
    a.team._combine(whole, "sum")
    return whole.astype(dtype)[()]
