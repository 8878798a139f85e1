"""`pip install .` into a virtual environment, from the source tree, with nothing downloaded."""

import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[3]


def run(*command, **more):
    found = subprocess.run([*map(str, command)], capture_output=True, text=True, **more)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


def test_pip_installs_it_into_a_virtual_environment(tmp_path):
    tree = tmp_path / "tree"
    tree.mkdir()
    for name in ("CMakeLists.txt", "pyproject.toml", "setup.py", "cmake", "docs", "include", "python", "src"):
        (tree / name).symlink_to(SOURCE / name)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    run(sys.executable, "-m", "venv", "--system-site-packages", tmp_path / "venv")
    python = tmp_path / "venv" / "bin" / "python3"

    run(python, "-m", "pip", "install", "--no-build-isolation", "--no-index", "--no-deps", ".", cwd=tree,
        env=environment)

    told = run(python, "-c", "import nodespan; print(nodespan.__file__, nodespan.Team().ones(5).sum())",
               cwd=tmp_path, env=environment)
    assert told.startswith(str(tmp_path / "venv")) and told.split()[1] == "5.0"
    assert list((tmp_path / "venv").rglob("nodespan/py.typed"))
    assert "--interval" in run(tmp_path / "venv" / "bin" / "nodespan-watch", "--help", env=environment)
