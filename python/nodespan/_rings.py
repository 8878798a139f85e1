"""Streams of frames from one rank to the others of a node."""

from . import _core, _indexing
from ._making import made


class Frame:
    """A frame of a ring: its ``array`` in the shared memory, and its number, ``sequence``.

    A consumer's is read-only, and the producer may write there again after ``release()``. The
    producer's is written and then published; as ``with`` block both end by themselves.
    """

    def __init__(self, ring, array, sequence, slot):
        self.array = array
        self.sequence = sequence
        self._ring = ring
        self._slot = slot

    def release(self):
        """Gives the slot back: ``array`` is not to be read any more. Again is fine."""
        if self._ring is not None and self._slot is not None:
            self._ring._release(self._slot)
        self._ring = None

    def publish(self):
        """Lets consumers have the frame; returns whether it is in the ring. The producer, once."""
        ring, self._ring = self._ring, None
        if ring is None:
            raise ValueError("nodespan: the frame is published already")
        return ring._publish(self.sequence)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self._slot is not None:
            self.release()
        elif kind is None and self._ring is not None:
            self.publish()

    def __del__(self):
        if self._slot is not None:
            self.release()


class Ring(_core.Ring):
    """A stream of frames from one rank to the others, through memory that they share.

    The producer: ``with ring.reserve() as frame: frame.array[...] = ...``, then ``ring.close()``.
    Consumers: ``for frame in ring: use(frame.array)``; a frame is released when the next one is asked
    for. ``delivery``: to_all or to_one. ``when_full``: block, drop_newest or drop_oldest; ``lost``
    counts exactly.

    Shape:  frames of ``frame_shape`` elements of one dtype; memory for slots + 1 of them.
    Call:   collective over the team, which has one node and two ranks or more.
    Errors: ValueError, TypeError, MemoryError; on all ranks.
    """

    def __new__(cls, team, frame_shape, dtype, slots, producer, delivery, when_full, name):
        shape = frame_shape if isinstance(frame_shape, tuple) else (frame_shape,)
        try:
            elements = _indexing.count(shape)
        except TypeError:
            elements = frame_shape  # refused together, below
        self = made(cls, _core.Ring, team, elements, dtype, slots, producer, delivery, when_full,
                    name)
        self._shape = shape
        return self

    def __init__(self, *args, **options):
        """All is done by __new__."""

    def reserve(self):
        """A slot to write the next frame into. Call: the producer alone."""
        array = self._reserve()
        return Frame(self, array.reshape(self._shape), self.published, None)

    def next(self):
        """The next frame, waited for; None once the ring is closed and nothing is left."""
        found = self._next()
        if found is None:
            return None
        array, sequence, slot = found
        return Frame(self, array.reshape(self._shape), sequence, slot)

    def __iter__(self):
        while (frame := self.next()) is not None:
            with frame:
                yield frame

    def close(self):
        """The end: consumers get what is left, then nothing. Call: the producer alone."""
        self._close()
