"""Whole arrays, against what NumPy makes of the same elements in one process."""

import numpy as np
import pytest

import nodespan as ns
from nodespan import _core

SORTED = ["bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"]


def numbers(shape, dtype="f8", most=50, seed=3):
    values = np.random.default_rng(seed).integers(0, 2 if dtype == "bool" else most, shape).astype(dtype)
    if np.dtype(dtype).kind == "c":
        values += 1j * np.random.default_rng(seed + 1).integers(0, most, shape)
    return values


def array_of(team, values, **options):
    return team.from_array(values if team.rank == 0 else None, **options)


def cuts_of(team, ndim):
    """By rows; by columns; by points with empty pieces."""
    yield {}
    if ndim > 1:
        yield {"node_grid": [1] * (ndim - 1) + [team.nodes], "rank_grid": [1] * (ndim - 1) + [0]}


def uneven(team, extent):
    return [0] + sorted([min(2, extent)] * (team.size - 1)) + [extent]


def differ(team, one, other):
    """What rank 0 gives, and what the others give."""
    return one if team.rank == 0 else other


def test_redistribute_keeps_the_elements_and_old_views(team):
    values = numbers((13, 7))
    a = array_of(team, values, name="kept", ghosts=1)
    before = a.local
    mine = before.copy()

    a.redistribute(node_grid=[1, team.nodes], rank_grid=[1, 0])

    assert (a[...] == values).all() and a.rank_box[0] == slice(0, 13, 1)
    assert a.name == "kept" and a.ghosts == [1, 1]
    assert (a.local == values[a.rank_box]).all() and (before == mine).all()
    a.redistribute(cuts=[uneven(team, 13), None])
    assert (a[...] == values).all() and team.like(a).rank_box == a.rank_box
    a.redistribute()
    assert (a[...] == values).all() and a.rank_box == team.zeros((13, 7)).rank_box


def test_redistribute_leaves_the_array_where_the_cut_does_not_fit(team):
    values = numbers((5, 4))
    a = array_of(team, values)
    with pytest.raises(ValueError):
        a.redistribute(node_grid=[team.nodes + 1, 1])
    if team.size > 1:
        with pytest.raises(ValueError):
            a.redistribute(cuts=differ(team, None, [uneven(team, 5), None]))
    assert (a[...] == values).all()


@pytest.mark.parametrize("shape", [(20, 9), (3, 2), (13, 7), (0, 7), (29, 1)])
def test_resize_keeps_what_both_have(team, shape):
    values = numbers((13, 7), "i4")
    a = array_of(team, values, cuts=[uneven(team, 13), None])

    a.resize(shape)

    expected = np.zeros(shape, "i4")
    rows, columns = min(13, shape[0]), min(7, shape[1])
    expected[:rows, :columns] = values[:rows, :columns]
    assert a.shape == shape and a.size == expected.size
    assert (a[...] == expected).all()


def test_resize_refuses_other_shapes_on_all_ranks(team):
    a = team.zeros(10)
    for wrong in [(3, 3), "text", -1]:
        with pytest.raises((ValueError, TypeError)):
            a.resize(wrong)
        with pytest.raises((ValueError, TypeError)):
            a.resize(wrong if team.rank == team.size - 1 else 12)
    if team.size > 1:
        with pytest.raises(ValueError):
            a.resize(differ(team, 11, 12))
    assert a.shape == (10,)


@pytest.mark.parametrize("dtype", ["f8", "c16", "i1", [("x", "f8"), ("n", "i4")]], ids=str)
def test_transpose_turns_arrays_over(team, dtype):
    values = np.zeros((11, 6), dtype)
    values.reshape(-1).view("u1")[:] = numbers(values.nbytes, "u1", 256)
    for cut in cuts_of(team, 2):
        a = array_of(team, values, **cut)
        out = team.zeros((6, 11), dtype)
        assert ns.transpose(a, out) is out
        assert np.asarray(out).tobytes() == values.T.tobytes()
        assert np.asarray(a.transpose()).tobytes() == values.T.tobytes()
    cube = numbers((3, 5, 4), "i2")
    assert (array_of(team, cube).transpose((1, 2, 0))[...] == cube.transpose(1, 2, 0)).all()
    assert (array_of(team, cube).transpose((-1, 0, 1))[...] == cube.transpose(-1, 0, 1)).all()


