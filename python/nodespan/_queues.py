"""Queues of commands among the ranks of a node."""

import queue

import numpy as np

from . import _core
from ._making import made

Empty = queue.Empty
Full = queue.Full


class Closed(EOFError):
    """The queue is closed: nothing can be put, or nothing is left to get."""


class Queue(_core.Queue):
    """A queue among the ranks of a node, like multiprocessing.JoinableQueue: any put, any get.

    Items are of one NumPy dtype of up to 1 KiB: numbers, texts such as "U16", structured ones. Put
    large things into an array, and their indices here. ``for item in queue`` ends when the queue is
    closed and empty. What a rank wrote before ``put`` is visible to the one that gets the item.

    Call:   collective over the team, which is of one node; the rest by any rank alone.
    Errors: ValueError (capacity, several nodes), TypeError (dtype); on all ranks. PeerLostError out of
            a wait.
    """

    def __new__(cls, team, dtype, capacity=1024):
        self = made(cls, _core.Queue, team, dtype, capacity)
        self._is_text = self.dtype.kind in "US"
        return self

    def __init__(self, *args, **options):
        """All is done by __new__."""

    def put(self, item, block=True):
        """Puts an item at the end, and waits for room.

        Errors: Closed; Full (no room, with block=False); ValueError (a text longer than the dtype's).
        """
        given = np.zeros((), self.dtype)
        given[...] = item
        if self._is_text and len(item) > len(given[()]):
            raise ValueError(f"nodespan: queue: {item!r} is too long for items of {self.dtype}")
        if not self._put(given, block):
            raise Closed("nodespan: the queue is closed") if self.closed else Full()

    def get(self, block=True):
        """Takes the first item, and waits for one. Errors: Closed; Empty (with block=False)."""
        item = np.zeros((), self.dtype)
        if not self._get(item, block):
            raise (Closed("nodespan: the queue is closed, and nothing is left")
                   if self.closed else Empty())
        return item[()] if self.dtype.fields is not None else item.item()

    def put_nowait(self, item):
        """put(item, block=False)"""
        self.put(item, block=False)

    def get_nowait(self):
        """get(block=False)"""
        return self.get(block=False)

    def __iter__(self):
        while True:
            try:
                yield self.get()
            except Closed:
                return

    def __repr__(self):
        return f"<nodespan.Queue of {self.dtype}, capacity {self.capacity}>"
