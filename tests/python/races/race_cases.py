"""Small programs, each once with a race and once without: mpirun -n 3 python3 race_cases.py, with NODESPAN_RACES=count.

A case breaks the memory rule in one place if it is racy, and is the same program put right otherwise. The checker must
find the one whoever is late, and nothing in the other.
"""

import sys
import time

import numpy as np

import nodespan as ns
from nodespan import _core

CASES = []
LATE = None


def case(needs="ranks"):
    """``needs``: two ranks anywhere, or two ``peers`` on the first node."""

    def add(run):
        CASES.append((run.__name__, needs, run))
        return run

    return add


def be_late(team):
    if LATE is not None and team.rank % 2 == LATE:
        time.sleep(0.003)


def field(team):
    a = team.zeros((6 * team.size, 4), name="field")
    be_late(team)
    return a


@case()
def slices_written_by_two(team, is_racy):
    a = field(team)
    if team.rank == 0:
        a[0:4, 1:3] = 1
    if team.rank == team.size - 1:
        a[3 if is_racy else 4:6, 2] = 2


@case()
def an_element_written_and_read(team, is_racy):
    a = field(team)
    if team.rank == 0:
        a[-1, 2] = 1
    if not is_racy:
        a.fence()
    if team.rank == team.size - 1:
        a[-1, 2]


@case()
def an_element_of_a_peer_read(team, is_racy):
    a = field(team)
    if team.rank == team.size - 1:
        a[1, 1] = 1
    if not is_racy:
        a.fence()
    if team.rank == 0:
        a[1, 1]


@case()
def slices_with_steps(team, is_racy):
    a = field(team)
    if team.rank == 0:
        a[::2] = 1
    if team.rank == 1:
        a[0 if is_racy else 1::2] = 2


@case()
def masks(team, is_racy):
    a = field(team)
    chosen = np.zeros(a.shape, bool)
    chosen[3, 1] = chosen[-2, 3] = True
    if team.rank == 0:
        a[chosen] = 1
    if team.rank == 1:
        a[-2, 3 if is_racy else 2]


@case()
def lists_gathered_and_written(team, is_racy):
    a = field(team)
    if team.rank == 0:
        a.gather([[0, 0], [-1, 3]])
    if not is_racy:
        a.fence()
    if team.rank == 1:
        a[-1] = 1


@case()
def lists_scattered_by_two(team, is_racy):
    a = field(team)
    if team.rank == 0:
        a.scatter([[1, 1], [-1, 1]], [1.0, 2.0])
    if team.rank == 1:
        a.scatter([[2, 2], [-1, 1 if is_racy else 2]], [1.0, 2.0])


@case()
def sums_by_all_are_free_but_not_reads(team, is_racy):
    a = field(team)
    a.add(np.s_[2:, 1:3], 1.0)
    a.scatter_add([[2, 1], [-1, 2]], [1.0, 1.0])
    if not is_racy:
        a.fence()
    if team.rank == 1:
        a[2, 1]


@case()
def numbers_drawn(team, is_racy):
    a = field(team)
    a.fetch_add((0, 0), 1.0)
    if not is_racy:
        a.fence()
    if team.rank == 1:
        a[0, 0] = 0


@case()
def filled_and_read(team, is_racy):
    a = field(team)
    a.fill(2)
    if not is_racy:
        a.fence()
    if team.rank == 0:
        a[-1]


@case()
def sums_of_all_read_their_own(team, is_racy):
    a = field(team)
    if team.rank == 0:
        a[-1, -1] = 1
    if not is_racy:
        a.fence()
    a.sum()


@case()
def extremes_and_products_read_their_own(team, is_racy):
    a, b = field(team), field(team)
    a.max(), ns.dot(a, b)
    if not is_racy:
        a.fence()
    if team.rank == 0:
        b[-1, -1] = 1


@case("peers")
def own_elements_written_and_read_by_numpy(team, is_racy):
    a = field(team)
    with a.writing() as own:
        own[...] = team.rank
    if not is_racy:
        a.fence()
    if team.rank == 0:
        with a.reading(a.rank_box_of(1)) as theirs:
            theirs.sum()


