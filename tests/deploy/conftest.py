"""Machines that several tests share: a minimal Debian, made once in a test run, and a clean clone of Kruzhok."""

import subprocess
from pathlib import Path

import pytest

from tests.deploy.machine import RELEASE, Machine, debian, made_once, why_not
from tests.deploy.registry import registry

ROOT = Path(__file__).parents[2]
# What the README says to install on a Debian.
INSTALLED = ("python3", "python3-venv", "ca-certificates")


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder of this test run, whichever of its processes asks."""
    base = tmp_path_factory.getbasetemp()
    return (base if worker_id == "master" else base.parent) / "machines"


@pytest.fixture(scope="session")
def machine(shared: Path) -> Machine:
    """A minimal Debian with Python, as it is before anybody thinks of Kruzhok; not to be changed."""
    if reason := why_not():
        pytest.skip(f"No machine of its own could be made here: {reason}")
    reached = registry()
    with made_once(shared, "debian") as (folder, is_new):
        if is_new:
            debian(folder, reached).install(*INSTALLED)
    return Machine((folder / RELEASE, folder / "top"), reached)


@pytest.fixture(scope="session")
def clone(shared: Path) -> Path:
    """What is committed, and nothing else."""
    with made_once(shared, "clone") as (folder, is_new):
        if is_new:
            subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", ROOT, folder], check=True)
    return folder
