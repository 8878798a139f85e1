"""How jobs end: by exceptions, by ctrl-C, and with views that outlive everything."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from jobs import job, output_of, program

WAITING_FOR_RANK_1 = """
    import sys
    import nodespan as ns
    team = ns.Team()
    if team.rank == 1:
        {leaves}
    team.fence()
    team.fence()
    team.zeros(10)
"""


@pytest.mark.parametrize("leaves, shown", [
    ("raise ValueError('on one rank')", "ValueError: on one rank"),
    ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    ("sys.exit(3)", ""),
])
def test_a_rank_that_leaves_ends_the_job(tmp_path, leaves, shown):
    found = job(3, program(tmp_path, WAITING_FOR_RANK_1.format(leaves=leaves)), timeout=60)
    assert found.returncode not in (0, 124, 110)
    assert shown in found.stderr
    if shown:
        assert "Traceback" in found.stderr and "program.py" in found.stderr


@pytest.mark.parametrize("leaves, shown", [
    ("raise ValueError('x')", "ValueError: x"),
    ("sys.exit(3)", "errorcode 3|MPI_Abort|application called"),
    ("raise SystemExit('a text')", "a text"),
], ids=["exception", "exit", "text"])
def test_the_job_ends_where_mpi4py_has_started_mpi_too(tmp_path, leaves, shown):
    text = "    from mpi4py import MPI\n" + WAITING_FOR_RANK_1.format(leaves=leaves)
    found = job(2, program(tmp_path, text), timeout=60)
    assert found.returncode not in (0, 124, 110) and re.search(shown, found.stderr + found.stdout)


def test_an_exit_that_is_caught_ends_nothing(tmp_path):
    file = program(tmp_path, """
        from mpi4py import MPI
        import sys, threading
        import nodespan as ns
        team = ns.Team()
        def leave(): sys.exit(3)
        try:
            leave()
        except SystemExit as caught:
            kept = caught
        thread = threading.Thread(target=leave)
        thread.start()
        thread.join()
        team.fence()
        sys.stdout.write("ends ")
        if team.rank == 1:
            sys.exit(0)
    """)
    assert output_of(2, file) == "ends " * 2


def test_ranks_that_exit_together_end_in_order(tmp_path):
    file = program(tmp_path, """
        from mpi4py import MPI
        import sys
        import nodespan as ns
        a = ns.Team().ones(5)
        sys.stdout.write(f"{a.sum()} ")
        sys.exit(0)
    """)
    assert output_of(2, file) == "5.0 " * 2


def test_ctrl_c_ends_a_call_that_waits(tmp_path):
    file = program(tmp_path, """
        import nodespan as ns
        team = ns.Team()
        queue = team.queue("i8")
        print("waits", flush=True)
        queue.get()
    """)
    with subprocess.Popen([sys.executable, file], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as process:
        assert process.stdout.readline() == "waits\n"
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGINT
    assert "interrupted while waiting" in told and "Queue.get" in told


def test_ctrl_c_between_calls_is_a_keyboard_interrupt(tmp_path):
    file = program(tmp_path, """
        import signal
        import nodespan as ns
        team = ns.Team()
        try:
            signal.raise_signal(signal.SIGINT)
            for k in range(100): team.fence()
        except KeyboardInterrupt:
            print("caught")
        print(team.zeros(3).sum())
    """)
    assert output_of(0, file) == "caught\n0.0\n"


VIEWS_TO_THE_END = """
    import os
    {first}
    import nodespan as ns
    team = ns.Team()
    a = team.full((team.size, 1000), 5.0)
    table = team.replicated(1000)
    class Last:
        view, inner, table = a.local, a.local[:, 3:10], table.edit()
        def __del__(self, write=os.write):
            self.view[...] = 1
            self.table[...] = 1
            write(1, f"{{self.inner[0, 0]}} {{self.view[-1, -1] + self.table[5]}}\\n".encode())
    last = Last()
    cycle = [a, last]
    cycle.append(cycle)
    {then}
"""
FINALIZED = """
    from mpi4py import MPI
    MPI.Finalize()
    for use in (lambda: a[0], lambda: team.zeros(3), lambda: a.fence(), lambda: a.local, lambda: a.sum()):
        try:
            use()
            print("no error")
        except RuntimeError as gone:
            assert "finali" in str(gone), gone
    repr(a), repr(team)
