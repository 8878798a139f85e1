import pickle

import numpy as np
import pytest

import nodespan as ns

DTYPES = ["bool", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "longdouble", "c8",
          "c16", [("mass", "f8"), ("place", "f4", 3), ("id", "i4")]]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_each_rank_writes_its_part_in_place_and_all_read_all(team, dtype):
    a = team.zeros((11, 3), dtype)
    expected = np.zeros((11, 3), dtype)
    for rank in range(team.size):
        expected[a.rank_box_of(rank)] = np.ones((), dtype) if rank % 2 else np.zeros((), dtype)

    a.local[...] = np.ones((), dtype) if team.rank % 2 else np.zeros((), dtype)
    a.fence()

    assert a.dtype == np.dtype(dtype)
    assert (np.asarray(a) == expected).all()


@pytest.mark.parametrize("ndim", range(1, 7))
def test_arrays_have_one_to_six_dimensions(team, ndim):
    shape = tuple(range(2, 2 + ndim))
    values = np.arange(np.prod(shape), dtype="i8").reshape(shape)
    a = team.from_array(values if team.rank == 0 else None)

    assert (a.shape, a.ndim, a.size, a.nbytes) == (shape, ndim, values.size, values.nbytes)
    assert (a[...] == values).all()
    assert a[tuple(n - 1 for n in shape)] == values[tuple(n - 1 for n in shape)]


def test_views_are_the_memory_itself(team):
    a = team.zeros((4 * team.size, 3))
    a.local[...] = team.rank
    a.fence()

    first = team.ranks_of(team.node)[0]
    assert (a.block(first) == first).all()
    assert np.shares_memory(a.node, a.local) and np.shares_memory(a.node, a.block(team.rank))
    assert a.local.flags.writeable
    assert a.local.__array_interface__["data"][0] == a.block(team.rank).__array_interface__["data"][0]
    assert np.shares_memory(np.from_dlpack(a.local), a.local)
    assert not np.shares_memory(np.asarray(a), a.node)
    assert not isinstance(a[0], np.ndarray) or not np.shares_memory(a[0], a.node)
    for rank in range(team.size):
        if team.node_of(rank) != team.node:
            with pytest.raises(IndexError):
                a.block(rank)


def test_a_structured_element_is_a_copy(team):
    a = team.zeros(3, [("x", "f8")])
    if team.rank == 0:
        element = a[0]
        element["x"] = 5.0
        assert a[0]["x"] == 0.0


def test_arrays_are_made_from_others(team):
    a = team.full((5, 4), 2.5, ghosts=1, name="first")
    b = team.like(a, "i4")

    assert (a[...] == 2.5).all() and a.name == "first"
    assert (b.shape, b.dtype, b.ghosts) == ((5, 4), np.dtype("i4"), [1, 1])
    assert (b[...] == 0).all()
    assert (team.ones(3)[...] == 1.0).all()
    assert team.empty((2, 2)).shape == (2, 2)
    assert team.full(4, True).dtype == bool


def test_from_array_takes_the_roots_values_alone(team):
    root = team.size - 1
    values = np.array([(1, 2.0), (3, 4.0)], dtype=[("n", "i4"), ("x", "f8")])
    a = team.from_array(values if team.rank == root else "not looked at", root=root)
    assert (np.asarray(a) == values).all()


def test_grids_and_cuts_say_who_has_what(team):
    cuts = [[0] + [3] * team.size, None]
    a = team.zeros((3, 5), cuts=cuts, node_grid=[team.nodes, 1], rank_grid=[0, 1])
    assert a.rank_box_of(0) == (slice(0, 3, 1), slice(0, 5, 1))
    assert a.owner_node((2, 4)) == 0
    by_column = team.zeros((2, 40), node_grid=[1, team.nodes], rank_grid=[1, 0])
    assert by_column.rank_box[0] == slice(0, 2, 1)


