"""What an exception that nobody catches does: it ends the job, whose other ranks would wait."""

import functools
import os
import sys

from . import _core


def watch_exceptions():
    """From now on an uncaught exception is shown as ever, and then ends all ranks of the job."""
    shown_before = sys.excepthook
    process = os.getpid()

    def show_and_end(kind, value, traceback):
        shown_before(kind, value, traceback)
        if os.getpid() != process or _core.job_size() < 2:
            return
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                pass  # a closed stream; the job ends all the same
        _core.abort_job(1)

    sys.excepthook = show_and_end
    if sys.version_info < (3, 12):
        _make_exits_objects()


def _make_exits_objects():
    """Lets sys.exit raise an object, as later Pythons do: by its end the compiled part learns the status."""
    exit_before = sys.exit

    @functools.wraps(exit_before)
    def exit(status=None, /):
        raise SystemExit(status)

    sys.exit = exit
