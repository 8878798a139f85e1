"""From NumPy's indices to boxes and lists of places in a distributed array."""

import math
import operator

import numpy as np


def as_box(key, shape):
    """The box that a key of ints and slices selects: (lo, hi, rest), or None for other keys.

    ``rest`` is the key that takes what was asked for out of the box: steps, dropped axes, new axes.
    """
    parts = list(key) if isinstance(key, tuple) else [key]
    if sum(part is Ellipsis for part in parts) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    used = sum(part is not Ellipsis and part is not None for part in parts)
    if used > len(shape):
        raise IndexError(f"too many indices for array: array is {len(shape)}-dimensional, "
                         f"but {used} were indexed")
    if Ellipsis not in [part if part is Ellipsis else None for part in parts]:
        parts.append(Ellipsis)
    lo, hi, rest = [], [], []
    for part in parts:
        if part is Ellipsis:
            for extent in shape[len(lo):len(shape) - (used - len(lo))]:
                lo.append(0)
                hi.append(extent)
                rest.append(slice(None))
        elif part is None:
            rest.append(None)
        else:
            one = _along(part, len(lo), shape[len(lo)])
            if one is None:
                return None
            lo.append(one[0])
            hi.append(one[1])
            rest.append(one[2])
    return lo, hi, tuple(rest)


def _along(part, axis, extent):
    if isinstance(part, slice):
        start, stop, step = part.indices(extent)
        count = len(range(start, stop, step))
        if count == 0:
            return 0, 0, slice(None)
        last = start + (count - 1) * step
        if step > 0:
            return start, last + 1, slice(None, None, step)
        return last, start + 1, slice(None, None, step)
    if isinstance(part, (bool, np.bool_)) or getattr(part, "ndim", 0) > 0:
        return None
    try:
        index = operator.index(part)
    except TypeError:
        return None
    if not -extent <= index < extent:
        raise IndexError(f"index {index} is out of bounds for axis {axis} with size {extent}")
    return index % extent, index % extent + 1, 0


def is_dense(rest):
    """Whether the key takes all of its box, in order."""
    return all(part is None or part == 0 or part.step in (None, 1) for part in rest)


def places(key, shape):
    """The indices of all elements that any NumPy key selects, and the shape of the selection.

    NumPy itself applies the key, to arrays that hold their own indices, so all it knows works.
    """
    numbers = []
    for axis, extent in enumerate(shape):
        along = np.arange(extent, dtype=np.int64)
        along = along.reshape([extent if d == axis else 1 for d in range(len(shape))])
        numbers.append(np.asarray(np.broadcast_to(along, shape)[key]))
    selected = numbers[0].shape
    return np.stack([one.reshape(-1) for one in numbers], axis=1), selected


def as_places(given, ndim):
    """Rows of indices, one for each element: from an array of shape (count, ndim), or (count,)."""
    result = np.asarray(given)
    if result.size == 0:
        return np.empty((0, ndim), dtype=np.int64)
    if result.dtype.kind not in "iu":
        raise IndexError(f"places are integers, not {result.dtype}")
    if ndim == 1 and result.ndim == 1:
        result = result.reshape(-1, 1)
    if result.ndim != 2 or result.shape[1] != ndim:
        raise IndexError(f"places have shape (count, {ndim}), not {result.shape}")
    return np.ascontiguousarray(result, dtype=np.int64)


def without_negatives(rows, shape):
    """The same places with negative indices counted from the end."""
    if rows.size and rows.min() < 0:
        rows = np.where(rows < 0, rows + np.asarray(shape, dtype=np.int64), rows)
    return rows


def count(shape):
    return math.prod(shape)