@case()
def numpy_writes_what_a_call_reads(team, is_racy):
    a = field(team)
    if team.rank == 0:
        with a.writing(np.s_[2, 1:3]) as part:
            part[...] = 1
    if team.rank == team.size - 1:
        a[2, 2 if is_racy else 3]


@case("peers")
def numpy_writes_every_second_row(team, is_racy):
    a = field(team)
    if team.rank == 0:
        with a.writing(np.s_[0:12:2]) as part:
            assert part.shape == (6, 4)
            part[...] = 1
    if team.rank == 1:
        with a.writing(np.s_[(0 if is_racy else 1):12:2]) as part:
            part[...] = 2


@case("peers")
def numpy_writes_backwards_and_one_element(team, is_racy):
    a = field(team)
    if team.rank == 0:
        with a.writing(np.s_[11:1:-3, 0]) as part:  # 11, 8, 5, 2
            part[...] = 1
    if team.rank == 1:
        with a.writing((5 if is_racy else 4, 0)) as one:
            one[...] = 2


@case("peers")
def numpy_under_a_lock(team, is_racy):
    a = field(team)
    for _ in range(3):
        if team.rank < 2 and (team.rank == 0 or not is_racy):
            with a.lock():
                with a.writing((0, 0)) as one:
                    one += 1
        elif team.rank == 1:
            with a.writing((0, 0)) as one:
                one += 1


@case("peers")
def a_fence_inside_of_an_intent(team, is_racy):
    a = field(team)
    if team.rank == 0:
        with a.writing((0, 0)) as one:
            one[...] = 1
            a.fence()
            one[...] = 2
    else:
        a.fence()
    if not is_racy:
        a.fence()
    if team.rank == 1:
        a[0, 0]


@case()
def ghosts_that_are_stale(team, is_racy):
    a = team.zeros(8 * team.size, ghosts=1, periodic=True, name="rod")
    a.fill(1)
    a.exchange_ghosts()
    a.fence()
    be_late(team)
    a.fill(2)
    a.fence()
    if not is_racy:
        a.exchange_ghosts()
    with a.reading(ghosts=True) as around:
        assert around.size == 10
        around.sum()
    a.fence()


@case("peers")
def neighbours_read_where_ghosts_are(team, is_racy):
    a = team.zeros(8 * team.size, ghosts=1, name="rod")
    be_late(team)
    a.fill(1)
    if not is_racy:
        a.exchange_ghosts()
    with a.reading(ghosts=True) as around:
        around.sum()
    a.fence()


@case("peers")
def values_of_all_reduce(team, is_racy):
    a = field(team)
    if team.rank == 0:
        with a.writing(a.rank_box_of(1)) as theirs:
            theirs[...] = 1
    if not is_racy:
        a.fence()
    own = a.local
    team.all_reduce(own, out=own)  # in place, in the array's memory


@case("peers")
def items_of_a_queue_order(team, is_racy):
    a, jobs = field(team), team.node_team().queue("i8")
    be_late(team)
    if team.rank == 0:
        with a.writing(0) as row:
            row[...] = 1
        jobs.put(0)
        if is_racy:
            with a.writing(0) as row:
                row[...] = 2
    if team.rank == 1:
        with a.reading(jobs.get()) as row:
            row.sum()


def found_by(run, is_racy):
    before = _core.races_found()
    with ns.Team() as team:
        run(team, is_racy)
        team.fence()
    found = _core.races_found() - before
    with ns.Team() as team:
        return int(team.all_reduce(found, "max"))


def main():
    global LATE
    with ns.Team() as team:
        rank, has_peers = team.rank, len(team.ranks_of(0)) > 1
    tried = wrong = 0
    for name, needs, run in CASES:
        if needs == "peers" and not has_peers:
            continue
        tried += 1
        for is_racy, LATE in ((True, 0), (True, 1), (False, None)):
            found = found_by(run, is_racy)
            if (found > 0) != is_racy:
                wrong += 1
                if rank == 0:
                    print(f"{name}, {'racy' if is_racy else 'right'}, late {LATE}: {found} found")
    if rank == 0:
        print(f"{tried} cases, {wrong} wrong")
    _core.forget_races()
    sys.exit(1 if wrong else 0)


main()