def test_transpose_refuses_on_all_ranks(team):
    a, square = team.zeros((4, 3)), team.zeros((3, 3))
    for error, call in [(ValueError, lambda: ns.transpose(square, square)),
                        (ValueError, lambda: ns.transpose(a, square)),
                        (ValueError, lambda: a.transpose((0, 0))),
                        (ValueError, lambda: ns.transpose(a, team.zeros(12))),
                        (TypeError, lambda: ns.transpose(a, team.zeros((3, 4), "f4"))),
                        (TypeError, lambda: ns.transpose(a, np.zeros((3, 4))))]:
        with pytest.raises(error):
            call()
    with pytest.raises(TypeError):
        ns.transpose(np.zeros((2, 2)))
    if team.size > 1:
        with pytest.raises(ValueError, match="different arguments"):
            square.transpose(differ(team, (0, 1), (1, 0)))
        with pytest.raises(ValueError):
            square.transpose(differ(team, (0, 5), (1, 0)))


def test_copy_moves_patches_between_arrays(team):
    values, others = numbers((9, 8)), numbers((10, 12), seed=9)
    for cut in cuts_of(team, 2):
        a, b = array_of(team, values), array_of(team, others, **cut)
        expected = others.copy()
        ns.copy(a, np.s_[2:7, -4:], b, np.s_[:5, 3:7])
        expected[:5, 3:7] = values[2:7, -4:]
        ns.copy(a, np.s_[1, 0:8], b, np.s_[9, 2:10])
        expected[9, 2:10] = values[1, 0:8]
        ns.copy(b, np.s_[0:2], b, np.s_[5:7])
        expected[5:7] = expected[0:2]
        ns.copy(b, np.s_[3:3], b, np.s_[4:4])
        assert (b[...] == expected).all()


def test_copy_refuses_on_all_ranks(team):
    a, b = team.zeros((6, 5)), team.zeros((6, 5))
    for error, call in [(ValueError, lambda: ns.copy(a, np.s_[:2], b, np.s_[:3])),
                        (ValueError, lambda: ns.copy(a, np.s_[:3], a, np.s_[2:5])),
                        (IndexError, lambda: ns.copy(a, np.s_[::2], b, np.s_[:3])),
                        (IndexError, lambda: ns.copy(a, [1, 2], b, np.s_[:2])),
                        (IndexError, lambda: ns.copy(a, np.s_[7], b, np.s_[1])),
                        (TypeError, lambda: ns.copy(a, ..., team.zeros((6, 5), "f4"), ...)),
                        (ValueError, lambda: ns.copy(a, ..., team.zeros(30), ...))]:
        with pytest.raises(error):
            call()
    if team.size > 1:
        with pytest.raises(ValueError):
            ns.copy(a, differ(team, np.s_[:1], np.s_[:2]), b, differ(team, np.s_[:1], np.s_[:2]))
        with pytest.raises(IndexError):
            ns.copy(a, differ(team, np.s_[::2], np.s_[:2]), b, np.s_[:2])


@pytest.mark.skipif(not _core.has_linalg, reason="built without linalg")
@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
def test_multiply_is_numpys_product(team, dtype):
    x, y, z = numbers((7, 5), dtype), numbers((5, 11), dtype, seed=5), numbers((7, 11), dtype, seed=6)
    a, b, c = array_of(team, x), array_of(team, y), array_of(team, z)

    assert (ns.multiply(a, b)[...] == x @ y).all()
    assert ns.multiply(a, b, c, alpha=2, beta=-1) is c
    team.fence()
    assert (c[...] == 2 * (x @ y) - z).all()
    assert (ns.multiply(a, a, a_op="t")[...] == x.T @ x).all()
    assert (ns.multiply(a, a, b_op="C")[...] == x @ x.conj().T).all()


