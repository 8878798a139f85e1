"""A job is looked at from outside: what is seen, and what happens where something is not as it should be."""

import contextlib
import json
import os
import pathlib
import signal
import stat
import struct
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest

import nodespan as ns
from nodespan import _attach, _foreign, _published, watch
from jobs import MPIRUN, program

ATTACHED = os.environ.get("NODESPAN_ATTACHED")

SEVERAL = """
    import os, sys, time
    import numpy as np
    import nodespan as ns
    team = ns.Team()
    a = team.zeros((60, 7), "float32", name="temperature", ghosts=1)
    a.local[...] = np.arange(420, dtype="float32").reshape(60, 7)[a.rank_box]
    b = team.full(9, True, dtype="bool", name="flags")
    c = team.zeros((4, 3), [("x", "f8"), ("n", "i4")], name="records")
    d = team.full((2, 2), 1.5, dtype="float16")
    e = team.zeros(0, name="empty")
    large = team.full(1 << 17, 3.0, name="one MiB")
    team.fence()
    if team.rank == 0:
        print("up", os.getpid(), flush=True)
    k = 0
    while not team._from_root(os.path.exists(sys.argv[1]), 0):
        k += 1
        with team.full(50, k, name="short") as short:
            short.fence()
        time.sleep(0.01)
"""


class Running:
    """A job, its folder, and how to end it."""

    def __init__(self, process, folder, stop):
        self.process, self.folder, self.stop = process, folder, stop
        self.first_line = process.stdout.readline()
        assert self.first_line.startswith("up"), process.communicate(timeout=60)

    def attach(self):
        return ns.attach(folder=self.folder)

    def end(self):
        self.stop.touch()
        return self.process.communicate(timeout=60)


@contextlib.contextmanager
def running(tmp_path, ranks, *command, **environment):
    folder, stop = tmp_path / "told", tmp_path / "stop"
    start = [MPIRUN, "-n", str(ranks), "--timeout", "120"] if ranks else []
    with subprocess.Popen([*start, *map(str, command), stop], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env={**os.environ, "NODESPAN_ATTACH": "1", "NODESPAN_ATTACH_DIR": str(folder),
                               **environment}) as process:
        found = Running(process, folder, stop)
        try:
            yield found
        finally:
            stop.touch()


@pytest.fixture
def one_rank(tmp_path):
    with running(tmp_path, 0, sys.executable, program(tmp_path, SEVERAL)) as found:
        yield found


@pytest.mark.parametrize("ranks, nodes_of", [(0, ""), (2, ""), (4, "2"), (3, "1")])
def test_a_jobs_arrays_are_read_as_they_are(tmp_path, ranks, nodes_of):
    more = {"NODESPAN_RANKS_PER_NODE": nodes_of} if nodes_of else {}
    with running(tmp_path, ranks, sys.executable, program(tmp_path, SEVERAL), **more) as it:
        job = it.attach()
        whole = np.arange(420, dtype="f4").reshape(60, 7)

        seen = {one.name: one for one in job.arrays() if one.name != "short"}

        assert [*seen] == ["temperature", "flags", "records", "", "empty", "one MiB"]
        t = seen["temperature"]
        assert (t.shape, t.ndim, t.size, t.nbytes, t.dtype) == ((60, 7), 2, 420, 1680, np.float32)
        assert t.box == (slice(0, 60), slice(0, 7)) and len(t.nodes) == t.all_nodes
        assert np.array_equal(t.read(), whole) and t.read().epochs[0] <= t.epoch
        for key in (np.s_[5], np.s_[-1, -1], np.s_[10:50:7, ::-2], np.s_[..., 3], np.s_[7:7], np.s_[29:31, None]):
            assert np.array_equal(t.read(key), whole[key])
        assert seen["flags"].read().all() and seen["flags"].dtype == bool
        assert seen["records"].read().dtype.names == ("x", "n") and seen[""].read().dtype == np.float16
        assert seen["empty"].read().shape == (0,) and seen["one MiB"].read().sum() == 3 << 17
        for wrong in (np.s_[60], np.s_[0, 0, 0], [1, 2]):
            with pytest.raises(IndexError):
                t.read(wrong)
        assert job["temperature"].name == "temperature" and "temperature" in repr(t) and job.is_running
        with pytest.raises(KeyError, match="there are: 'temperature'"):
            job["pressure"]
        copy = t.read()
        copy[...] = -1  # a copy: the job is not harmed
        assert np.array_equal(t.read(), whole)
        _, told = it.end()
        assert it.process.returncode == 0, told


