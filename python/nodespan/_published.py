"""What processes with NODESPAN_ATTACH=1 write of themselves: a file each, in a folder of this user's.

Whatever else lies in the folder is left alone, and so is a file that is not what its name says: what cannot be
read is not there. A file whose process has ended without taking it away goes when somebody looks.
"""

import ast
import math
import os
import re
import stat

import numpy as np

_NAME = re.compile(r"(\d+)-(\d+)-\d+\.arrays")
_MOST_BYTES = 1 << 28  # of a file: a quarter of a million arrays


def folders(chosen=None):
    """Where processes may have written: as the C++ side chooses, where it might see other variables."""
    chosen = chosen or os.environ.get("NODESPAN_ATTACH_DIR")
    if chosen:
        return [os.fspath(chosen)]
    session = os.environ.get("XDG_RUNTIME_DIR")
    return [*([os.path.join(session, "nodespan")] if session else []), f"/tmp/nodespan-{os.geteuid()}"]


def _first_line(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.readline().rstrip("\n")
    except OSError:
        return ""


def _this_system():
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return {"boot": _first_line("/proc/sys/kernel/random/boot_id"), "pid_space": space,
            "host": os.uname().nodename}


def is_alive(pid, start):
    """Whether that very process is there: a number may have gone to another one since."""
    text = _first_line(f"/proc/{pid}/stat")
    fields = text[text.rfind(")") + 2:].split()
    return len(fields) > 19 and fields[19] == start and fields[0] not in "ZX"


class Publisher:
    """A process that has told of its arrays."""

    def __init__(self, folder, name, header):
        self.folder, self.name = folder, name
        self.job, self.pid, self.start = header["job"], header["pid"], header["start"]
        self.host, self.line_bytes = header["host"], header["line_bytes"]

    def is_alive(self):
        return is_alive(self.pid, self.start)

    @property
    def program(self):
        """What the process runs, as far as its command line says."""
        try:
            with open(f"/proc/{self.pid}/cmdline", "rb") as file:
                words = [os.fsdecode(word) for word in file.read().split(b"\0") if word]
        except OSError:
            words = []
        if not words:
            return "?"
        if os.path.basename(words[0]).startswith("python"):
            words = [word for word in words[1:] if not word.startswith("-")] or words
        return os.path.basename(words[0])

    def lines(self):
        """The facts of all arrays that stand in the file now."""
        for _ in range(20):
            text = _content(self.folder, self.name)
            found = [_facts(text[at:at + self.line_bytes], at)
                     for at in range(self.line_bytes, len(text), self.line_bytes)]
            if "torn" not in found:
                break  # else the process was just writing one
        return [facts for facts in found if isinstance(facts, dict)]

    def still_has(self, facts):
        """Whether that array is still there, at the same place."""
        for _ in range(20):
            now = _facts(_content(self.folder, self.name, facts["at"], self.line_bytes), facts["at"])
            if now != "torn":
                break
        return isinstance(now, dict) and now["serial"] == facts["serial"]


def _content(folder, name, at=0, most=_MOST_BYTES):
    """The bytes of a regular file of this user's; nothing of anything else."""
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return b""
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    except OSError:
        return b""
    finally:
        os.close(directory)
    try:
        found = os.fstat(file)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_size > _MOST_BYTES:
            return b""
        return os.pread(file, min(most, found.st_size), at)
    except OSError:
        return b""
    finally:
        os.close(file)


def _object(text):
    import json

    try:
        found = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _header(text):
    found = _object(text[:1024].split(b"\n")[0])
    wanted = {"nodespan": int, "line_bytes": int, "job": str, "pid": int, "start": str, "boot": str,
              "pid_space": str, "host": str}
    if found is None or any(type(found.get(key)) is not kind for key, kind in wanted.items()):
        return None
    return found if found["nodespan"] == 1 and 64 <= found["line_bytes"] <= 1 << 16 else None


def _are_counts(values, length=None, least=0):
    return isinstance(values, list) and (length is None or len(values) == length) and \
        all(type(v) is int and least <= v < 2**63 for v in values)


def _facts(text, at):
    """An array's facts; None where the line is free or no such thing, "torn" where it is half written."""
    found = _object(text) if text.strip() else None
    if found is None:
        return "torn" if text.strip() else None
    if found.get("serial") != found.get("end"):
        return "torn"
    shape = found.get("shape")
    if not _are_counts(shape) or not 1 <= len(shape) <= 6:
        return None
    is_right = all(isinstance(found.get(key), str) for key in ("name", "dtype", "type", "order")) and \
        _are_counts([found.get(key) for key in ("serial", "address", "number", "itemsize")]) and \
        type(found.get("team")) is int and found["itemsize"] > 0 and \
        _are_counts(found.get("epoch"), 3) and found["epoch"][2] > 0 and _are_counts(found.get("node"), 2) and \
        all(isinstance(found.get(key), list) and len(found[key]) == 2 and
            all(_are_counts(side, len(shape), -2**62) for side in found[key]) for key in ("box", "stored"))
    if not is_right or not _is_within(found):
        return None
    return {**found, "at": at}


def _is_within(found):
    """Whether the boxes lie in one another, so that nothing outside of the memory is asked for."""
    (lo, hi), (first, last) = found["box"], found["stored"]
    if any(l >= h for l, h in zip(lo, hi)):
        return True  # this node holds nothing
    return all(f <= l and h <= t for f, l, h, t in zip(first, lo, hi, last)) and \
        all(0 <= l and h <= n for l, h, n in zip(lo, hi, found["shape"])) and \
        math.prod(t - f for f, t in zip(first, last)) * found["itemsize"] < 2**62


def dtype_of(facts):
    """NumPy's dtype of the elements: bytes without a meaning where only the program knows the type."""
    spelled, size = facts["dtype"] or facts["type"], facts["itemsize"]
    try:
        if not facts["dtype"]:
            if spelled[:1] in "[{" and spelled:
                spelled = ast.literal_eval(spelled)  # a structured one, as NumPy writes it
            else:
                spelled = {"b": "bool", "bool": "bool", "float16": "float16"}[spelled]
        found = np.dtype(spelled)
        if found.itemsize == size and not found.hasobject:
            return found
    except (KeyError, TypeError, ValueError, SyntaxError, MemoryError, RecursionError):
        pass
    return np.dtype((np.void, size))


def _require_private(folder):
    found = os.stat(folder, follow_symlinks=False)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"nodespan: {folder} is no folder")
    if found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(f"nodespan: {folder} belongs to another user, or others may look into it; a folder "
                              "of this user's with mode 700 is needed")


def publishers(chosen=None):
    """The processes of this host that have told of their arrays, and the names of other hosts that have."""
    here, found, elsewhere = _this_system(), [], set()
    for folder in folders(chosen):
        try:
            _require_private(folder)
        except FileNotFoundError:
            continue
        for name in sorted(os.listdir(folder)):
            header = _header(_content(folder, name, 0, 1024)) if _NAME.fullmatch(name) else None
            if header is None or not name.startswith(f"{header['pid']}-{header['start']}-"):
                continue
            if any(header[key] != here[key] for key in here):
                if header["host"] == here["host"] and header["boot"] != here["boot"]:
                    _forget(folder, name)  # from before this host was started
                else:
                    elsewhere.add(header["host"])
            elif is_alive(header["pid"], header["start"]):
                found.append(Publisher(folder, name, header))
            else:
                _forget(folder, name)
    return found, sorted(elsewhere)


def _forget(folder, name):
    try:
        os.unlink(os.path.join(folder, name))
    except OSError:
        pass
