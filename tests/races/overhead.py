#!/usr/bin/env python3
"""overhead.py LAUNCH FOLDER KIND...: what the race checker costs, by the programs race_overhead_KIND of a folder.

All kinds run in turns, several times, and the fastest counts: so a busy machine is as busy for each. A kind is compared
with the plain program of its compiler. Exit code 1 if a program fails.
"""

import re
import subprocess
import sys

launch, folder, *kinds = sys.argv[1:]
TIMES = 3
LINE = re.compile(r"(\w+) ([0-9.]+)")

best = {}
for _ in range(TIMES):
    for kind in kinds:
        done = subprocess.run([launch, "--bind", "-n", "2", f"{folder}/race_overhead_{kind}"], text=True, check=False,
                              stdout=subprocess.PIPE)
        if done.returncode != 0:
            sys.exit(1)
        for loop, time in LINE.findall(done.stdout):
            best[kind, loop] = min(float(time), best.get((kind, loop), 1e300))

loops = list(dict.fromkeys(loop for _, loop in best))
print(f"{'ns for a step':24}" + "".join(f"{loop:>18}" for loop in loops))
for kind in kinds:
    plain = "plain_by_clang" if kind in ("plain_by_clang", "by_clang", "in_place") else "plain"
    shown = [f"{best[kind, loop]:.2f}" + (f" ({best[kind, loop] / best[plain, loop]:.2f} x)" if kind != plain else "")
             for loop in loops]
    print(f"{kind.replace('_', ' '):24}" + "".join(f"{text:>18}" for text in shown))
