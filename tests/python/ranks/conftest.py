"""These tests run on all ranks of a job at once: mpirun -n 3 python3 -m pytest tests/python/ranks.

A test that fails on one rank would leave the others waiting, so its failure ends the job. Rank 0 alone
prints; who fails prints as well.
"""

import os
import sys

import pytest

import nodespan as ns
from nodespan import _core


TEAM = ns.Team()
if TEAM.rank != 0:
    sys.stdout = open(os.devnull, "w")  # before pytest takes hold of it


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed and _core.job_size() > 1:
        print(f"{item.nodeid} failed on one of the ranks:\n{report.longreprtext}", file=sys.__stderr__,
              flush=True)
        _core.abort_job(1)


def pytest_sessionfinish(session, exitstatus):
    if exitstatus and _core.job_size() > 1:
        _core.abort_job(int(exitstatus))


@pytest.fixture(scope="session")
def team():
    return TEAM


@pytest.fixture
def folder(team, tmp_path_factory):
    """A folder that all ranks share."""
    name = str(tmp_path_factory.mktemp("shared")) if team.rank == 0 else ""
    return team._from_root(name, 0)


@pytest.fixture(autouse=True)
def together(team):
    """Ranks begin and end each test together."""
    team.fence()
    yield
    team.fence()
