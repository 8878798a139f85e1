"""What an exception that nobody catches does: it ends the job, whose other ranks would wait."""

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
