"""nodespan-watch: the arrays of a running job, again and again.

The job was started with NODESPAN_ATTACH=1. It takes no part, and cannot be harmed.
"""

import argparse
import json
import os
import sys
import time

import numpy as np

from . import _picture
from ._attach import attach
from ._core import __version__

_BLOCK_BYTES = 64 << 20  # larger arrays are looked at in pieces of so many bytes


def options(given):
    parser = argparse.ArgumentParser(prog="nodespan-watch", description=__doc__)
    parser.add_argument("job", nargs="?", help="its name, program or the number of a process; needed where several run")
    parser.add_argument("--array", action="append", metavar="NAME", help="only this one; may be given several times")
    parser.add_argument("--once", action="store_true", help="look once, instead of until the job ends")
    parser.add_argument("--interval", type=float, default=1.0, metavar="SECONDS", help="between two looks (default 1)")
    parser.add_argument("--json", action="store_true", help="a line of JSON each time")
    parser.add_argument("--png", metavar="FILE", help="draw the first array there each time")
    parser.add_argument("--folder", help="where the job has written, if NODESPAN_ATTACH_DIR does not say so")
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}", help="print the version")
    chosen = parser.parse_args(given)
    if not chosen.interval > 0:
        parser.error("--interval is a number of seconds above 0")
    return chosen


def blocks(array):
    """What this host has, in readings of bounded size along the first dimension."""
    box = array.box
    rows = box[0].stop - box[0].start
    step = max(1, int(rows * _BLOCK_BYTES // max(1, array.nbytes)))
    for begin in range(box[0].start, box[0].stop, step):
        yield array.read((slice(begin, min(begin + step, box[0].stop)), *box[1:]))


def look_at(array):
    """What is told of one array."""
    told = {"name": array.name, "number": array.number, "dtype": str(array.dtype), "shape": list(array.shape),
            "box": [[one.start, one.stop] for one in array.box], "nodes": array.nodes, "all_nodes": array.all_nodes,
            "bytes": array.nbytes}
    low, high, total, finite, odd, epochs, heights = np.inf, -np.inf, 0.0, 0, 0, [], []
    for reading in blocks(array):
        epochs.append(reading.epochs)
        values = _picture.numbers(reading.view(np.ndarray))
        if values is None or not values.size:
            continue
        known = values[np.isfinite(values)]
        odd += values.size - known.size
        if known.size:
            low, high = min(low, known.min()), max(high, known.max())
            total, finite = total + float(known.sum()), finite + known.size
        heights.append((values.size, _picture.bins(values, 32)))
    told["epochs"] = [epochs[0][0], epochs[-1][1]] if epochs else [array.epoch] * 2
    told["not_finite"] = odd
    told.update(dict(zip(("min", "max", "mean"), map(float, (low, high, total / finite))))
                if finite else {"min": None, "max": None, "mean": None})
    told["bins"] = _of_all(heights)
    return told


def _of_all(heights):
    """At most 32 numbers for all blocks together."""
    every = [h for _, some in heights for h in some]
    if len(every) <= 32:
        return every
    values = np.array([np.nan if h is None else h for h in every])
    return _picture.bins(values, 32)


def look(job, chosen):
    """All arrays, or those asked for; one that ends meanwhile is left out."""
    told = []
    for array in job.arrays():
        if chosen.array and array.name not in chosen.array:
            continue
        try:
            told.append(look_at(array))
            if chosen.png and len(told) == 1:
                draw(array, chosen.png)
        except ProcessLookupError:
            raise
        except LookupError:
            continue
    return told


def draw(array, file):
    values = _picture.numbers(array.read().view(np.ndarray))
    if values is None:
        raise ValueError(f"nodespan-watch: {array!r} has no numbers to draw")
    with open(file + ".part", "wb") as out:
        out.write(_picture.png(values))
    os.replace(file + ".part", file)


def number(value):
    return "-" if value is None else f"{value:.5g}"


def short_of(dtype):
    return dtype if len(dtype) <= 10 else "structured"


def table(job, told):
    yield f"{job.program}, job {job.name}: {len(told)} array{'' if len(told) == 1 else 's'}"
    yield f"{'name':20} {'dtype':10} {'shape':16} {'epoch':>8} {'min':>11} {'max':>11} {'mean':>11}  values"
    for one in told:
        name = one["name"] or f"(number {one['number']})"
        shape = " x ".join(map(str, one["shape"]))
        here = "" if len(one["nodes"]) == one["all_nodes"] else f"  {len(one['nodes'])} of {one['all_nodes']} nodes"
        odd = f"  {one['not_finite']} not finite" if one["not_finite"] else ""
        yield (f"{name:20} {short_of(one['dtype']):10} {shape:16} {one['epochs'][1]:>8} {number(one['min']):>11} "
               f"{number(one['max']):>11} {number(one['mean']):>11}  {_picture.sparkline(one['bins'])}{here}{odd}")


def show(job, told, chosen):
    if chosen.json:
        line = {"job": job.name, "program": job.program, "processes": job.pids, "time": time.time(), "arrays": told}
        print(json.dumps(line), flush=True)
        return
    if sys.stdout.isatty() and not chosen.once:
        print("\x1b[H\x1b[2J", end="")
    print("\n".join(table(job, told)), flush=True)


def watch(chosen):
    name = int(chosen.job) if chosen.job and chosen.job.isdecimal() else chosen.job
    try:
        job = attach(name, chosen.folder)
    except LookupError:
        if not isinstance(name, int):
            raise
        job = attach(chosen.job, chosen.folder)  # jobs may be called by a number too
    seen = False
    while True:
        try:
            show(job, look(job, chosen), chosen)
        except ProcessLookupError as gone:
            if not seen:
                raise
            print(gone, file=sys.stderr)
            return
        seen = True
        if chosen.once:
            return
        time.sleep(chosen.interval)


def main(given=None):
    chosen = options(given)
    try:
        watch(chosen)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (LookupError, OSError, ValueError) as failed:
        print(failed.args[0] if isinstance(failed, KeyError) else failed, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
