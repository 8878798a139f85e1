"""A host goes off the network for good: ranks that wait for it say so, whatever they wait in, and blame nobody else.

    lost_host_check.py WITH_HOSTS LAUNCH PROGRAM HOSTS RANKS

Each of HOSTS has RANKS ranks in a team for every kind of call; see lost_host.cpp.
"""

import collections
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

KINDS = ["fence", "creation", "ghosts", "all_reduce", "broadcast", "lock", "get", "put", "split", "file"]
LINE = re.compile(r"^\[\d+,(\d+)\]<stderr>: ?nodespan: (.*): rank (\d+) has waited [\d.]+ s on host (h\d+) for (.*)$")


SECONDS_AT_MOST = 75


class job:
    """Runs the program until `is_enough(told)`, and keeps what its ranks say."""

    def __init__(self, with_hosts, launch, program, hosts, ranks, folder):
        slots = ",".join([str(len(KINDS) * ranks)] * hosts)
        command = [with_hosts, launch, slots, "--tag-output", "-x", "NODESPAN_TIMEOUT=2", program, str(ranks), folder]
        self.ranks = ranks
        self.said = []
        self.told = collections.defaultdict(list)  # by kind: line, host of who waits, for whom
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        start_new_session=True,
                                        env=dict(os.environ, SECONDS_AT_MOST=str(SECONDS_AT_MOST)))

    def run(self, is_enough):
        is_ended = False
        for line in self.process.stdout:  # mpirun ends it in any case
            self.said.append(line)
            if match := LINE.match(line):
                world_rank, host, whom = match.group(1, 4, 5)
                kind = KINDS[int(world_rank) % (len(KINDS) * self.ranks) // self.ranks]
                self.told[kind].append((line, host, whom))
            if not is_ended and is_enough(self.told):
                is_ended = True
                threading.Thread(target=self.end).start()
        return self.process.wait()

    def end(self):
        """Told twice, mpirun no longer waits for the host that is gone."""
        for _ in range(2):
            for launcher in [*self.own("mpirun"), *self.own("mpiexec")]:
                os.kill(launcher, signal.SIGTERM)
            time.sleep(1)

    def own(self, name):
        """Processes of that name in the job's own process group."""
        for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
            try:
                number, rest = stat.read_text().split(" (", 1)
                found, fields = rest.rsplit(") ", 1)
            except OSError:  # has ended
                continue
            if found == name and int(fields.split()[2]) == self.process.pid:
                yield int(number)


def main():
    with_hosts, launch, program = sys.argv[1:4]
    hosts, ranks = int(sys.argv[4]), int(sys.argv[5])
    alive = {f"h{host}" for host in range(1, hosts)}

    def silent(told):
        return [f"{kind} on {host}" for kind in KINDS for host in sorted(alive - {h for _, h, _ in told[kind]})]

    with tempfile.TemporaryDirectory() as folder:
        it = job(with_hosts, launch, program, hosts, ranks, folder)
        code = it.run(lambda told: not silent(told))
    if code == 77:
        print("".join(it.said))
        return 77

    wrong = [f"nobody says anything: {where}" for where in silent(it.told)]
    lost = f"on host h{hosts}, rank"
    wrong += [f"{kind}: nobody names the host that is gone" for kind in KINDS
              if not any(lost in whom for _, _, whom in it.told[kind])]
    # A node that waits by way of another one says so, and blames nobody.
    wrong += [f"{kind}: blames another: {line}" for kind in KINDS for line, _, whom in it.told[kind]
              if lost not in whom and "waits for" not in whom]
    print("".join(it.said))
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