@pytest.mark.skipif(not _core.has_linalg, reason="built without linalg")
def test_multiply_refuses_on_all_ranks(team):
    a, b, square = team.ones((4, 3)), team.ones((3, 4)), team.ones((4, 4))
    for error, call in [(ValueError, lambda: ns.multiply(a, a)), (ValueError, lambda: ns.multiply(a, b, a)),
                        (ValueError, lambda: ns.multiply(square, square, square)),
                        (ValueError, lambda: ns.multiply(a, b, a_op="x")),
                        (ValueError, lambda: ns.multiply(a, team.ones(3))),
                        (TypeError, lambda: ns.multiply(a, b, alpha=1j)),
                        (TypeError, lambda: ns.multiply(a, team.ones((3, 4), "f4"))),
                        (TypeError, lambda: ns.multiply(team.ones((2, 2), "i4"), team.ones((2, 2), "i4")))]:
        with pytest.raises(error):
            call()
    if team.size > 1:
        with pytest.raises(ValueError, match="different arguments"):
            ns.multiply(a, b, alpha=team.rank)


@pytest.mark.parametrize("dtype", SORTED)
def test_sort_is_numpys_stable_sort(team, dtype):
    for size in [0, 1, 5, 257]:
        values = numbers(size, dtype)
        a = array_of(team, values)
        before = a.rank_box
        places = a.argsort()
        assert (a[...] == values).all() and (places[...] == np.argsort(values, kind="stable")).all()
        a.sort()
        assert (a[...] == np.sort(values)).all() and a.rank_box == before
        assert (a.unique()[...] == np.unique(values)).all()


def test_sort_puts_nan_last_and_unique_keeps_one(team):
    values = np.array([3.0, np.nan, -1.0, np.inf, np.nan, 3.0, -np.inf])
    a = array_of(team, values, cuts=[uneven(team, 7)])
    a.sort()
    assert np.array_equal(a[...], np.sort(values), equal_nan=True)
    assert np.array_equal(a.unique()[...], np.unique(values), equal_nan=True)


@pytest.mark.parametrize("dtype", ["f8", "i2", "c16", [("x", "f8"), ("n", "i4", 5)]], ids=str)
def test_sort_by_key_moves_values_of_any_dtype(team, dtype):
    keys, values = numbers(101, "f4", 20), np.zeros(101, dtype)
    values.view("u1")[:] = numbers(values.nbytes, "u1", 256)
    k, v = array_of(team, keys), array_of(team, values)

    ns.sort_by_key(k, v)

    order = np.argsort(keys, kind="stable")
    assert (k[...] == keys[order]).all() and np.asarray(v).tobytes() == values[order].tobytes()


def test_sort_refuses_on_all_ranks(team):
    for dtype in ["c16", "f2", "longdouble", [("x", "f8")]]:
        for call in [lambda a: a.sort(), lambda a: a.unique(), lambda a: a.argsort(),
                     lambda a: ns.sort_by_key(a, team.zeros(4))]:
            with pytest.raises(TypeError, match="float64"):
                call(team.zeros(4, dtype))
    for call in [lambda a: a.sort(), lambda a: a.unique(), lambda a: a.cumsum()]:
        with pytest.raises(ValueError, match="dimensions"):
            call(team.zeros((4, 2)))
    with pytest.raises(ValueError, match="cut alike"):
        ns.sort_by_key(team.zeros(4), team.zeros(5))
    closed = team.zeros(4)
    closed.close()
    with pytest.raises(ValueError, match="closed"):
        closed.sort()


@pytest.mark.parametrize("size", [0, 1, 64, 101])
def test_searchsorted_is_numpys(team, size):
    values = np.sort(np.where(np.arange(size) % 17 == 16, np.nan, numbers(size, "f8", 30)))
    a = array_of(team, values)
    wanted = np.concatenate([np.arange(-2, 33, 0.5), [np.nan, np.inf, -np.inf]])
    for side in ["left", "right"]:
        assert (a.searchsorted(wanted.reshape(-1, 1), side) == np.searchsorted(values, wanted, side)[:, None]).all()
        assert a.searchsorted(7, side) == np.searchsorted(values, 7, side)
    with pytest.raises(ValueError):
        a.searchsorted(1, "middle")


