"""What reading() and writing() give, with the race checker and without."""

import numpy as np
import pytest


def test_reading_gives_a_view_that_cannot_be_written(team):
    a = team.full((4 * team.size, 3), 2.0)
    with a.reading() as own:
        assert own.base is not None and np.shares_memory(own, a.local) and (own == 2).all()
        with pytest.raises(ValueError):
            own[...] = 1
    a.local[...] = 3  # which stays writable
    a.fence()


def test_writing_gives_the_elements_of_a_global_index(team):
    a = team.zeros((4 * team.size, 3), "i8")
    first = a.rank_box[0].start
    with a.writing(np.s_[first:first + 4:2, 1]) as part:
        assert part.shape == (2,)
        part[...] = [5, 6]
    with a.writing((first + 3, -1)) as one:
        one[...] = 7
    assert a.local.tolist() == [[0, 5, 0], [0, 0, 0], [0, 6, 0], [0, 0, 7]]
    with a.writing(np.s_[first + 3:first:-1]) as part:
        assert part[:, 2].tolist() == [7, 0, 0]
    with a.reading(np.s_[first:first]) as none:
        assert none.shape == (0, 3)
    a.fence()


def test_ghosts_are_read_with_the_own_elements(team):
    a = team.zeros(4 * team.size, ghosts=1, periodic=True)
    a.fill(team.rank)
    a.exchange_ghosts()
    with a.reading(ghosts=True) as around:
        assert around[0] == (team.rank - 1) % team.size and around[-1] == (team.rank + 1) % team.size
    with pytest.raises(ValueError):
        a.reading(0, ghosts=True)
    a.fence()


def test_intents_are_of_elements_that_numpy_reaches(team):
    a = team.zeros((4 * team.size, 3))
    for wrong in (np.s_[0, 3], np.s_[[0, 1]], np.s_[0, 0, 0]):
        with pytest.raises(IndexError):
            a.writing(wrong)
    if team.nodes > 1:
        with pytest.raises(IndexError, match="not all of these elements are on this node"):
            a.reading(...)
    else:
        assert a.reading(...).__enter__().shape == a.shape
    a.fence()


def test_an_exception_passes_through(team):
    a = team.zeros(team.size)
    with pytest.raises(KeyError):
        with a.writing():
            raise KeyError
    a.fence()
