"""Arrays to and from files: NumPy's, CSV, HDF5, and checkpoints of a run."""

import os

import numpy as np

from . import _core


def _hdf5(name):
    if not _core.has_hdf5:
        raise RuntimeError(f"nodespan: {name}: this nodespan was built without HDF5")


def save_npy(array, file):
    """Writes the whole array into a NumPy file, which appears once it is complete.

    Call: collective over the array's team; ends an epoch. Errors: OSError, TypeError; on all ranks.
    """
    _core.save_npy(array, _path(file))


def load_npy(array, file):
    """Reads the whole array from a NumPy file of its shape and dtype. As save_npy."""
    _core.load_npy(array, _path(file))


def save_csv(array, file, *, names=None, separator=None):
    """Writes the array, of one or two dimensions, into a CSV file. As save_npy."""
    _core.save_csv(array, _path(file), separator, names)


def load_csv(array, file, *, separator=None):
    """Reads the whole array from a CSV file with as many rows and columns. As save_npy."""
    _core.load_csv(array, _path(file), separator)


def save_hdf5(array, file, dataset, *, mode="replace_file", attributes=None, chunk=None, deflate=0,
              shuffle=False, checksum=False):
    """Writes the whole array as a dataset of an HDF5 file, which h5py reads.

    mode: replace_file (a new file takes its place once complete), add, or overwrite (the dataset).
    Call: collective over the array's team; ends an epoch. Errors: OSError, TypeError, ValueError; on
    all ranks, and what the file held before is still there.
    """
    _hdf5("save_hdf5")
    _core.save_hdf5(array, _path(file), dataset, mode,
                    {"attributes": attributes, "chunk": chunk, "deflate": deflate,
                     "shuffle": shuffle, "checksum": checksum})


def load_hdf5(array, file, dataset):
    """Reads the whole array from a dataset of its shape and dtype. As save_hdf5."""
    _hdf5("load_hdf5")
    _core.load_hdf5(array, _path(file), dataset)


def open_npy(team, file, options):
    dtype, shape = team._agreed(lambda: _core.describe_npy(os.fspath(file)))
    result = team.empty(shape, dtype, **options)
    load_npy(result, file)
    return result


def open_csv(team, file, dtype, separator, options):
    def look():
        rows, columns, _ = _core.describe_csv(os.fspath(file), separator)
        return rows, columns

    result = team.empty(team._agreed(look), dtype, **options)
    load_csv(result, file, separator=separator)
    return result


def open_hdf5(team, file, dataset, dtype, options):
    _hdf5("open_hdf5")

    def look():
        name, shape = _core.describe_hdf5(os.fspath(file), dataset)
        try:
            return np.dtype(name if dtype is None else dtype), shape
        except TypeError:
            raise TypeError(f"nodespan: open_hdf5: the dataset has elements {name}; give the dtype "
                            "that they have in memory") from None

    found, shape = team._agreed(look)
    result = team.empty(shape, found, **options)
    load_hdf5(result, file, dataset)
    return result


def _path(file):
    # What is no path is refused on the C++ side, where all ranks learn of it.
    return os.fspath(file) if isinstance(file, os.PathLike) else file


class Checkpoint:
    """What a program needs to go on after it was stopped: named arrays and values, with a step.

        saved = ns.Checkpoint(team, "run7")
        saved.add("temperature", a)
        saved["time"] = 0.0
        for step in range(saved.restore() or 0, steps):
            if step % 100 == 0:
                saved.write(step)
            ...
            saved["time"] += dt

    A checkpoint is one HDF5 file with a checksum, written under another name and then renamed: a job
    that is killed at any moment leaves those that were finished. ``keep`` of them stay.
    Errors: OSError, ValueError, TypeError; of write, latest and restore on all ranks.
    """

    def __init__(self, team, folder, *, keep=2, read_back=True):
        _hdf5("Checkpoint")
        self._core = _core.Checkpoint(team, os.fspath(folder), keep, read_back)

    def add(self, name, array):
        """Adds an array under a name. Call: the same on all ranks."""
        self._core._add_array(name, array)

    def __setitem__(self, name, value):
        """A value: bool, int, float, str, or a list of one of the last three; the same on all ranks."""
        self._core._set_value(name, value)

    def __getitem__(self, name):
        return self._core._get_value(name)

    def write(self, step):
        """Writes a checkpoint. Call: collective over the team; ends an epoch."""
        self._core._write(step)

    def restore(self):
        """Reads the latest checkpoint that is whole into arrays and values; its step, or None."""
        return self._core._restore()

    def latest(self):
        """The step of the latest checkpoint that is whole, or None. Call: collective."""
        return self._core._latest()

    @property
    def refused(self):
        """Why later checkpoints than that one were not taken, each with its file."""
        return self._core.refused

    @property
    def folder(self):
        """Where they lie."""
        return self._core.folder

    def __repr__(self):
        return f"<nodespan.Checkpoint in {self.folder!r}>"
