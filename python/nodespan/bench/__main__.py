"""python3 -m nodespan.bench [--json FILE] [--plot FILE.svg] [--rounds N]"""

import argparse
import json
import os
import pathlib
import subprocess
import sys


def options():
    parser = argparse.ArgumentParser(prog="python3 -m nodespan.bench", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write all figures there; - is standard output")
    parser.add_argument("--plot", metavar="FILE.svg", help="draw the ratios there")
    parser.add_argument("--rounds", type=int, default=7, help="how often each side of a row is run")
    parser.add_argument("--mpirun", default="mpirun", help="what starts the two ranks")
    parser.add_argument("--as-rank", type=float, metavar="IMPORT_SECONDS", help=argparse.SUPPRESS)
    return parser.parse_args()


def rank_by_the_launcher():
    """This rank's number before MPI starts: the other side's processes are forked before."""
    for name in ("OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"):
        if name in os.environ:
            return int(os.environ[name])
    return 0


def as_rank(given):
    from .peers import Processes

    processes = Processes() if rank_by_the_launcher() == 0 else None
    from .cases import Cases

    cases = Cases(processes)
    rows = cases.rows()
    for row in rows:
        row.run()  # pages are there, and all is imported
        row.pairs.clear()
    for _ in range(given.rounds):
        for row in rows:
            row.run()
    cases.end()
    if processes is not None:
        processes.end()
        report([row.result() for row in rows], given)


def report(results, given):
    from . import output

    more = given.as_rank
    if given.json != "-":
        print("\n".join(output.table(results)))
        print(f"import nodespan, beyond NumPy and MPI: {output.spelled(max(more, 0))} (wanted: at most 50 ms)")
    if given.json:
        text = json.dumps({"rounds": given.rounds, "rows": results, "import_s": more}, indent=1) + "\n"
        if given.json == "-":
            sys.stdout.write(text)
        else:
            pathlib.Path(given.json).write_text(text)
    if given.plot:
        pathlib.Path(given.plot).write_text(output.picture(results))


def main():
    given = options()
    if given.as_rank is not None:
        as_rank(given)
        return 0
    from .cases import import_seconds

    command = [given.mpirun, "-n", "2", sys.executable, "-m", "nodespan.bench", *sys.argv[1:],
               "--as-rank", str(import_seconds(given.rounds))]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
