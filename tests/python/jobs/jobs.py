"""Runs Python programs as jobs of several ranks."""

import os
import pathlib
import shutil
import subprocess
import sys
import textwrap

EXAMPLES = pathlib.Path(__file__).resolve().parents[3] / "python" / "examples"
MPIRUN = os.environ.get("NODESPAN_MPIRUN") or shutil.which("mpirun") or "mpirun"


def job(ranks, *command, timeout=120, **environment):
    """Runs a command on so many ranks, or without mpirun (0); what it wrote and its exit status."""
    start = [MPIRUN, "-n", str(ranks), "--timeout", str(timeout)] if ranks else []
    return subprocess.run([*start, sys.executable, *map(str, command)], capture_output=True, text=True,
                          timeout=timeout + 30, env={**os.environ, **environment})


def program(folder, text):
    file = folder / "program.py"
    file.write_text(textwrap.dedent(text))
    return file


def output_of(ranks, *command, **more):
    found = job(ranks, *command, **more)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout
