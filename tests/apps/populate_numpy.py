"""nodespan-populate prints what NumPy would print, whoever fills which block.

Usage: populate_numpy.py LAUNCH PROGRAM. Ends with 77 (skipped) where NumPy is missing.
"""

import json
import os
import subprocess
import sys

try:
    import numpy as np
except ImportError:
    print("skipped: NumPy is not installed (Debian: python3-numpy)")
    sys.exit(77)

LAUNCH, PROGRAM = sys.argv[1:3]
TYPES = ["float64", "float32", "int64", "int32", "int16", "int8",
         "uint64", "uint32", "uint16", "uint8"]


def run(ranks, *arguments, nodes_of=0, code=0):
    start = [LAUNCH, "-n", str(ranks), "--timeout", "60"] if ranks else []  # 0: without mpirun
    done = subprocess.run([*start, PROGRAM, *map(str, arguments)], capture_output=True, text=True,
                          env={**os.environ, "NODESPAN_RANKS_PER_NODE": str(nodes_of)})
    if done.returncode != code:
        sys.exit(f"{arguments} at {ranks} ranks, {nodes_of} a node: exit code {done.returncode}, "
                 f"not {code}\n{done.stdout}{done.stderr}")
    return done.stderr if code else done.stdout


def expected(size, columns, block_size, dtype):
    offsets = list(range(0, size, block_size))
    column = np.repeat(np.array(offsets), block_size)[:size].astype(dtype)
    return np.repeat(column[:, None], columns, axis=1), offsets


def check(size=2000, columns=10, block_size=100, dtype="float64", ranks=1, nodes_of=0):
    array, offsets = expected(size, columns, block_size, dtype)
    output = run(ranks, "--size", size, "--columns", columns, "--block-size", block_size,
                 "--type", dtype, nodes_of=nodes_of)
    wanted = f"{np.array2string(array)}\n{offsets}\n"
    if output != wanted:
        sys.exit(f"{(size, columns, block_size, dtype, ranks, nodes_of)}: NumPy prints\n{wanted}"
                 f"and we\n{output}")


def check_ranks():
    for ranks, nodes_of in [(0, 0), (1, 0), (2, 0), (4, 0), (2, 1), (4, 1), (4, 2)]:
        check(ranks=ranks, nodes_of=nodes_of)
        check(7, 10, 3, ranks=ranks, nodes_of=nodes_of)


def check_shapes():
    shapes = [(1, 1, 1), (7, 1, 3), (7, 1, 100), (1000, 1, 10), (1001, 1, 10), (1, 1000, 5),
              (1, 1001, 5), (6, 500, 4), (100, 10, 7), (101, 10, 7), (9, 40, 2), (2000, 10, 1)]
    for count, (size, columns, block_size) in enumerate(shapes):
        ranks, nodes_of = [(1, 0), (2, 0), (4, 0), (4, 1), (3, 1)][count % 5]
        check(size, columns, block_size, "float64", ranks, nodes_of)
        check(size, columns, block_size, "int64", ranks=0)


def check_types():
    for dtype in TYPES:
        check(500, 3, 70, dtype, ranks=3, nodes_of=2)  # also past what 8 bits hold
        check(100, 4, 9, dtype, ranks=0)


def check_json():
    array, offsets = expected(11, 4, 5, "int32")
    for ranks, nodes_of, nodes in [(1, 0, 1), (4, 2, 2)]:
        got = json.loads(run(ranks, "--size", 11, "--columns", 4, "--block-size", 5, "--type",
                             "int32", "--json", nodes_of=nodes_of))
        wanted = {"size": 11, "columns": 4, "block_size": 5, "type": "int32", "ranks": ranks,
                  "nodes": nodes, "array": str(array), "offsets": offsets, "wrong_elements": 0}
        if got != wanted:
            sys.exit(f"JSON: {got}, not {wanted}")


def check_refusals():
    for option in ["--size", "--columns", "--block-size"]:
        for value, ranks in [("0", 2), ("-5", 0), ("x", 0), ("2.5", 0)]:
            said = run(ranks, option, value, code=2)
            shown = f'"{value}"' if value in ("x", "2.5") else value
            if said.count(f"{option}: {shown} is no") != 1:
                sys.exit(f"{option} {value}: {said}")
    if run(2, "--type", "complex", code=2).count("--type: complex is none of float64") != 1:
        sys.exit("--type complex is refused in other words")
    if "shared memory needed" not in run(2, "--size", 10**12, code=1):
        sys.exit("what no memory holds is refused in other words")
    if "Examples:" not in run(0, "--help"):
        sys.exit("--help has no examples")


check_ranks()
check_shapes()
check_types()
check_json()
check_refusals()
