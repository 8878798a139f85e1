"""Python under the race checker: what it finds, what it says, and what it leaves alone."""

import json
import os
import pathlib
import re
import shutil

import pytest

import nodespan
from jobs import job, output_of, program

PACKAGE = pathlib.Path(nodespan.__file__).parent
CASES = pathlib.Path(__file__).resolve().parents[1] / "races" / "race_cases.py"

pytestmark = pytest.mark.skipif(not list(PACKAGE.glob("_core_races*")), reason="built without the race checker")

RACY = """
    import sys
    import nodespan as ns
    team = ns.Team()
    a = team.zeros((8, 4), name="field")
    if team.rank == 0:
        with a.writing(0) as row:  # written here
            row[:] = 1
    if "right" in sys.argv:
        a.fence()
    if team.rank == 1:
        a[0, 2]  # read here
    a.fence()
    print("done")
"""


def line_of(file, words):
    return next(number for number, line in enumerate(file.read_text().splitlines(), 1) if words in line)


@pytest.mark.parametrize("ranks, ranks_per_node", [(2, 0), (3, 2), (3, 1)])
def test_each_racy_program_is_found_and_no_right_one(ranks, ranks_per_node):
    found = output_of(ranks, CASES, NODESPAN_RACES="count", NODESPAN_RANKS_PER_NODE=str(ranks_per_node))
    assert re.search(r"\d\d cases, 0 wrong", found)


def test_a_report_names_the_lines_of_the_program(tmp_path):
    file = program(tmp_path, RACY)
    found = job(2, file, NODESPAN_RACES="warn", NODESPAN_RACES_JSON=str(tmp_path / "races.json"))
    assert found.returncode != 0 and "done" in found.stdout
    assert found.stderr.count("nodespan: race:") == 1 and "1 race found" in found.stderr
    assert 'race: array<float64,2> "field", element (0, 2), in epoch 1' in found.stderr
    assert re.search(rf"rank 1 on \S+ reads it: program\.py:{line_of(file, 'read here')}\n", found.stderr)
    assert re.search(rf"rank 0 on \S+ writes it, as its writing\(\) says: program\.py:{line_of(file, 'written here')}\n",
                     found.stderr)
    told = json.loads((tmp_path / "races.json").read_text())
    assert told["kind"] == "race" and {told["found_by"]["file"], told["against"]["file"]} == {str(file)}


def test_a_right_program_ends_well_and_silent(tmp_path):
    found = job(2, program(tmp_path, RACY), "right", NODESPAN_RACES="warn")
    assert found.returncode == 0 and "race" not in found.stderr


def test_without_the_variable_the_package_checks_nothing(tmp_path):
    found = job(2, program(tmp_path, RACY))
    assert found.returncode == 0 and "race" not in found.stderr


def test_a_package_without_the_checker_says_so(tmp_path):
    for file in PACKAGE.iterdir():
        if file.is_file() and "_core_races" not in file.name:
            (tmp_path / "nodespan").mkdir(exist_ok=True)
            shutil.copy(file, tmp_path / "nodespan")
    found = job(0, program(tmp_path, "import nodespan"), NODESPAN_RACES="warn",
                PYTHONPATH=f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    assert found.returncode == 1
    assert "ImportError: nodespan: NODESPAN_RACES=warn: this build of the package has no race checker" in found.stderr


def test_the_packages_own_tests_are_right(tmp_path):
    """Their calls, that is: what their NumPy does to views is out of sight."""
    folder = pathlib.Path(__file__).resolve().parents[1] / "ranks"
    output_of(3, "-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", folder / "test_indexing.py",
              folder / "test_arrays.py", folder / "test_shared_things.py", NODESPAN_RACES="count",
              NODESPAN_RANKS_PER_NODE="2")
