"""Python gives objects up at other moments on each rank; memory ends in one order on all."""

import gc
import os
import random

import numpy as np
import pytest


class Node:
    """Something that can be in a cycle."""


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[1]) * 4096


def make(team, common):
    kind = common.randrange(8)
    shape = (common.randrange(200), common.randrange(1, 5))
    if kind < 5:
        return team.empty(shape, common.choice(["f8", "i4", "u1"]))
    if kind == 5:
        return team.counter()
    if kind == 6:
        return team.replicated(shape)
    return team.split(0)


def live_through(thing, kept, mine, views):
    """A random life of an array and some views of it; how many there were."""
    view = thing.node
    fate = mine.randrange(6)
    lives = 1
    for _ in range(views):
        view = view[:: mine.choice([1, 1, -1])].T if mine.random() < 0.7 else thing.local
        view[...] = 1
        lives += 1
    if fate == 0:
        kept.append(view)
    elif fate == 1:
        kept.append(thing)
    elif fate == 2:
        cycle = Node()
        cycle.all = (cycle, thing, view)
    elif fate == 3:
        thing.close()
        kept.append(view)
        with pytest.raises(ValueError):
            thing[0]
    elif fate == 4:
        with pytest.raises(KeyError), thing:
            raise KeyError("out of the block")
    return lives


@pytest.mark.parametrize("arrays, views", [(150, 4), (40, 650)], ids=["many arrays", "many views"])
def test_random_lifetimes_end_in_one_order(team, arrays, views):
    arrays *= int(os.environ.get("NODESPAN_TEST_LIVES", "1"))  # many times as many, by hand
    common, mine = random.Random(1), random.Random(100 + team.rank)
    if team.size == 1:
        arrays *= 5
    kept, lives = [], 0
    grown_from = None
    for k in range(arrays):
        thing = make(team, common)
        if hasattr(thing, "node_box"):
            lives += live_through(thing, kept, mine, views)
        elif mine.random() < 0.5:
            kept.append(thing)
        del thing
        while len(kept) > 20:
            del kept[mine.randrange(len(kept))]
        for view in kept:
            if isinstance(view, np.ndarray):
                view[...] = k % 100  # still its own memory
        if mine.random() < 0.05:
            gc.collect()
        if k == arrays // 2:
            gc.collect()
            grown_from = resident_bytes()
    kept.clear()
    gc.collect()
    team.collect()
    assert lives > arrays
    print(lives, "lives,", (resident_bytes() - grown_from) >> 20, "MiB more than in the middle")
    assert resident_bytes() < grown_from + (64 << 20)


def test_what_all_ranks_have_dropped_ends_when_the_next_array_is_made(team):
    gc.collect()
    team.collect()
    before = team.live
    a = team.zeros(10)
    view = a.local if team.rank == 0 else None
    del a
    team.zeros(1)  # given up on all ranks but one: stays
    assert team.live >= before + 1
    if view is not None:
        view[...] = 4
    del view
    team.collect()
    assert team.live == before


def test_a_view_keeps_its_memory_while_others_are_made(team):
    views = []
    for k in range(30):
        a = team.zeros(1000 * team.size)
        a.local[...] = k
        if (k + team.rank) % 3 == 0:
            views.append((k, a.local[10:900:7][::-1]))
        a.close()
        del a
    assert all((view == k).all() for k, view in views)


def test_a_dropped_team_ends_with_what_lives_on_it(team):
    gc.collect()
    team.collect()
    before = team.live
    for _ in range(5):
        part = team.split(team.rank % 2)
        a = part.zeros(100)
        view = a.local
        del part, a
    team.collect()
    assert team.live == before + 1  # the last view's
    view[...] = 1
    del view
    team.collect()
    assert team.live == before
