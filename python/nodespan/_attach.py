"""Looking at the arrays of a job that runs, from a notebook or a shell outside of it."""

import operator
import time

import numpy as np

from . import _foreign, _indexing, _published


def jobs(folder=None):
    """The jobs on this host that let themselves be looked at: those started with NODESPAN_ATTACH=1.

    folder: where they have written of themselves, if it is neither NODESPAN_ATTACH_DIR nor the usual place.
    Errors: PermissionError (a folder that is not this user's alone). Other users' jobs are not found.
    """
    found, elsewhere = _published.publishers(folder)
    names = list(dict.fromkeys(one.job for one in found))
    return [Job(name, folder, [one for one in found if one.job == name], elsewhere) for name in names]


def attach(job=None, folder=None):
    """The job of that name, program or process number; where there is only one, it needs no name.

    What is read is copied out of the job's memory, which it neither notices nor can be harmed by. A host sees its
    own part of a job: run this on another one for what that holds.
    Errors: LookupError (no such job, or several; the text lists them), PermissionError.
    """
    running = jobs(folder)
    fitting = [one for one in running if job is None or one._is_called(job)]
    if len(fitting) == 1:
        return fitting[0]
    listed = "; ".join(f"{one.name} ({one.program}, processes {', '.join(map(str, one.pids))})" for one in running)
    if not running:
        raise LookupError("nodespan: no job here lets itself be looked at: start it with NODESPAN_ATTACH=1 "
                          f"(looked in {', '.join(_published.folders(folder))})")
    raise LookupError(f"nodespan: {'several jobs run' if fitting else f'no job {job!r} runs'} here: {listed}")


class Job:
    """A job that runs on this host, as ``attach()`` finds it."""

    def __init__(self, name, folder, publishers, elsewhere):
        self.name, self._folder, self._publishers, self._elsewhere = name, folder, publishers, elsewhere
        self.program = publishers[0].program

    def _is_called(self, name):
        try:
            return operator.index(name) in self.pids
        except TypeError:
            return name in (self.name, self.program)

    @property
    def pids(self):
        """The numbers of the processes that publish: one a node, and leaders of other teams."""
        return [one.pid for one in self._publishers]

    @property
    def is_running(self):
        """Whether any of its processes on this host is still there."""
        return any(one.is_alive() for one in self._publishers)

    @property
    def other_hosts(self):
        """Hosts whose processes have written into the same folder; their memory is read there."""
        return list(self._elsewhere)

    def arrays(self):
        """The arrays that live now, in the order in which they were made.

        Errors: ProcessLookupError (the job has ended).
        """
        self._publishers = [one for one in _published.publishers(self._folder)[0] if one.job == self.name]
        if not self._publishers:
            raise ProcessLookupError(f"nodespan: job {self.name} ({self.program}) has ended")
        parts = {}
        for publisher in self._publishers:
            for facts in publisher.lines():
                key = (facts["team"], facts["number"])
                parts.setdefault(key, {})[facts["node"][0]] = Part(publisher, facts)
        every = [LiveArray(self, [of[node] for node in sorted(of)]) for of in parts.values()]
        return sorted(every, key=lambda one: (one._team, one.number))

    def __getitem__(self, name):
        fitting = [one for one in self.arrays() if one.name == name]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise LookupError(f"nodespan: {len(fitting)} arrays of job {self.name} are called {name!r}: take one "
                              "of job.arrays()")
        there = ", ".join(repr(one.name) for one in self.arrays()) or "none"
        raise KeyError(f"nodespan: job {self.name} has no array {name!r} now; there are: {there}")

    def __iter__(self):
        return iter(self.arrays())

    def __repr__(self):
        return f"<nodespan.Job {self.name}, {self.program}, processes {', '.join(map(str, self.pids))}>"


class Part:
    """What one node holds of an array."""

    def __init__(self, publisher, facts):
        self.publisher, self.facts = publisher, facts
        self.node = facts["node"][0]
        self.lo, self.hi = facts["box"]
        self.is_empty = any(l >= h for l, h in zip(self.lo, self.hi))

    def epoch(self):
        return _foreign.meetings(self.publisher.pid, *self.facts["epoch"])

    def stretch(self, lo, hi, dtype):
        """The elements of a box, which this part holds: an ndarray of its own."""
        first, last = self.facts["stored"]
        steps = [1] * len(lo)
        for d in range(len(lo) - 1, 0, -1):
            steps[d - 1] = steps[d] * (last[d] - first[d])
        begin = sum((l - f) * s for l, f, s in zip(lo, first, steps))
        count = sum((h - 1 - l) * s for h, l, s in zip(hi, lo, steps)) + 1
        size = dtype.itemsize
        found = np.empty(count, dtype)
        _foreign.read_into(self.publisher.pid, self.facts["address"] + begin * size, found)
        return np.ndarray([h - l for l, h in zip(lo, hi)], dtype, found, 0, [s * size for s in steps])


class Reading(np.ndarray):
    """Elements as they were: an ndarray, and in ``epochs`` the numbers of the epoch before and after the copy.

    Where both are equal no fence has passed meanwhile: every element has a value that it had in that epoch.
    """

    epochs = (None, None)