"""


@pytest.mark.parametrize("ranks", [0, 1, 3])
@pytest.mark.parametrize("first", ["", "from mpi4py import MPI"], ids=["ours", "mpi4pys"])
@pytest.mark.parametrize("then", ["", FINALIZED, "team.close(); a.close()"],
                         ids=["exit", "after MPI_Finalize", "closed"])
def test_views_stay_until_the_interpreter_is_gone(tmp_path, ranks, first, then):
    file = program(tmp_path, VIEWS_TO_THE_END.format(first=first, then=then))
    found = output_of(ranks, file)
    assert sorted(found.split()) == sorted(["1.0", "2.0"] * max(ranks, 1))  # lines of ranks may mix


ENDS_AT_RANDOM = """
    import gc, os, random, sys
    common, mine = random.Random({seed}), random.Random({seed} * 1000 + int(os.environ.get("PMIX_RANK", 0)))
    first = common.randrange(2)
    if first:
        from mpi4py import MPI
    import numpy as np
    import nodespan as ns
    class Node: pass
    team, kept = ns.Team(), []
    for k in range(common.randrange(5, 40)):
        a = team.zeros((common.randrange(1, 3000), 3))
        view = a.node
        for _ in range(mine.randrange(5)):
            view = view[:: mine.choice([1, 2, -1])].T
        fate = mine.randrange(6)
        if fate == 0: kept.append(view)
        if fate == 1: kept.append(a)
        if fate == 2: kept.append(memoryview(view))
        if fate == 3:
            node = Node()
            node.all = [node, a, view, kept]
        if fate == 4:
            try:
                with a: raise KeyError(view)
            except KeyError as failed: kept.append(failed)
        if fate == 5: a.close(); kept.append(a)
        if mine.random() < 0.2: gc.collect()
        del a
    class Last:
        def __init__(self, all): self.all = all
        def __del__(self):
            for one in self.all:
                if isinstance(one, np.ndarray): one[...] = one + 1
    kept.append(Last(kept[:]))
    then = common.randrange(5)
    if then == 0:
        from mpi4py import MPI
        MPI.Finalize()
    if then == 1: sys.exit(0)
    if then == 2: team.close()
    if then == 3: gc.disable()
    for one in kept:
        if isinstance(one, (np.ndarray, memoryview)): np.asarray(one).sum()
"""
ENDS = int(os.environ.get("NODESPAN_TEST_ENDS", "4"))  # many more, by hand


@pytest.mark.parametrize("ranks", [0, 3])
def test_ends_at_random_moments_are_no_crashes(tmp_path, ranks):
    for seed in range(ENDS):
        found = job(ranks, program(tmp_path, ENDS_AT_RANDOM.format(seed=seed)))
        assert found.returncode == 0, (seed, found.stdout + found.stderr)


def test_a_fork_may_end_without_harm(tmp_path):
    file = program(tmp_path, """
        import os, sys
        import nodespan as ns
        team = ns.Team()
        a = team.zeros(5)
        child = os.fork()
        if child == 0:
            a.local[...] = 1
            del a
            sys.exit(0)
        os.waitpid(child, 0)
        a.fence()
        sys.stdout.write(f"{team.zeros(3).sum()} ")
    """)
    assert output_of(2, file) == "0.0 0.0 "


def test_all_works_without_mpi4py(tmp_path):
    (tmp_path / "mpi4py.py").write_text("raise ImportError('not here')")
    file = program(tmp_path, """
        import nodespan as ns
        team = ns.Team()
        a = team.ones((3, 2))
        print(a.sum())
        try:
            team.comm
        except ImportError as missing:
            print("no mpi4py" if "mpi4py" in str(missing) else missing)
    """)
    assert output_of(0, file) == "6.0\nno mpi4py\n"


def test_mpi4pys_communicators_are_taken_and_given(tmp_path):
    file = program(tmp_path, """
        from mpi4py import MPI
        import nodespan as ns
        half = MPI.COMM_WORLD.Split(MPI.COMM_WORLD.rank % 2)
        team = ns.Team(half)
        assert team.size == half.size == team.comm.size
        assert team.comm.allreduce(1) == team.size and team.node_comm.size == team.node_size
        a = team.zeros(team.size)
        a.local[...] = team.comm.rank + 1
        assert a.sum() == sum(range(1, team.size + 1))
        for wrong, kind in [(5, TypeError), (MPI.COMM_NULL, ValueError)]:
            try:
                ns.Team(wrong)
                print("no error")
            except kind:
                pass
        comm = team.comm
        del team
        assert comm.allreduce(1) == half.size
    """)
    assert output_of(4, file) == ""


def test_importing_is_quick_and_starts_nothing(tmp_path):
    file = program(tmp_path, """
        import sys, time
        import numpy
        import nodespan
        assert "mpi4py.MPI" not in sys.modules and "matplotlib" not in sys.modules
        assert "nodespan._attach" not in sys.modules and nodespan.attach.__module__ == "nodespan._attach"
        assert not nodespan._core.is_mpi_started()
        print(nodespan.array.__doc__.splitlines()[0])
    """)
    assert output_of(0, file).startswith("An N-d array over the ranks of a team")


def test_help_reads_well():
    shown = output_of(0, "-c", "import nodespan; help(nodespan.array)")
    for word in ("Shape:", "Call:", "Errors:", "fetch_add(index, value)", "gather", "node_with_ghosts"):
        assert word in shown
