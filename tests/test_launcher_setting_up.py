"""The launcher where nothing is set up yet: what it makes, what it refuses, and what it says when it cannot."""

import ast
import os
import re
import subprocess
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.checkout import LAUNCHER, ROOT, calls, nearly_nothing, new_checkout, new_workshop, simulated


@pytest.mark.extended
def test_without_network_a_first_start_says_that_it_needs_it_once_and_a_later_one_succeeds(tmp_path: Path) -> None:
    checkout = new_checkout(tmp_path)
    started = checkout.start(network=False)
    assert started.code == 1
    assert started.out == ""
    assert "pip ended with exit code 1. Setting up needs the network, this once." in started.err
    assert "No matching distribution found for pebble==1.0" in started.err
    assert "Traceback" not in started.err
    assert (checkout.root / ".venv").is_dir(), "half-made, as intended here"
    assert checkout.start().told["pebble"] == "1.0"


@pytest.mark.extended
def test_a_package_that_is_not_the_one_that_was_locked_is_refused(tmp_path: Path) -> None:
    checkout = new_checkout(tmp_path)
    with zipfile.ZipFile(checkout.wheels / "pebble-1.0-py3-none-any.whl", "a") as archive:
        archive.writestr("surprise.py", "")
    started = checkout.start()
    assert started.code == 1
    assert "DO NOT MATCH THE HASHES" in started.err


@pytest.mark.extended
def test_a_package_that_was_locked_without_its_hash_is_refused(tmp_path: Path) -> None:
    checkout = new_checkout(tmp_path)
    (checkout.root / "requirements.txt").write_text("pebble==1.0\n")
    started = checkout.start()
    assert started.code == 1
    assert "Hashes are required in --require-hashes mode" in started.err


@pytest.mark.extended
def test_two_first_starts_at_once_set_up_once(tmp_path: Path) -> None:
    checkout = new_checkout(tmp_path)
    with checkout.starting() as one, checkout.starting() as other:
        said = [process.communicate("")[1].splitlines() for process in (one, other)]
        assert (one.returncode, other.returncode) == (0, 0), said
    setting_up = "Setting up (once, about a minute) …"
    assert sorted(said) == [[setting_up], ["Waiting for another start, which is setting up …"]]


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path: Path) -> None:
    checkout = new_checkout(tmp_path)
    (checkout.root / ".venv.lock").mkdir()  # Refused to everybody, root too.
    started = checkout.start()
    assert started.code == 1
    assert f"could not set itself up in {checkout.root}" in started.err
    assert "Traceback" not in started.err


def test_a_missing_venv_module_is_told_with_what_to_install(tmp_path: Path) -> None:
    done = simulated("sys.modules['ensurepip'] = None", new_checkout(tmp_path).root)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "apt install python3-venv" in done.stderr


def test_an_old_python_is_told_which_is_needed(tmp_path: Path) -> None:
    done = simulated("sys.version_info = (3, 9, 2, 'final', 0)", new_checkout(tmp_path).root)
    assert done.returncode == 1
    assert done.stderr.startswith("Kruzhok needs Python 3.11 or newer; this is 3.9. Install a newer one")
    assert len(done.stderr.splitlines()) == 1


def test_old_pythons_can_parse_the_launcher() -> None:
    ast.parse(LAUNCHER.read_text(encoding="utf-8"), feature_version=(3, 6))
    for python in old_pythons():
        done = subprocess.run([python, LAUNCHER], env=nearly_nothing(), capture_output=True, text=True)
        assert done.returncode == 1, python
        assert done.stderr.startswith("Kruzhok needs Python 3.11 or newer; this is 3."), (python, done.stderr)


def old_pythons() -> Sequence[Path]:
    """The real ones on this machine, if any; where there is none, the parser's word is taken."""
    versions = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    return sorted(path for minor in range(6, 11) for path in versions.glob(f"3.{minor}.*/bin/python"))


@pytest.mark.extended
def test_the_tests_have_environments_of_their_own_with_a_synapse_in_one(tmp_path: Path) -> None:
    workshop = new_workshop(tmp_path)
    assert calls(workshop.start("test"))
    assert not (workshop.root / ".venv").exists()
    own = workshop.root / ".venv-synapse"
    code = "import synapse, sys; print(sys.prefix)"
    done = subprocess.run([own / "bin" / "python", "-I", "-c", code], capture_output=True, text=True)
    assert done.stdout == f"{own}\n", done.stderr
    assert workshop.start("test", network=False).err == ""


def test_the_environments_that_the_launcher_makes_are_ignored() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for name in re.findall(r'environment\("(.+?)"', LAUNCHER.read_text(encoding="utf-8")):
        assert {f"/{name}/", f"/{name}.lock"} <= set(ignored)


def test_help_for_developers_sets_nothing_up(tmp_path: Path) -> None:
    checkout = new_checkout(tmp_path)
    for command in ("test", "check"):
        started = checkout.start(command, "--help")
        assert "--extended" in started.out
        assert started.err == ""
    assert [path.name for path in checkout.root.glob(".venv*")] == []


def test_the_launcher_can_be_started_by_name() -> None:
    assert os.access(LAUNCHER, os.X_OK)
    assert re.match(r"#!/usr/bin/env python3\n", LAUNCHER.read_text(encoding="utf-8"))
