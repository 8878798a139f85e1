"""A pinned array as libraries for GPUs see it, with a driver that the tests fake: run on every rank."""

import ctypes
import os

import nodespan as ns
import pytest


@pytest.fixture
def context():
    driver = ctypes.CDLL(os.environ["NODESPAN_GPU_LIBRARY"])
    made = ctypes.c_void_p()
    assert driver.cuInit(0) == 0
    assert driver.cuDevicePrimaryCtxRetain(ctypes.byref(made), 0) == 0
    assert driver.cuCtxSetCurrent(made) == 0
    yield driver
    assert driver.cuCtxSetCurrent(None) == 0




def test_a_pinned_part_is_described_as_it_lies(context):
    with ns.Team() as team:
        a = team.zeros((6, 5), dtype="int32")
        a.local[...] = team.rank + 1
        a.fence()

        with a.pin() as all_here, a.pin("local") as mine:
            facts = mine.__cuda_array_interface__
            assert facts["version"] == 3 and facts["typestr"] == "<i4" and facts["data"][1] is False
            assert facts["shape"] == a.local.shape and facts["strides"] == a.local.strides
            assert all_here.__cuda_array_interface__["shape"] == a.node.shape
            assert mine.is_pinned and mine.nbytes == a.local.nbytes
            rows = a.rank_box[0].start - a.node_box[0].start
            assert mine.device_address - all_here.device_address == rows * 5 * 4
        assert not mine.is_pinned
        with pytest.raises(AttributeError, match="not pinned any more"):
            mine.__cuda_array_interface__
        a.fence()


def test_what_cannot_be_pinned_says_why(context):
    with ns.Team() as team:
        a = team.zeros((4, 4))

        with pytest.raises(ValueError, match="part is"):
            a.pin("row")
        context.cuCtxSetCurrent(None)
        with pytest.raises(ValueError, match="context"):
            a.pin()
        a.close()
        with pytest.raises(ValueError, match="closed"):
            a.pin()