@pytest.mark.parametrize("dtype", ["bool", "i1", "i4", "u8", "f4", "f8", "c16"])
def test_cumsum_is_numpys(team, dtype):
    for size in [0, 1, 83]:
        values = numbers(size, dtype)
        a = array_of(team, values)
        found = a.cumsum()
        assert found.dtype == values.cumsum().dtype and (found[...] == values.cumsum()).all()
    out = team.like(a, "f8")
    if dtype != "c16":
        assert a.cumsum(dtype="f8", out=out) is out
        assert (out[...] == values.cumsum(dtype="f8")).all()
    a.cumsum(out=a)
    assert (a[...] == np.cumsum(values).astype(dtype)).all()
    with pytest.raises(ValueError, match="cut alike"):
        a.cumsum(out=team.zeros(3))
    with pytest.raises(TypeError, match="float64"):
        a.cumsum(dtype="f2")


@pytest.mark.parametrize("dtype", ["bool", "i4", "u1", "f2", "f8"])
def test_places_of_extremes_are_numpys(team, dtype):
    for shape in [(1,), (37,), (11, 4), (5, 3, 7)]:
        values = numbers(shape, dtype, 9)
        for cut in cuts_of(team, len(shape)):
            a = array_of(team, values, **cut)
            for axis in [None, *range(-1, len(shape))]:
                for name in ["argmin", "argmax"]:
                    assert (getattr(a, name)(axis) == getattr(values, name)(axis)).all(), (shape, axis)
    assert a.argmin(1, keepdims=True).shape == (5, 1, 7)


def test_places_of_extremes_meet_nan_and_nothing(team):
    values = numbers(29)
    values[[11, 23]] = np.nan
    a = array_of(team, values)
    assert a.argmin() == a.argmax() == 11
    infinite = array_of(team, np.full((3, 5), np.inf))
    assert infinite.argmin() == 0 and (infinite.argmin(0) == 0).all()
    with pytest.raises(ValueError, match="zero-size"):
        team.zeros((0, 3)).argmin()
    with pytest.raises(TypeError, match="order"):
        team.zeros(3, "c16").argmax()


def test_variances_are_numpys(team):
    for dtype in ["f8", "f4", "i4", "u1", "c16", "f2"]:
        values = numbers((13, 4, 3), dtype)
        for cut in cuts_of(team, 3):
            a = array_of(team, values, **cut)
            for axis in [None, 0, 1, -1, (0, 2)]:
                for name in ["var", "std"]:
                    for ddof in [0, 1]:
                        expected = getattr(values, name)(axis=axis, ddof=ddof)
                        found = np.asarray(getattr(a, name)(axis=axis, ddof=ddof))
                        assert found.dtype == expected.dtype
                        assert np.allclose(found, expected, rtol=5e-3 if dtype == "f2" else 1e-5)
    assert a.var(axis=0, keepdims=True).shape == (1, 4, 3)


@pytest.mark.parametrize("dtype", ["f8", "i4", "u1", "bool"])
def test_histogram_is_numpys(team, dtype):
    values = numbers((23, 9), dtype)
    a = array_of(team, values)
    for bins, ends in [(10, None), (7, (3, 20)), ([0, 1, 4, 4.5, 30], None), (1, None)]:
        counts, edges = a.histogram(bins, ends)
        expected, expected_edges = np.histogram(values.astype("u1") if dtype == "bool" else values, bins, ends)
        assert (counts == expected).all() and (edges == expected_edges).all()


def test_histogram_refuses_on_all_ranks(team):
    a = array_of(team, np.array([1.0, np.nan, 3.0]))
    counts, _ = a.histogram([0, 2, 4])
    assert (counts == [1, 1]).all()
    for wrong in [[3, 2, 1], 0, "auto"]:
        with pytest.raises((ValueError, TypeError)):
            a.histogram(wrong)
    with pytest.raises(ValueError):
        a.histogram(5)  # from NaN to NaN
    with pytest.raises(TypeError):
        team.zeros(3, "c16").histogram()
    if team.size > 1:
        with pytest.raises(ValueError, match="different arguments"):
            a.histogram(differ(team, [0, 1, 2], [0, 1, 3]))


