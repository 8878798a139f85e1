"""What a job publishes of itself where NODESPAN_ATTACH is set: each host sees its own part."""

import os

import numpy as np
import pytest

import nodespan as ns

pytestmark = pytest.mark.skipif(os.environ.get("NODESPAN_ATTACH") != "1", reason="nothing is published")


@pytest.fixture
def job(team):
    """The job as it looks from the host of this rank."""
    leaders = [team._from_root(os.getpid(), team._first_rank(node)) for node in range(team.nodes)]
    with team.zeros(1):  # who has had no array has told of none
        found = ns.attach(leaders[team.node])
        team.fence()
    return found


def named(job, name):
    return next(one for one in job if one.name == name)


def test_this_host_sees_its_own_part_of_an_array(team, job):
    with team.zeros((12, 7), "int32", ghosts=1, name="seen") as a:
        a.local[...] = np.arange(12 * 7).reshape(12, 7)[a.rank_box]
        a.fence()
        seen = named(job, "seen")

        found = seen.read()

        whole = np.arange(12 * 7).reshape(12, 7)
        assert seen.shape == (12, 7) and seen.dtype == np.int32 and seen.all_nodes == team.nodes
        assert np.array_equal(found, whole[seen.box]) and found.epochs[0] == found.epochs[1]
        assert team.node in seen.nodes
        if len(seen.nodes) < team.nodes:  # several hosts
            assert job.other_hosts
            with pytest.raises(IndexError, match="other hosts"):
                seen.read(np.s_[:])
        else:
            assert np.array_equal(seen.read(np.s_[-3:, 2]), whole[-3:, 2]) and seen.read((5, 5)) == 40
        a.fence()


def test_fences_change_the_epoch_and_nothing_else_does(team, job):
    with team.zeros(5, name="epochs") as a:
        a.fence()
        seen = named(job, "epochs")
        team.fence()
        before = seen.epoch

        a.local[...] = 1
        still = seen.epoch
        team.fence()
        for _ in range(3):
            team.fence()

        assert still in (before, before + 1)  # others may have come to the next fence, but for this rank
        assert seen.epoch >= before + 4


def test_an_array_that_has_ended_is_not_there_any_more(team, job):
    a = team.full((3, 3), 2.0, name="short")
    team.fence()
    seen = named(job, "short")
    assert (seen.read() == 2).all()
    team.fence()
    a.close()
    team.collect()
    team.fence()  # now it has ended on all nodes

    with pytest.raises(LookupError, match="has ended in the job"):
        seen.read()
    assert "short" not in [one.name for one in job]
    team.fence()


def test_arrays_of_two_teams_are_told_apart(team, job):
    half = team.split(team.rank % 2)
    with team.zeros(6, name="both") as a, half.zeros(8, name="both") as b:
        a.local[...] = 1
        b.local[...] = 2
        team.fence()

        found = {one.shape[0]: one for one in job if one.name == "both"}

        assert set(found) == {6, 8} and (found[6].read() == 1).all() and (found[8].read() == 2).all()
        team.fence()
    del half
