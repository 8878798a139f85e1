import os

import numpy as np
import pytest

import nodespan as ns
from nodespan import _core

needs_hdf5 = pytest.mark.skipif(not _core.has_hdf5, reason="nodespan has no HDF5")


@pytest.fixture
def table(team):
    return team.from_array(np.arange(35.0).reshape(7, 5) / 4 if team.rank == 0 else None)


def test_numpy_files_are_numpys(team, folder, table):
    file = os.path.join(folder, "a.npy")
    ns.save_npy(table, file)

    assert (np.load(file) == np.asarray(table)).all()
    again = team.open_npy(file, ghosts=1)
    assert again.dtype == table.dtype and (again[...] == table[...]).all()
    table.fence()  # all have read
    table.fill(0)
    ns.load_npy(table, file)
    assert table[6, 4] == 34 / 4


def test_csv_files_are_read_and_written(team, folder, table):
    file = os.path.join(folder, "a.csv")
    ns.save_csv(table, file, names=list("abcde"), separator=";")

    with open(file) as text:
        assert text.readline() == "a;b;c;d;e\n"
    assert (team.open_csv(file)[...] == table[...]).all()
    whole = team.zeros((7, 5), "f4")
    ns.load_csv(whole, file, separator=";")
    assert (whole[...] == table[...]).all()


@needs_hdf5
@pytest.mark.parametrize("dtype", ["f8", "i2", "c16", [("mass", "f8"), ("place", "f4", (3,))]], ids=str)
def test_hdf5_files_are_read_and_written(team, folder, dtype):
    file = os.path.join(folder, "a.h5")
    a = team.zeros((6, 2), dtype)
    a.local[...] = np.ones((), dtype)
    ns.save_hdf5(a, file, "run/7/a", attributes={"units": "K", "step": 3, "time": 0.5})
    ns.save_hdf5(a, file, "b", mode="add", deflate=1, shuffle=True)

    again = team.open_hdf5(file, "run/7/a", dtype if not isinstance(dtype, str) else None)
    assert again.dtype == a.dtype and (again[...] == a[...]).all()
    ns.load_hdf5(again, file, "b")
    with pytest.raises(OSError):
        ns.save_hdf5(a, file, "b", mode="add")
    with pytest.raises(ValueError):
        ns.save_hdf5(a, file, "b", mode="sideways")


def test_files_that_are_not_what_they_say_are_os_errors(team, folder, table):
    file = os.path.join(folder, "broken")
    if team.rank == 0:
        with open(file, "wb") as out:
            out.write(b"\x93NUMPY\x01\x00 and nothing else")
    team.fence()
    uses = [lambda: team.open_npy(file), lambda: team.open_npy(os.path.join(folder, "none.npy")),
            lambda: ns.load_npy(table, file), lambda: team.open_csv(file),
            lambda: ns.save_npy(table, os.path.join(folder, "no", "folder.npy"))]
    if _core.has_hdf5:
        uses += [lambda: team.open_hdf5(file, "a"), lambda: ns.load_hdf5(table, file, "a")]
    for use in uses:
        with pytest.raises(OSError) as told:
            use()
        assert "nodespan: " in str(told.value) # also where it quotes bytes that are no UTF-8
    ns.save_npy(table, file)
    with pytest.raises(OSError, match="extents"):
        ns.load_npy(team.zeros((7, 4)), file)
    with pytest.raises(OSError, match="float64"):
        ns.load_npy(team.zeros((7, 5), "i4"), file)


def test_dtypes_that_files_do_not_hold_are_type_errors(team, folder):
    file = os.path.join(folder, "none")
    for dtype in ["f2", [("a", "i4")]]:
        with pytest.raises(TypeError):
            ns.save_npy(team.zeros(3, dtype), file)
    with pytest.raises(TypeError):
        ns.save_csv(team.zeros(3, "c8"), file)
    with pytest.raises(TypeError):
        ns.save_npy(team.zeros(3), 7 if team.rank == 0 else file)
    if _core.has_hdf5:
        with pytest.raises(TypeError):
            ns.save_hdf5(team.zeros(3, "f2"), file, "a")


@needs_hdf5
def test_a_run_goes_on_from_its_checkpoint(team, folder):
    def start():
        saved = ns.Checkpoint(team, os.path.join(folder, "run7"), keep=2)
        a = team.zeros((5, 3))
        saved.add("temperature", a)
        for name, value in [("time", 0.0), ("count", 0), ("label", ""), ("on", False), ("list", [0.0]),
                            ("names", ["x"])]:
            saved[name] = value
        return saved, a

    saved, a = start()
    assert saved.restore() is None and saved.latest() is None
    a.local[...] = 3.5
    for step in (10, 20):
        saved["time"], saved["count"], saved["label"] = 0.25 * step, step, "warm"
        saved["on"], saved["list"], saved["names"] = True, [1.0, 2.5], ["a", "b"]
        saved.write(step)
    saved, b = start()
    assert saved.restore() == 20
    assert (b[...] == 3.5).all()
    assert [saved[name] for name in ("time", "count", "label", "on", "list", "names")] == \
        [5.0, 20, "warm", True, [1.0, 2.5], ["a", "b"]]
    with pytest.raises(TypeError):
        saved["bad"] = object()
    for _ in range(2):
        with pytest.raises(ValueError):
            saved["step"] = 1  # the checkpoint's own
        with pytest.raises(KeyError):
            saved["step"]
