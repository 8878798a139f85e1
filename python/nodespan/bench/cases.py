"""The rows of the table: what is done, by nodespan and by another way."""

import subprocess
import sys
import time

import numpy as np

from .. import Team
from .peers import BLOCK, COLUMNS, SIZE

MIB_64 = 1 << 23  # doubles


def timed(repeats, call):
    """Seconds a call takes, on this rank."""
    begin = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - begin) / repeats


class Row:
    """Two ways to do one thing; each gives seconds a call, and is called by all ranks."""

    def __init__(self, what, peer, ours, theirs, bar=None):
        self.what, self.peer, self.ours, self.theirs, self.bar = what, peer, ours, theirs, bar
        self.pairs = []

    def run(self):
        self.pairs.append((self.ours(), self.theirs()))

    def result(self):
        ours, theirs = (float(np.median(times)) for times in zip(*self.pairs))
        ratios = [b / a for a, b in self.pairs]
        return {"what": self.what, "peer": self.peer, "nodespan_s": ours, "peer_s": theirs,
                "ratio": float(np.median(ratios)), "least_ratio": min(ratios),
                "greatest_ratio": max(ratios), "at_least": self.bar}


class Cases:
    """All rows, on one team of two ranks; rank 0 has the processes of the other side."""

    def __init__(self, processes):
        from mpi4py import MPI

        self.team = Team()
        self.comm = MPI.COMM_WORLD
        self.processes = processes
        self.is_first = self.team.rank == 0
        self.small = self.team.zeros((SIZE, COLUMNS))
        self.large = self.team.full(MIB_64, 1.0)
        self.own = np.ones(MIB_64)
        self.window = MPI.Win.Allocate(8 * 1000, 8, comm=self.comm)
        self.window.Lock_all()
        self.one = np.zeros(1)
        self.many = np.ones(1 << 17)
        self.result = np.empty_like(self.many)
        self.shared = self.team.ones((self.team.size, 1 << 17))

    def on_first(self, call):
        """What rank 0 does with its processes, while the others wait."""
        self.comm.Barrier()
        seconds = timed(1, call) if self.is_first else 0.0
        self.comm.Barrier()
        return seconds

    def together(self, repeats, call, batches=1):
        """The quickest of some batches: short calls are else as slow as what interrupts them."""
        self.comm.Barrier()
        return min(timed(repeats, call) for _ in range(batches))

    def recipe(self):
        for rows in self.team.share(range(SIZE), chunk=BLOCK):
            self.small[rows] = rows.start

    def hand_over(self):
        if self.is_first:
            self.large.node[-1] += 1
        self.comm.Barrier()
        seconds = timed(1, self.large.fence)
        assert self.large.node[-1] > 1
        self.large.fence()
        return seconds

    def message(self):
        if self.is_first:
            self.comm.Send(self.own, 1)
        elif self.team.rank == 1:
            self.comm.Recv(self.own, 0)

    def get_by_window(self):
        self.window.Get(self.one, self.team.size - 1, 5)
        self.window.Flush(self.team.size - 1)

    def reduce_many(self):
        mine = self.shared.local[0]
        self.team.all_reduce(mine, "max", out=mine)

    def rows(self):
        fence, barrier = self.team.fence, self.comm.Barrier
        a, last, processes = self.small, (SIZE - 1, COLUMNS - 1), self.processes
        own = self.own
        recipe = "recipe of 2014: 2000 x 10 in 20 blocks"
        hand = "64 MiB for a peer"
        return [
            Row(recipe, "Pool.map, sharedctypes", lambda: self.together(5, self.recipe),
                lambda: self.on_first(lambda: processes.fill()), 20),
            Row(hand, "pickled to a Pool", self.hand_over,
                lambda: self.on_first(lambda: processes.send(own)), 50),
            Row(hand, "multiprocessing.shared_memory", self.hand_over,
                lambda: self.on_first(lambda: processes.copy(own))),
            Row(hand, "mpi4py Send", self.hand_over, lambda: self.together(1, self.message)),
            Row("fence", "mpi4py Barrier", lambda: self.together(400, fence, 5),
                lambda: self.together(400, barrier, 5), 2),
            Row("one element of the node", "mpi4py Win.Get, Flush",
                lambda: self.together(400, lambda: a[last], 5),
                lambda: self.together(400, self.get_by_window, 5), 2),
            Row("all_reduce of one number", "mpi4py allreduce",
                lambda: self.together(100, lambda: self.team.all_reduce(1.0), 5),
                lambda: self.together(100, lambda: self.comm.allreduce(1.0), 5)),
            Row("all_reduce of 1 MiB", "mpi4py Allreduce", lambda: self.together(5, self.reduce_many),
                lambda: self.together(5, lambda: self.comm.Allreduce(self.many, self.result))),
        ]

    def end(self):
        self.window.Unlock_all()
        self.window.Free()


def import_seconds(rounds):
    """How long ``import nodespan`` takes where NumPy and mpi4py's MPI are there already: the median."""
    code = ("import time, numpy, mpi4py.MPI\nt = time.perf_counter()\nimport nodespan\n"
            "print(time.perf_counter() - t)")
    times = [float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                                  check=True).stdout) for _ in range(rounds)]
    return float(np.median(times))
