"""The requirement files: whole, hashed, of one mind with pyproject.toml, and good for every Python and system."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
RUNTIME, TEST, SYNAPSE = (ROOT / f"requirements{name}.txt" for name in ("", "-test", "-synapse"))

# What pip calls them, newest first; it takes each word for itself alone.
SYSTEMS = (
    "manylinux_2_28_x86_64 manylinux_2_17_x86_64 manylinux2014_x86_64",
    "manylinux_2_28_aarch64 manylinux_2_17_aarch64 manylinux2014_aarch64",
    "macosx_11_0_arm64",
    "macosx_11_0_x86_64",
    "win_amd64",
)
PYTHONS = ("3.11", "3.12", "3.13")


def locked(file: Path) -> dict[str, list[str]]:
    """Give the pinned requirements of a file, each with its hashes."""
    entries = file.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    return {line.split("--hash=")[0].strip(): re.findall(r"--hash=(\S+)", line) for line in entries}


def versions(file: Path) -> dict[str, str]:
    """Give the version of each locked package."""
    pins = (re.fullmatch(r"([a-z0-9-]+)==([\w.]+)(?: ; .+)?", pin) for pin in locked(file))
    return {pin[1]: pin[2] for pin in pins if pin}


@pytest.mark.parametrize("file", [RUNTIME, TEST, SYNAPSE], ids=lambda file: file.name)
def test_every_requirement_is_pinned_and_hashed_and_names_no_host(file: Path) -> None:
    entries = locked(file)
    assert len(versions(file)) == len(entries) > 0, "each is a name, a version and perhaps a marker"
    unhashed = [pin for pin, hashes in entries.items() if not hashes]
    assert unhashed == []
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for hashes in entries.values() for digest in hashes)
    assert not re.search(r"://|^\s*-(?!-hash=)|^#", file.read_text(encoding="utf-8"), re.MULTILINE)


def test_the_tests_run_with_the_very_packages_of_the_bot() -> None:
    # A marker may be wider in the tests' file, where another package asks for the same one.
    runtime, test = ({pin.split(" ;")[0]: hashes for pin, hashes in locked(file).items()} for file in (RUNTIME, TEST))
    assert {pin: test.get(pin) for pin in runtime} == runtime


def test_the_locks_satisfy_what_pyproject_asks_for() -> None:
    written = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    project = written["project"]
    asked = [(RUNTIME, line) for line in project["dependencies"] + project["optional-dependencies"]["metrics"]]
    asked += [(TEST, line) for line in project["optional-dependencies"]["test"]]
    asked += [(SYNAPSE, line) for line in written["dependency-groups"]["synapse"]]
    unmet = []
    for file, line in asked:
        requirement = Requirement(line)
        version = versions(file).get(canonicalize_name(requirement.name), "0")
        if not requirement.specifier.contains(version):
            unmet.append(f"{file.name} has {version} of {line}")
    assert unmet == []


def test_the_lock_that_would_name_hosts_is_ignored() -> None:
    assert "/uv.lock" in (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()


@pytest.mark.extended
@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("system", SYSTEMS, ids=lambda system: system.split()[0])
def test_the_bots_packages_are_there_ready_made(system: str, python: str, tmp_path: Path) -> None:
    """It asks the registry that pip is set up for."""
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--disable-pip-version-check"]
    options = ["--no-deps", "--only-binary=:all:", "--python-version", python]
    platforms = [f"--platform={name}" for name in system.split()]
    done = subprocess.run(
        [*command, *options, *platforms, "--target", tmp_path, "--require-hashes", "--requirement", RUNTIME],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
