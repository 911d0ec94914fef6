"""A newcomer's first hour: on a minimal Debian, with an empty environment, the README's commands word for word."""

import re
import shutil
from pathlib import Path

import pytest

from tests.deploy.conftest import ROOT
from tests.deploy.machine import Machine

BLOCKS = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL | re.MULTILINE)
# These take minutes, and are what .ci/run does with a clean clone.
DEVELOPERS = re.compile(r"^\./kruzhok (test|check|bench)\b", re.MULTILINE)
HOME, CLONE = "/home/reader", "/home/reader/kruzhok"
READER = "1000:1000"


@pytest.fixture(scope="module")
def newcomer(machine: Machine, clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A machine with an ordinary user, who has just cloned Kruzhok."""
    made = machine.on_top(tmp_path_factory.mktemp("newcomer") / "machine")
    shutil.copytree(clone, made.place(CLONE), symlinks=True)
    done = made.run(f"useradd --uid 1000 --user-group --shell /bin/sh reader && chown -R reader:reader {HOME}")
    assert done.returncode == 0, done.stderr
    return made


@pytest.mark.extended
def test_what_the_readme_says_works_on_a_minimal_debian(newcomer: Machine) -> None:
    blocks = [block for block in BLOCKS if not DEVELOPERS.search(block)]
    assert blocks[0] == "./kruzhok\n", "the first command is the one that sets it up"
    wrong = []
    for number, block in enumerate(blocks):
        # After the first start nothing needs the network: there is none any more.
        done = newcomer.run(f"cd {CLONE}\n{block}", user=READER, home=HOME, network=number == 0)
        if done.returncode != 0 or (number > 0 and done.stderr):
            wrong.append(f"{block}→ {done.returncode}\n{done.stdout[-500:]}\n{done.stderr[-1500:]}")
    assert wrong == []


@pytest.mark.extended
def test_a_machine_without_venv_is_told_what_to_install(newcomer: Machine, tmp_path: Path) -> None:
    bare = newcomer.on_top(tmp_path / "bare")
    removed = bare.run(f"rm -rf {CLONE}/.venv && dpkg --remove --force-depends python3-venv python3.11-venv")
    assert removed.returncode == 0, removed.stderr
    done = bare.run(f"cd {CLONE} && ./kruzhok", user=READER, home=HOME)
    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