def test_nonzero_lists_places_row_by_row(team):
    for shape in [(0,), (41,), (7, 5), (3, 4, 5)]:
        values = numbers(shape, "i4", 3)
        for cut in cuts_of(team, len(shape)):
            found = array_of(team, values, **cut).nonzero()
            assert len(found) == len(shape)
            for mine, expected in zip(found, values.nonzero()):
                assert (mine[...] == expected).all() and mine.dtype == np.int64


def test_reductions_refuse_other_arguments_on_other_ranks(team):
    a, b = team.ones((6, 6)), team.ones((6, 6), cuts=[uneven(team, 6), None])
    for name in ["sum", "mean", "min", "max", "var", "argmin"]:
        with pytest.raises(ValueError):
            getattr(a, name)(axis=7 if team.rank == team.size - 1 else 0)
        if team.size > 1:
            with pytest.raises(ValueError, match="different arguments"):
                getattr(a, name)(axis=differ(team, 0, 1))
    if a.rank_box_of(team.size - 1) != b.rank_box_of(team.size - 1):
        with pytest.raises(ValueError, match="cut alike"):
            ns.dot(a, b)
    assert a.sum() == 36


def test_blocks_are_dealt_to_nodes(team):
    expected = np.add.outer(100.0 * np.arange(13), np.arange(7))
    a = team.zeros((13, 7), block=(2, 3), node_grid=[1, team.nodes])
    for place in np.ndindex(a.local.shape):
        a.local[place] = expected[a.local_index(place)]
    a.fence()
    assert a.is_cyclic and (a[...] == expected).all() and a.sum() == expected.sum()
    for at in np.ndindex(13, 7):
        assert a[at] == expected[at] and a.owner_node(at) == at[1] // 3 % team.nodes
        if a.owner_node(at) == team.node:
            assert a.node[a.node_place(at)] == expected[at]
            assert a.node_index(a.node_place(at)) == at
    for axis in (None, 0, 1):
        assert np.allclose(a.var(axis), expected.var(axis)) and (a.max(axis) == expected.max(axis)).all()
        assert np.array_equal(a.argmin(axis), expected.argmin(axis))
        assert np.allclose(a.mean(axis), expected.mean(axis))
    assert ns.dot(a, a) == (expected * expected).sum()
    with pytest.raises(ValueError):
        ns.dot(a, team.zeros((13, 6)))
    with pytest.raises(ValueError, match="block-cyclic"):
        a.rank_box
    with pytest.raises(IndexError):
        a.local_index((13, 0))
    for wrong in [(0,), (0, 0, 0)]:
        with pytest.raises(IndexError, match="indices for an array of 2 dimensions"):
            a.owner_node(wrong)
        with pytest.raises(IndexError, match="indices for an array of 2 dimensions"):
            a.node_place(wrong)
    team.fence()
    if team.rank == 0:
        a[12, 6] = -1
    a.fence()
    assert a[12, 6] == -1
    team.fence()
    a.redistribute(block=(5, 1))
    assert a[11, 6] == expected[11, 6] and a.is_cyclic
    a.resize((12, 8))
    assert a[11, 6] == expected[11, 6] and a[11, 7] == 0 and team.like(a).is_cyclic
    a.redistribute()
    assert not a.is_cyclic and (a[:12, :7] == expected[:12]).all()


def test_lists_of_all_ranks_are_moved_together(team):
    a = team.zeros(50, "i8")
    a.scatter_all([7, 8] if team.rank == 0 else [], [70, 80] if team.rank == 0 else [])
    a.scatter_add_all([7, -1], [1, team.rank])
    assert a.gather_all([8, 7, 49]).tolist() == [80, 70 + team.size, team.size * (team.size - 1) // 2]
    with pytest.raises(IndexError):
        a.gather_all([50 if team.rank == team.size - 1 else 0])
    with pytest.raises(ValueError):
        a.scatter_all([1, 2], [1, 2, 3] if team.rank == 0 else [1, 2])
    with pytest.raises(TypeError):
        team.zeros(5, "bool").scatter_add_all([1], [True])