@pytest.mark.skipif(not ATTACHED, reason="the program in C++ is not built")
@pytest.mark.parametrize("ranks, nodes_of", [(1, ""), (4, "2")])
def test_a_program_in_c_or_cpp_needs_no_change(tmp_path, ranks, nodes_of):
    more = {"NODESPAN_RANKS_PER_NODE": nodes_of} if nodes_of else {}
    with running(tmp_path, ranks, ATTACHED, **more) as it:
        job = it.attach()
        rows, columns = np.indices((100, 40))
        assert job.program == "attached" and ns.attach("attached", folder=it.folder).name == job.name
        assert np.array_equal(job["temperature"].read(), 100.0 * rows + columns)
        turned = job["turned"]
        assert turned.shape == (6, 5) and np.array_equal(turned.read(np.s_[2:, 1]), [21, 31, 41, 51])
        assert np.array_equal(turned.read(), 10 * np.arange(6)[:, None] + np.arange(5))
        in_c = job["in C"]  # of the C interface, with a team of its own
        assert in_c.shape == (2, 3) and in_c.dtype == np.int16 and not in_c.read().any()
        assert job["flags"].dtype == bool and job["flags"].read().tolist() == [False] * 8 + [True]


def test_attaching_and_reading_a_mebibyte_takes_a_moment(one_rank):
    begin = time.perf_counter()
    found = one_rank.attach()["one MiB"].read()
    seconds = time.perf_counter() - begin
    assert found.nbytes == 1 << 20 and seconds < 2  # some milliseconds: docs/attach.md
    print(f"{seconds * 1e3:.1f} ms")


WAVES = """
    import os, sys, time
    import nodespan as ns
    team = ns.Team()
    a = team.zeros(400000, name="waves")
    team.fence()
    if team.rank == 0:
        print("up", flush=True)
    for k in range(100000):
        a.local[...] = k        # written in one epoch, left alone in the next
        a.fence()
        time.sleep(0.02)
        a.fence()
        if k % 10 == 0 and team._from_root(os.path.exists(sys.argv[1]), 0):
            break
        elif k % 10 == 0:
            a.fence()
"""


def test_a_consistent_reading_is_of_one_epoch(tmp_path):
    with running(tmp_path, 2, sys.executable, program(tmp_path, WAVES)) as it:
        waves = it.attach()["waves"]
        uniform = 0
        for _ in range(30):
            found = waves.read(consistent=True, timeout=60)
            assert found.epochs[0] == found.epochs[1]
            assert found.max() - found.min() <= 1  # the values of one epoch, and of the one before it
            uniform += found.max() == found.min()
        assert uniform > 0


def test_a_job_that_is_faster_than_the_copy_is_told_of(one_rank, monkeypatch):
    seen, count = one_rank.attach()["temperature"], iter(range(1 << 30))
    monkeypatch.setattr(_foreign, "meetings", lambda *_: next(count))
    assert seen.read().epochs[0] < seen.read().epochs[1]
    with pytest.raises(TimeoutError, match="read a part of it"):
        seen.read(consistent=True, timeout=0.05)


