"""Under the race checker (NODESPAN_RACES in the environment): which compiled half is used, and what it is told.

NumPy is not compiled for the checker. So ``Array.reading`` and ``Array.writing`` say what it does.
"""

import importlib.machinery
import importlib.util
import os
import pathlib
import sys

FOLDER = pathlib.Path(__file__).parent


def choose_core():
    """Loads the compiled half that tells the checker, where the environment asks for it."""
    wish = os.environ.get("NODESPAN_RACES")
    if not wish or f"{__package__}._core" in sys.modules:
        return
    files = [FOLDER / f"_core_races{suffix}" for suffix in importlib.machinery.EXTENSION_SUFFIXES]
    found = next((file for file in files if file.exists()), None)
    if found is None:
        raise ImportError(f"nodespan: NODESPAN_RACES={wish}: this build of the package has no race checker; use one by "
                          "CMake with NODESPAN_WITH_RACE_CHECKER=ON, or unset NODESPAN_RACES")
    spec = importlib.util.spec_from_file_location(f"{__package__}._core", found)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    setattr(sys.modules[__package__], "_core", module)


def name_sources():
    """Tells the checker the files of this program, of whose lines other ranks may tell."""
    from . import _core

    if _core.tells_races:
        files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        _core.know_sources(f"{FOLDER}{os.sep}", [file for file in files if isinstance(file, str)])


class Intent:
    """What ``with`` takes from ``Array.reading`` and ``Array.writing``."""

    def __init__(self, array, box, view, writes):
        self._array, self._box, self._view, self._writes = array, box, view, writes

    # Both ends are told, since a fence may lie between them.

    def __enter__(self):
        self._tell()
        return self._view

    def __exit__(self, *_):
        self._tell()

    def _tell(self):
        from . import _core

        if _core.tells_races and self._box is not None:
            self._array._tell(*self._box, self._writes)
