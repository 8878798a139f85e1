"""Each example prints what the program prints that it stands for, and is shorter."""

import numpy as np
import pytest

from jobs import EXAMPLES, output_of

PAIRS = {"populate": 4, "commands": 2, "to_shared": 2, "locked": 4, "ram_disk": 2, "averaging": 3,
         "kmeans": 3, "life": 4}


def lines(file):
    return [line for line in file.read_text().splitlines() if line.strip()]


@pytest.mark.parametrize("name", PAIRS)
def test_an_example_prints_what_its_original_does(name, tmp_path):
    given = []
    if name == "kmeans":
        points = np.random.default_rng(2).normal(size=(90, 2)) + np.repeat([[0, 0], [9, 0], [0, 9]], 30, 0)
        np.savetxt(tmp_path / "points.csv", points, delimiter=",", header="x,y", comments="")
        given = [tmp_path / "points.csv"]

    original = output_of(0, EXAMPLES / "originals" / f"{name}.py", *given)
    ours = output_of(PAIRS[name], EXAMPLES / f"{name}.py", *given)

    assert sorted(ours.splitlines()) == sorted(original.splitlines())
    assert len(lines(EXAMPLES / f"{name}.py")) < len(lines(EXAMPLES / "originals" / f"{name}.py"))


def test_every_example_is_run():
    assert {file.stem for file in EXAMPLES.glob("*.py")} == set(PAIRS)


@pytest.mark.parametrize("name", ["life", "averaging"])
def test_an_example_prints_the_same_on_simulated_nodes_and_alone(name):
    alone = output_of(0, EXAMPLES / f"{name}.py")
    assert output_of(4, EXAMPLES / f"{name}.py", NODESPAN_RANKS_PER_NODE="2") == alone