def test_arrays_come_and_go_while_somebody_looks(one_rank):
    job, read, gone = one_rank.attach(), 0, 0
    until = time.monotonic() + 60
    while (read < 20 or gone < 3) and time.monotonic() < until:
        for one in job:
            for wait in (0, 0.03) if one.name == "short" else ():
                time.sleep(wait)  # it lives for a hundredth of a second
                try:
                    found = one.read()
                    read += 1
                    assert (found == found[0]).all() and found.shape == (50,)
                except LookupError as ended:
                    gone += 1
                    assert "has ended in the job" in str(ended)
    assert read >= 20 and gone >= 3


def test_a_job_that_has_gone_is_a_clear_error(one_rank):
    job = one_rank.attach()
    seen = job["temperature"]
    one_rank.end()

    for use in (seen.read, job.arrays, lambda: job["temperature"], lambda: seen.epoch):
        with pytest.raises(ProcessLookupError, match="has ended"):
            use()
    assert not job.is_running and os.listdir(one_rank.folder) == []
    with pytest.raises(LookupError, match="NODESPAN_ATTACH=1"):
        one_rank.attach()


def test_a_job_that_was_killed_leaves_a_file_that_the_next_look_takes_away(one_rank):
    job = one_rank.attach()
    one_rank.process.send_signal(signal.SIGKILL)
    one_rank.process.wait(60)
    assert len(os.listdir(one_rank.folder)) == 1
    with pytest.raises(ProcessLookupError, match="has ended"):
        job.arrays()
    assert ns.jobs(one_rank.folder) == [] and os.listdir(one_rank.folder) == []


def test_of_several_jobs_one_is_named(tmp_path):
    file = program(tmp_path, SEVERAL)
    with running(tmp_path, 0, sys.executable, file) as first, running(tmp_path, 0, sys.executable, file) as second:
        pids = [int(one.first_line.split()[1]) for one in (first, second)]
        with pytest.raises(LookupError, match="several jobs run"):
            first.attach()
        with pytest.raises(LookupError, match="several jobs run"):
            ns.attach("program.py", folder=first.folder)
        with pytest.raises(LookupError, match="no job 'other' runs"):
            ns.attach("other", folder=first.folder)
        assert [ns.attach(pid, folder=first.folder).pids for pid in pids] == [[pid] for pid in pids]
        first.end()
        second.end()


def test_files_that_are_not_what_they_say_are_left_out(one_rank):
    folder = one_rank.folder
    (own,) = folder.iterdir()
    text, alive = own.read_bytes(), os.getpid()
    assert stat.S_IMODE(own.stat().st_mode) == 0o600 and stat.S_IMODE(folder.stat().st_mode) == 0o700
    start = pathlib.Path("/proc/self/stat").read_text().rsplit(")", 1)[1].split()[19]
    header = json.loads(text[:1024])

    def lie(copy, content):
        (folder / f"{alive}-{start}-{copy}.arrays").write_bytes(content)

    def line(**changes):
        facts = {**json.loads(text[1024:2048]), **changes}
        return json.dumps(facts).encode().ljust(1023) + b"\n"

    mine = json.dumps({**header, "pid": alive, "start": start}).encode().ljust(1023) + b"\n"
    lie(0, text[:700])  # truncated
    lie(1, b"\xff\x00" * 5000)
    lie(2, b"")
    lie(3, b"[" * 100000)
    lie(4, mine.replace(b'"line_bytes": 1024', b'"line_bytes": 0   '))
    lie(5, text)  # of another process than the name says
    lie(6, mine + line()[:500])  # a line that is half written
    lie(7, mine + line(shape=[-1, 7]) + line(box=[[0, 0], [90, 9]]) + line(itemsize=0) + line(epoch=[1, 2]) +
        line(address=-5) + line(end=99) + line(name=5) + line(shape=[1 << 70, 2]) + b"{}\n".rjust(1024))
    (folder / f"{alive}-{start}-8.arrays").symlink_to(own)
    os.mkfifo(folder / f"{alive}-{start}-9.arrays")
    (folder / f"{alive}-{start}-10.arrays").mkdir()
    (folder / "notes.txt").write_text("not ours")
    before = sorted(folder.iterdir())

    found = ns.jobs(folder)

    assert [one.name for one in found] == [header["job"]] and sorted(folder.iterdir()) == before
    assert int(one_rank.first_line.split()[1]) in found[0].pids
    seen = ns.attach(header["pid"], folder=folder)
    assert [one.name for one in seen if one.name == "temperature"] == ["temperature"]
    assert seen["temperature"].read().sum() == np.arange(420).sum()


