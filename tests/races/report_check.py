#!/usr/bin/env python3
"""report_check.py LAUNCH FOLDER REPORT [FORTRAN]: what the race checker says, and how programs end that have races."""

import json
import os
import re
import subprocess
import sys
import tempfile

launch, folder, report = sys.argv[1:4]
fortran = sys.argv[4] if len(sys.argv) > 4 else None


def line_of(source, words):
    with open(os.path.join(folder, source), encoding="utf-8") as lines:
        return next(number for number, line in enumerate(lines, 1) if words in line)


def run(program, argument, **settings):
    return subprocess.run([launch, "-n", "2", "--timeout", "60", program, argument], text=True, check=False,
                          capture_output=True, env={**os.environ, **settings})


def expect(is_so, what, result):
    if is_so:
        return
    print(f"{what}\nexit code {result.returncode}\n{result.stdout}\n{result.stderr}")
    sys.exit(1)


written = f"race_report.cpp:{line_of('race_report.cpp', 'written here')} (main)"
read = f"race_report.cpp:{line_of('race_report.cpp', 'read here')} (main)"

with tempfile.TemporaryDirectory() as scratch:
    name = os.path.join(scratch, "races.json")
    racy = run(report, "racy", NODESPAN_RACES_JSON=name)
    text = racy.stderr
    expect(racy.returncode != 0, "a race must show in the exit code", racy)
    expect("done" in racy.stdout, "the program must go on behind a race", racy)
    expect('race: array<float,2> "field", element (3, 4), in epoch 1' in text, "which element", racy)
    expect(re.search(r"rank 1 on \S+ (reads|gets) it: " + re.escape(read), text), "who reads, and where", racy)
    expect(re.search(r"rank 0 on \S+ writes it: " + re.escape(written), text), "who writes, and where", racy)
    expect(text.count("nodespan: race:") == 1, "each pair of places once", racy)
    expect("1 race found" in text, "a count at the end", racy)
    with open(name, encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    expect(len(found) == 1 and found[0]["element"] == "3, 4", "one line of JSON", racy)
    expect({found[0]["found_by"]["rank"], found[0]["against"]["rank"]} == {0, 1}, "both ranks in it", racy)

    stale = run(report, "stale", NODESPAN_RACES_JSON=name)
    text = stale.stderr
    expect(stale.returncode != 0 and text.count("nodespan: stale ghost:") == 1 and "race:" not in text,
           "a stale ghost is no race", stale)
    expect('stale ghost: array<double,1> "rod", element (9), in epoch 3' in text, "whose copy it is", stale)
    expect(re.search(r"rank 0 on \S+ reads it as a ghost: race_report.cpp:"
                     f"{line_of('race_report.cpp', 'read as a ghost here')} ", text), "who reads it, and where", stale)
    expect(re.search(r"rank 1 on \S+ writes it in an earlier epoch, and no exchange has come since: race_report.cpp:"
                     f"{line_of('race_report.cpp', 'changed here')} ", text), "who has written since, and where", stale)
    expect("Cure: exchange_ghosts after the fence" in text, "the cure", stale)
    with open(name, encoding="utf-8") as lines:
        expect([json.loads(line)["kind"] for line in lines] == ["race", "stale ghost"], "their kinds", stale)

right = run(report, "right")
expect(right.returncode == 0 and "race" not in right.stderr, "nothing is said of a right program", right)

counted = run(report, "racy", NODESPAN_RACES="count")
expect(counted.returncode != 0 and "nodespan: race:" not in counted.stderr and "1 race found" in counted.stderr,
       "count only counts", counted)

ended = run(report, "racy", NODESPAN_RACES="abort")
expect(ended.returncode != 0 and "nodespan: race:" in ended.stderr and "done" not in ended.stdout,
       "abort ends the job at the first race", ended)

if fortran:
    racy = run(fortran, "racy")
    for words in ("written here", "read here"):
        expect(f"race_fortran.f90:{line_of('race_fortran.f90', words)}" in racy.stderr, words, racy)
    expect(racy.returncode != 0, "a race in Fortran must show in the exit code", racy)
    right = run(fortran, "right")
    expect(right.returncode == 0 and "race:" not in right.stderr, "nothing is said of a right program", right)
