"""What is wrong on one rank is an error on all, of the kind that NumPy's users expect."""

import numpy as np
import pytest

import nodespan as ns


def one_rank(team, wrong, right):
    return wrong if team.rank == team.size - 1 else right


@pytest.mark.parametrize("shape, dtype, options, kind", [
    ((3, 3), object, {}, TypeError), ((3, 3), "M8[s]", {}, TypeError), ((3,), ">f8", {}, TypeError),
    ((3,), "U4", {}, TypeError), ((3,), [("a", "O")], {}, TypeError), ((3,), "c32", {}, TypeError),
    ((3,), "nonsense", {}, TypeError), ((-1,), "f8", {}, ValueError), ((), "f8", {}, ValueError),
    ((1,) * 7, "f8", {}, ValueError), ("ab", "f8", {}, TypeError), ((2.5,), "f8", {}, TypeError),
    ((10**30,), "f8", {}, ValueError), ((2, 2), "f8", {"ghosts": (1,)}, ValueError),
    ((2, 2), "f8", {"node_grid": [3, 5]}, ValueError), ((2, 2), "f8", {"name": 5}, TypeError),
], ids=str)
def test_an_array_that_cannot_be_made_is_the_same_error_on_all_ranks(team, shape, dtype, options, kind):
    with pytest.raises(kind):
        team.zeros(one_rank(team, shape, (3,)), one_rank(team, dtype, "f8"),
                   **one_rank(team, options, {}))

    assert team.zeros(4).sum() == 0.0  # the team lives on


def test_what_could_not_be_made_is_not_in_the_traceback(team):
    makers = [lambda: team.zeros(3, object), lambda: team.queue("O"), lambda: team.replicated(3, "O"),
              lambda: team.ring(3, "O"), lambda: team.split(-1)]
    for make in makers:
        with pytest.raises((TypeError, ValueError)) as found:
            make()
        place = found.tb
        while place is not None:
            for name, value in place.tb_frame.f_locals.items():
                assert name != "self" or value is team
            place = place.tb_next


def test_a_type_error_says_what_works(team):
    with pytest.raises(TypeError, match="structured dtypes") as found:
        team.zeros(3, one_rank(team, object, "f8"))
    if team.rank < team.size - 1:
        assert f"[on rank {team.size - 1}]" in str(found.value)


def test_full_shared_memory_is_a_memory_error(team):
    with pytest.raises(MemoryError, match="free"):
        team.zeros((10**7, 10**5))


def test_different_arguments_are_a_value_error(team):
    if team.size > 1:
        with pytest.raises(ValueError):
            team.zeros(3 + team.rank)


def test_a_closed_array_and_a_closed_team_say_so(team):
    a = team.zeros(5)
    view = a.local
    a.close()
    a.close()
    for use in (lambda: a[0], lambda: a.local, lambda: a.fence(), lambda: a.sum(), lambda: a.lock(0),
                lambda: a.fetch_add(0, 1), lambda: a.__setitem__(0, 1), lambda: a.block(team.rank)):
        with pytest.raises(ValueError, match="closed"):
            use()
    view[...] = 3  # stays
    other = team.split(0)
    other.close()
    other.close()
    for use in (lambda: other.zeros(3), lambda: other.rank, lambda: other.fence(),
                lambda: other.all_reduce(1)):
        with pytest.raises(ValueError, match="closed"):
            use()
    assert "closed" in repr(other)


def test_full_and_from_array_fail_together(team):
    with pytest.raises(ValueError):
        team.full(3, one_rank(team, [1, 2], 1))
    with pytest.raises(TypeError):
        team.from_array(np.array([object()]), root=team.size - 1)
    with pytest.raises(IndexError):
        team.from_array([1], root=team.size)


def test_exceptions_are_runtime_errors(team):
    assert issubclass(ns.PeerLostError, RuntimeError) and issubclass(ns.MPIError, RuntimeError)
