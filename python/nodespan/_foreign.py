"""Memory of another process of this user, which it has told of: read only, and without its help."""

import ctypes
import errno
import os

import numpy as np

_libc = ctypes.CDLL(None, use_errno=True)


class _Stretch(ctypes.Structure):
    _fields_ = [("begin", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]


def read_into(pid, address, array):
    """Fills a contiguous ndarray with what stands at that address of the process.

    Errors: ProcessLookupError (no such process), BufferError (nothing is mapped there), PermissionError.
    """
    here, left = array.__array_interface__["data"][0], array.nbytes
    while left:
        to, source = _Stretch(here, left), _Stretch(address, left)
        done = _libc.process_vm_readv(pid, ctypes.byref(to), 1, ctypes.byref(source), 1, 0)
        if done <= 0:
            _refuse(ctypes.get_errno() if done < 0 else errno.EFAULT, pid)
        here, address, left = here + done, address + done, left - done


def _refuse(code, pid):
    if code == errno.ESRCH:
        raise ProcessLookupError(code, f"nodespan: process {pid} has ended")
    if code == errno.EFAULT:
        raise BufferError(f"nodespan: process {pid} has no memory there any more")
    if code == errno.EPERM:
        raise PermissionError(code, f"nodespan: the system does not let this process look into process {pid}: "
                              "it belongs to another user, or /proc/sys/kernel/yama/ptrace_scope is 2 or more, "
                              "or a container forbids process_vm_readv")
    raise OSError(code, f"nodespan: process_vm_readv of process {pid}: {os.strerror(code)}")


def meetings(pid, first, step, ranks):
    """To how many meetings all of a node's ranks have come, modulo 2**32."""
    raw = np.empty(step * (ranks - 1) + 4, np.uint8)
    read_into(pid, first, raw)
    words = np.ndarray(ranks, np.uint32, raw, 0, (step,))
    behind = (words - words[0]).view(np.int32)
    return (int(words[0]) + int(behind.min())) % 2**32