def test_a_repr_says_shape_dtype_nodes_and_ranks(team):
    a = team.zeros((3, 2), "f4", name="velocity")
    nodes = "1 node" if team.nodes == 1 else f"{team.nodes} nodes"
    ranks = "1 rank" if team.size == 1 else f"{team.size} ranks"
    assert repr(a) == f'<nodespan.Array "velocity" (3, 2) float32, {ranks} on {nodes}>'
    assert f"rank {team.rank}" in repr(team)
    a.close()
    assert "closed" in repr(a)


def test_ghosts_hold_what_neighbours_have(team):
    a = team.zeros((2 * team.size, 3), ghosts=(1, 0), periodic=(True, False))
    a.local[...] = team.rank
    a.exchange_ghosts()

    mine = a.local_with_ghosts
    assert mine.shape == (4, 3)
    assert (mine[0] == (team.rank - 1) % team.size).all()
    assert (mine[-1] == (team.rank + 1) % team.size).all()
    a.start_exchange_ghosts()
    a.finish_exchange_ghosts()
    assert a.node_with_ghosts.shape == (2 * team.node_size + 2, 3)


def test_a_lock_orders_what_several_ranks_do(team):
    a = team.zeros(2, "i8")
    for _ in range(20):
        with a.lock(node=0):
            a[0] = a[0] + 1
    a.fence()
    with a.lock_shared(node=0):
        assert a[0] == 20 * team.size
    lock = a.lock(0)
    team.fence()
    if team.rank == 0:
        assert lock.acquire(blocking=False)
        lock.release()
    with pytest.raises(IndexError):
        a.lock(node=team.nodes)


def test_arrays_and_teams_are_not_pickled(team):
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(team.zeros(2))
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(team)


def test_reductions_are_numpys(team):
    rng = np.random.default_rng(7)
    for dtype in ["f8", "f4", "i4", "u1", "f2", "c16", "bool"]:
        values = (rng.integers(0, 2 if dtype == "bool" else 9, (13, 4, 3))).astype(dtype)
        a = team.from_array(values if team.rank == 0 else None)
        for axis in [None, 0, 1, 2, -1, (0, 2)]:
            for name in ["sum", "mean"] + ([] if dtype == "c16" else ["min", "max"]):
                expected = getattr(values, name)(axis=axis)
                found = getattr(a, name)(axis=axis)
                assert np.asarray(found).dtype == expected.dtype, (dtype, name)
                assert np.allclose(found, expected, rtol=2e-3 if dtype == "f2" else 1e-6)
    assert a.sum(axis=0, keepdims=True).shape == (1, 4, 3)
    with pytest.raises(ValueError):
        a.sum(axis=3)


def test_nan_is_the_least_and_the_largest(team):
    a = team.zeros(2 * team.size)
    if team.rank == team.size - 1:
        a.local[-1] = np.nan
    assert np.isnan(a.min()) and np.isnan(a.max()) and np.isnan(a.sum())


def test_reductions_of_nothing_are_numpys(team):
    a = team.zeros((0, 3))
    assert a.sum() == 0 and (a.sum(axis=0) == 0).all()
    with pytest.raises(ValueError, match="zero-size"):
        a.min()


def test_dot_multiplies_elements(team):
    a = team.from_array(np.arange(20.0) if team.rank == 0 else None)
    b = team.full(20, 2.0)
    assert ns.dot(a, b) == 2 * sum(range(20))
    with pytest.raises(ValueError):
        ns.dot(a, team.zeros(3))


def test_all_reduce_combines_what_ranks_have(team):
    ranks = range(team.size)
    assert team.all_reduce(team.rank) == sum(ranks)
    assert team.all_reduce(float(team.rank), "max") == team.size - 1
    assert (team.all_reduce(np.arange(500) * team.rank) == np.arange(500) * sum(ranks)).all()
    a = team.zeros((team.size, 1000))
    a.local[...] = team.rank + 1
    mine = a.local[0]
    assert team.all_reduce(mine, out=mine) is mine
    team.fence()
    assert (mine == sum(ranks) + team.size).all()
    with pytest.raises((TypeError, ValueError)):
        team.all_reduce("text" if team.rank == 0 else 1)
    values = np.full(3, team.rank)
    assert (team.broadcast(values, root=team.size - 1) == team.size - 1).all()