def test_addresses_that_are_wrong_are_errors_and_no_crash(one_rank):
    (own,) = one_rank.folder.iterdir()
    seen = one_rank.attach()["temperature"]
    for part in seen._watched:
        part.facts["address"] = 4096
    with pytest.raises(LookupError, match="has ended"):
        seen.read()
    assert dtype_of("", "[('x', 'O')]", 8).kind == "V" and dtype_of("", "__import__('os')", 3) == np.dtype("V3")
    assert dtype_of("float64", "", 4) == np.dtype("V4") and dtype_of("", "St4pairIiiE", 8) == np.dtype("V8")


def dtype_of(dtype, kind, size):
    return _published.dtype_of({"dtype": dtype, "type": kind, "itemsize": size})


def test_a_number_that_another_process_has_now_is_not_taken_for_the_job(one_rank):
    (own,) = one_rank.folder.iterdir()
    pid, start, copy = own.stem.split("-")
    reused = own.with_name(f"{os.getpid()}-{start}1-{copy}.arrays")
    text = own.read_text()
    header = {**json.loads(text[:1024]), "pid": os.getpid(), "start": start + "1"}
    reused.write_text(json.dumps(header).ljust(1023) + "\n" + text[1024:])

    assert ns.attach(folder=one_rank.folder).pids == [int(pid)]

    assert not reused.exists() and own.exists()


def test_a_file_of_another_host_is_told_of_and_left(one_rank):
    (own,) = one_rank.folder.iterdir()
    text = own.read_text()
    header = {**json.loads(text[:1024]), "pid": 5, "start": "7", "host": "elsewhere", "boot": "other"}
    away = own.with_name("5-7-0.arrays")
    away.write_text(json.dumps(header).ljust(1023) + "\n")

    job = one_rank.attach()

    assert job.other_hosts == ["elsewhere"] and away.exists() and 5 not in job.pids


def test_a_folder_that_others_may_enter_is_refused_on_both_sides(tmp_path):
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "file").touch()
    (tmp_path / "stop").touch()
    for wrong, why in ((folder, "chmod 700"), (tmp_path / "link", "link|directory"), (tmp_path / "file", "directory")):
        found = subprocess.run([sys.executable, program(tmp_path, SEVERAL), tmp_path / "stop"], capture_output=True,
                               text=True, timeout=60, env={**os.environ, "NODESPAN_ATTACH": "1",
                                                           "NODESPAN_ATTACH_DIR": str(wrong)})
        assert found.returncode == 0 and found.stdout.startswith("up")  # the job goes on
        assert found.stderr.count("NODESPAN_ATTACH") == 1 and str(wrong) in found.stderr
        with pytest.raises((PermissionError, NotADirectoryError)):
            ns.attach(folder=wrong)
    assert os.listdir(folder) == []