class LiveArray:
    """An array of a job that runs. Read only."""

    def __init__(self, job, parts):
        facts = parts[0].facts
        self.job, self._parts = job, [part for part in parts if not part.is_empty]
        self._watched = parts
        self.name, self.number, self._team = facts["name"], facts["number"], facts["team"]
        self.dtype = _published.dtype_of(facts)
        self.nodes = [part.node for part in parts]
        self.all_nodes = facts["node"][1]
        self._stored_shape = tuple(facts["shape"])
        self._is_turned = facts["order"] == "F"

    def _turned(self, values):
        return tuple(reversed(values)) if self._is_turned else tuple(values)

    @property
    def shape(self):
        """The extents of the whole array, on all hosts."""
        return self._turned(self._stored_shape)

    @property
    def ndim(self):
        return len(self._stored_shape)

    @property
    def size(self):
        return _indexing.count(self._stored_shape)

    @property
    def nbytes(self):
        return self.size * self.dtype.itemsize

    def _corners(self):
        if not self._parts:
            return [0] * self.ndim, list(self._stored_shape) if self.size == 0 else [0] * self.ndim
        return ([min(part.lo[d] for part in self._parts) for d in range(self.ndim)],
                [max(part.hi[d] for part in self._parts) for d in range(self.ndim)])

    @property
    def box(self):
        """What this host holds, as slices: all of the array where all of its nodes are here."""
        return self._turned([slice(l, h) for l, h in zip(*self._corners())])

    @property
    def epoch(self):
        """How often the ranks here have met so far: fences and all else that is collective; modulo 2**32."""
        with _Clear(self):
            return min(part.epoch() for part in self._watched)

    def read(self, key=Ellipsis, *, consistent=False, timeout=10.0):
        """A copy of the elements, by global indices, as an ndarray with ``epochs``.

        key:  ints and slices, as in numpy.s_[...]; all that this host holds where it is left out, from ``box`` on.
        consistent: copies again until no fence has passed meanwhile, so that all elements are of one epoch. What
              the job writes in that very epoch may still be new or old: the memory rule holds for onlookers too.
        Errors: LookupError (the array has ended), ProcessLookupError (the job has), IndexError (key; elements on
              other hosts), TimeoutError (consistent: the job has fences faster than this copies; read less).
        Cost: one copy, from the first to the last element asked for, by this process. The job does nothing.
        """
        lo, hi, rest = self._wanted(key)
        until = time.monotonic() + timeout
        while True:
            found, before, after = self._copy(lo, hi)
            if before == after or not consistent:
                break
            if time.monotonic() >= until:
                raise TimeoutError(f"nodespan: {self!r} had a fence during each copy for {timeout} s: read a part of "
                                   "it, or take consistent=False")
        values = (found.transpose() if self._is_turned else found)[rest]
        result = np.asanyarray(values).view(Reading)
        result.epochs = (min(before), min(before) if before == after else max(after))
        return result

    def _wanted(self, key):
        """The box in the order of the memory, and the key that takes what was asked for out of it."""
        if key is Ellipsis:
            return *self._corners(), (Ellipsis,)
        box = _indexing.as_box(key, self.shape)
        if box is None:
            raise IndexError("nodespan: read takes ints and slices; take masks and lists of what it returns")
        lo, hi, rest = box
        return list(self._turned(lo)), list(self._turned(hi)), rest

    def _copy(self, lo, hi):
        shape = [max(0, h - l) for l, h in zip(lo, hi)]
        wanted = _indexing.count(shape)
        with _Clear(self):
            before = [part.epoch() for part in self._watched]
            pieces = []
            for part in self._parts:
                first = [max(a, b) for a, b in zip(lo, part.lo)]
                last = [min(a, b) for a, b in zip(hi, part.hi)]
                if wanted and all(f < l for f, l in zip(first, last)):
                    pieces.append((first, last, part.stretch(first, last, self.dtype)))
            after = [part.epoch() for part in self._watched]
        for part in self._watched:
            if not part.publisher.still_has(part.facts):
                self._gone()
        have = sum(piece.size for *_, piece in pieces)
        if have != wanted:
            raise IndexError(f"nodespan: {self!r}: {wanted - have} of the elements lie on other hosts, or on nodes "
                             f"that are just making or ending it; this host has {self.box}, or parts of that")
        if len(pieces) == 1 and pieces[0][2].flags.c_contiguous:
            return pieces[0][2], before, after
        result = np.empty(shape, self.dtype)
        for first, last, piece in pieces:
            result[tuple(slice(f - l, t - l) for f, t, l in zip(first, last, lo))] = piece
        return result, before, after

    def _gone(self):
        for part in self._watched:
            if not part.publisher.is_alive():
                raise ProcessLookupError(f"nodespan: job {self.job.name} ({self.job.program}) has ended") from None
        raise LookupError(f"nodespan: {self!r} has ended in the job") from None

    def __repr__(self):
        name = f' "{self.name}"' if self.name else ""
        shape = ", ".join(map(str, self.shape)) + ("," if self.ndim == 1 else "")
        where = f"{len(self.nodes)} of {self.all_nodes} nodes here"
        return f"<nodespan.LiveArray{name} ({shape}) {self.dtype}, {where}>"


class _Clear:
    """Says what it means that memory is not there: an array, or a job, that has ended."""

    def __init__(self, array):
        self._array = array

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if kind is not None and issubclass(kind, (BufferError, ProcessLookupError)):
            self._array._gone()
