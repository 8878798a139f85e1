"""Whatever NumPy's indices select in an ndarray they select in a distributed array, or IndexError."""

import numpy as np
import pytest

SHAPE = (9, 6)
KEYS = [
    np.s_[0], np.s_[-1], np.s_[8, 5], np.s_[-9, -6], np.s_[2:7], np.s_[2:7, 1:3], np.s_[::2],
    np.s_[::-1], np.s_[7:1:-2, ::3], np.s_[..., 2], np.s_[2, ...], np.s_[...], np.s_[:, 3], np.s_[5:5],
    np.s_[100:], np.s_[-100:3], np.s_[None, 2], np.s_[:, None, 4], np.s_[1:8:3, -1], np.s_[[1, 3, 1]],
    np.s_[[1, 3], [5, -1]], np.s_[:, [2, 0]], np.s_[np.array([[0, 1], [8, 2]])], np.s_[[], :],
    np.s_[[0, 2]][0:1], np.s_[np.arange(9) % 2 == 0], np.s_[np.arange(9) > 4, 1:3],
    np.s_[np.arange(54).reshape(9, 6) % 5 == 0], np.s_[np.int32(3), np.uint8(2)], np.s_[True], np.s_[()],
]
WRONG = [np.s_[9], np.s_[-10], np.s_[0, 6], np.s_[0, 0, 0], np.s_[..., ...], "name", np.s_[1.5],
         np.s_[[9]], np.s_[np.ones(8, bool)], np.s_[2.0, 1]]


def plain():
    return np.arange(54, dtype="f8").reshape(SHAPE)


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_reads_are_numpys(team, key):
    a = team.from_array(plain() if team.rank == 0 else None)

    found, expected = a[key], plain()[key]

    assert type(found) is type(expected)
    assert np.shape(found) == np.shape(expected) and (found == expected).all()
    if isinstance(found, np.ndarray):
        found[...] = -1  # a copy
        team.fence()
        assert (a[...] == plain()).all()


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_writes_are_numpys(team, key):
    a = team.from_array(plain() if team.rank == 0 else None)
    expected = plain()
    values = np.random.default_rng(3).random(np.shape(expected[key]))
    if isinstance(key, list) and len(set(key)) < len(key):
        values[...] = 0.5  # of doublets one value stays

    if team.rank == team.size - 1:
        a[key] = values
    a.fence()

    expected[key] = values
    assert (a[...] == expected).all()


@pytest.mark.parametrize("key", KEYS[:14], ids=repr)
def test_writes_broadcast_and_convert(team, key):
    a = team.zeros(SHAPE, "i4")
    expected = np.zeros(SHAPE, "i4")
    if team.rank == 0:
        a[key] = 2.75
    a.fence()
    expected[key] = 2.75
    assert (a[...] == expected).all()


@pytest.mark.parametrize("key", WRONG, ids=repr)
def test_wrong_indices_are_index_errors(team, key):
    a = team.zeros(SHAPE)
    with pytest.raises(IndexError):
        a[key]
    with pytest.raises(IndexError):
        a[key] = 1.0


def test_wrong_values_are_numpys_errors(team):
    a = team.zeros(SHAPE)
    with pytest.raises(ValueError):
        a[0:2] = np.zeros(5)
    with pytest.raises((TypeError, ValueError)):
        a[8, 5] = "text"
    with pytest.raises(TypeError):
        del a[0]


def test_lists_of_places_go_to_all_nodes(team):
    a = team.zeros(SHAPE)
    places = np.array([[0, 0], [8, 5], [4, 2], [8, 5]])
    a.scatter_add(places, [1.0, 2.0, 3.0, 4.0])
    a.fence()
    n = team.size
    assert (a.gather(places) == [n, 6 * n, 3 * n, 6 * n]).all()
    assert (a.gather([[-1, -1]]) == [6 * n]).all()
    a.fence()
    if team.rank == 0:
        a.scatter([[1, 1], [7, 0]], [5.0, 6.0])
    a.fence()
    assert a[1, 1] == 5.0 and a[7, 0] == 6.0
    for wrong in ([[9, 0]], [[0, 0, 0]], [[0.5, 1.0]]):
        with pytest.raises(IndexError):
            a.gather(wrong)


def test_sums_of_several_ranks_lose_nothing(team):
    a = team.zeros(SHAPE)
    count = team.zeros(3, "i8")
    for _ in range(10):
        a.add(np.s_[1:8, 2:4], np.ones((7, 2)))
        a.add(np.s_[-1, ::5], 2.0)
        count.fetch_add(2, 1)
    a.fence()
    n = 10 * team.size
    assert (a[1:8, 2:4] == n).all() and (a[8, [0, 5]] == 2 * n).all() and a[0, 0] == 0
    assert count[-1] == n
    a.fence()
    a.combine(np.s_[0], team.rank + 1.0, "max")
    a.fence()
    assert (a[0] == team.size).all()
    with pytest.raises(TypeError):
        team.zeros(2, "f2").add(0, 1)
    with pytest.raises(TypeError):
        team.zeros(2, "c8").fetch_add(0, 1)
    with pytest.raises(IndexError):
        a.fetch_add((9, 0), 1)
    with pytest.raises(ValueError):
        a.combine(np.s_[0], 1.0, "average")


def test_drawn_numbers_are_each_given_once(team):
    counter = team.counter()
    mine = [counter.next() for _ in range(10)]
    seen = team.zeros(10 * team.size, "i8")
    seen.scatter_add(mine, np.ones(10))
    seen.fence()
    assert (seen[...] == 1).all()
    counter.reset(5)
    assert counter.take()[0] >= 5