@pytest.mark.parametrize("value", ["0", ""])
def test_nothing_is_told_unless_it_is_asked_for(tmp_path, value):
    (tmp_path / "stop").touch()
    subprocess.run([sys.executable, program(tmp_path, SEVERAL), tmp_path / "stop"], check=True, timeout=60,
                   stdout=subprocess.DEVNULL, env={**os.environ, "NODESPAN_ATTACH": value,
                                                   "NODESPAN_ATTACH_DIR": str(tmp_path / "told")})
    assert not (tmp_path / "told").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_other_users_get_nothing(one_rank):
    seen = one_rank.attach()["temperature"]
    pid, address = seen._watched[0].publisher.pid, seen._watched[0].facts["address"]
    child = os.fork()
    if child == 0:
        result = 1
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            try:
                ns.jobs(one_rank.folder)
            except PermissionError:
                try:
                    _foreign.read_into(pid, address, np.empty(4, "f4"))
                except PermissionError:
                    result = 0
        finally:
            os._exit(result)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def watched(folder, *arguments):
    return subprocess.run([sys.executable, "-m", "nodespan.watch", "--folder", folder, *arguments], timeout=60,
                          capture_output=True, text=True)


def test_watch_shows_a_table_once(one_rank):
    found = watched(one_rank.folder, "--once")
    assert found.returncode == 0, found.stderr
    (line,) = [one for one in found.stdout.splitlines() if one.startswith("temperature")]
    assert line.split()[:5] == ["temperature", "float32", "60", "x", "7"] and {"0", "419", "209.5"} <= {*line.split()}
    assert "▁" in line and "█" in line and "records" in found.stdout


def test_watch_writes_json_and_a_picture(one_rank, tmp_path):
    found = watched(one_rank.folder, "--once", "--json", "--array", "temperature", "--png", tmp_path / "a.png")
    (told,) = json.loads(found.stdout)["arrays"]
    assert (told["min"], told["max"], told["mean"], told["shape"]) == (0, 419, 209.5, [60, 7])
    assert len(told["bins"]) == 32 and told["bins"] == sorted(told["bins"]) and told["not_finite"] == 0
    image = (tmp_path / "a.png").read_bytes()
    assert image[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">II", image[16:24]) == (7, 60)
    length, = struct.unpack(">I", image[33:37])
    pixels = np.frombuffer(zlib.decompress(image[41:41 + length]), np.uint8).reshape(60, 8)
    assert (pixels[:, 0] == 0).all() and pixels[0, 1] == 0 and pixels[-1, -1] == 255


def test_watch_goes_on_until_the_job_ends(one_rank):
    with subprocess.Popen([sys.executable, "-m", "nodespan.watch", "--folder", one_rank.folder, "--json", "--interval",
                           "0.05"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        lines = [json.loads(process.stdout.readline()) for _ in range(3)]
        one_rank.end()
        rest, told = process.communicate(timeout=60)
    assert process.returncode == 0 and "has ended" in told
    assert lines[0]["time"] < lines[1]["time"] < lines[2]["time"]


def test_watch_without_a_job_says_so(tmp_path):
    found = watched(tmp_path, "--once")
    assert found.returncode == 1 and "NODESPAN_ATTACH=1" in found.stderr and found.stdout == ""
    assert watched(tmp_path, "--interval", "0").returncode == 2


def test_numbers_that_are_not_finite_are_counted_and_large_arrays_looked_at_in_blocks(monkeypatch):
    values = np.arange(1000.0).reshape(100, 10)
    values[3, 3], values[50, 0] = np.nan, np.inf

    class Fake:
        name, number, dtype, shape, nodes, all_nodes, nbytes = "x", 1, values.dtype, values.shape, [0], 1, 8000
        box, asked = (slice(0, 100), slice(0, 10)), []

        def read(self, key):
            self.asked.append(key[0])
            found = values[key].view(_attach.Reading)
            found.epochs = (len(self.asked), len(self.asked))
            return found

    monkeypatch.setattr(watch, "_BLOCK_BYTES", 800)
    told = watch.look_at(Fake())
    assert len(Fake.asked) == 10 and told["epochs"] == [1, 10] and told["not_finite"] == 2
    known = values[np.isfinite(values)]
    assert (told["min"], told["max"]) == (0, 999) and abs(told["mean"] - known.mean()) < 1e-9
    assert len(told["bins"]) == 32
