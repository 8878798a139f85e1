"""What Python's ways to share arrays cost, beside nodespan's, on one machine in one run.

Usage: against_python.py LAUNCH BENCH, where LAUNCH starts ranks (launch in the build folder) and BENCH is
nodespan-bench. Needs NumPy.
Each of Python's ways is the original recipe's: docs/from_python.md. Its processes are there before
the clock starts. Medians of 15; those of nodespan-bench are its own.
"""

import ctypes
import json
import multiprocessing
import statistics
import subprocess
import sys
import time
from multiprocessing import sharedctypes

import numpy as np

REPEAT = 15
SIZE, COLUMNS, BLOCK = 2000, 10, 100
LARGE = 64 << 20  # bytes


def median_time(work, times=1):
    work()
    seconds = []
    for _ in range(REPEAT):
        start = time.perf_counter()
        for _ in range(times):
            work()
        seconds.append((time.perf_counter() - start) / times)
    return statistics.median(seconds)


def share(array):
    global shared
    shared = np.ctypeslib.as_array(array)


def populate(block):
    offset, rows = block
    for row in range(offset, offset + rows):
        shared[row, :] = offset
    return offset


def fill_in_blocks():
    """The post of 2014: a pool fills an array that its processes share."""
    raw = sharedctypes.RawArray(ctypes.c_double * COLUMNS, SIZE)
    blocks = [(offset, BLOCK) for offset in range(0, SIZE, BLOCK)]
    with multiprocessing.Pool(2, share, (raw,)) as pool:
        return median_time(lambda: pool.map(populate, blocks), 20)


def obey(commands, raw):
    array = np.ctypeslib.as_array(raw)
    while True:
        command = commands.get()
        if command == "data":
            array[:] = 53
        commands.task_done()
        if command == "done":
            return


def command_and_join():
    """A queue and a worker: one command, and a wait until it is done."""
    commands = multiprocessing.JoinableQueue()
    worker = multiprocessing.Process(target=obey, args=(commands, sharedctypes.RawArray("i", 10)))
    worker.start()

    def one():
        commands.put("data")
        commands.join()

    seconds = median_time(one, 200)
    commands.put("done")
    worker.join()
    return seconds


def add_up(pipe):
    while (array := pipe.recv()) is not None:
        pipe.send(float(array.sum()))


def hand_over():
    """An array as an argument: pickled, through a pipe, and added up there."""
    ours, theirs = multiprocessing.Pipe()
    worker = multiprocessing.Process(target=add_up, args=(theirs,))
    worker.start()
    array = np.ones(LARGE // 8)

    def one():
        ours.send(array)
        return ours.recv()

    seconds = median_time(one)
    ours.send(None)
    worker.join()
    return seconds


def ours(launch, program):
    """Seconds by (case, size)."""
    done = subprocess.run([launch, "--bind", "-n", "2", program, "--json", "--case", "sharing", "--case",
                           "commands"], capture_output=True, text=True, check=True, timeout=300)
    results = json.loads(done.stdout)["results"]
    return {(one["case"], one["size"]): one["ours_seconds"] for one in results}


def text_of(seconds):
    for unit, size in (("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3)):
        if seconds < 1000 * size:
            break
    return f"{seconds / size:.3g} {unit}"


def main():
    measured = ours(*sys.argv[1:3])
    ways = [
        ("2000 x 10 filled in 20 blocks", "in place, fence", "Pool.map, sharedctypes",
         fill_in_blocks),
        ("queue, a command and join", "one by one", "JoinableQueue", command_and_join),
        ("64 MiB for a peer to add up", "fence, read in place", "Pipe, pickled", hand_over),
    ]
    print(f"{'':<32}{'Python':<26}{'Python':>10}{'nodespan':>12}{'ratio':>10}")
    for case, size, name, way in ways:
        seconds, here = way(), measured[case, size]
        print(f"{case:<32}{name:<26}{text_of(seconds):>10}{text_of(here):>12}{seconds / here:>10.0f}",
              flush=True)


if __name__ == "__main__":
    main()
