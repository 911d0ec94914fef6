"""The README is true: every command in it is run, and what it says of commands and shapes is so."""

import json
import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from bot.app import App

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
# These run the tests, or everything; .ci/run calls them on a clean clone.
LONG = ("./kruzhok test", "./kruzhok check", "./kruzhok bench", "./kruzhok run")


@pytest.fixture
def clone(tmp_path: Path, shipped_index: Path) -> Path:
    """A folder in which ``./kruzhok`` is this Kruzhok, with this Python and no network, after its first start."""
    folder = tmp_path / "clone"
    (folder / "state").mkdir(parents=True)
    shutil.copy(shipped_index, folder / "state")  # made anew, it would take each block a second; .ci/run's takes it
    script = folder / "kruzhok"
    script.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -P -m bot "$@"\n', encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return folder


def run(block: str, clone: Path) -> subprocess.CompletedProcess[str]:
    """Run a block of commands as a newcomer would, with an almost empty environment."""
    environment = {"PATH": os.environ["PATH"], "KRUZHOK_STATE": str(clone / "state"), "LANG": "C.UTF-8"}
    return subprocess.run(
        ["sh", "-e", "-c", block],
        cwd=clone,
        env=environment,
        input="",
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("block", [block for block in BLOCKS if not block.startswith(LONG)])
def test_every_command_runs_as_written(block: str, clone: Path) -> None:
    done = run(block, clone)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_the_added_reading_is_quoted(clone: Path) -> None:
    (block,) = (block for block in BLOCKS if "looms" in block)
    assert "We stopped the looms on Monday." in run(block, clone).stdout


def test_the_scripted_answer_is_json_with_the_keys_that_are_listed(clone: Path) -> None:
    (block,) = (block for block in BLOCKS if "--jsonl" in block)
    answer = json.loads(run(block, clone).stdout)
    listed = set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| (`.*?`) \|", README, re.MULTILINE))))
    assert set(answer) <= listed
    assert "Cheka" in answer["quotations"][0]["text"]


async def test_every_command_is_in_the_table(app: App) -> None:
    for command in app.commands.all:
        name, *rest = command.name.split()
        assert re.search(rf"^\| .*`/{name}\b", README, re.MULTILINE), command.name
        assert all(f"`{word}`" in README or f"/{name} {word}`" in README for word in rest), command.name


def test_no_figure_is_missing() -> None:
    assert not re.search(r"\b(TUNED|ASIDE|BENCH|PICTURE)\b", README)


def test_every_file_that_it_names_is_there() -> None:
    for link in re.findall(r"\]\(([^)#:]+)\)", README) + re.findall(r'src="([^"]+)"', README):
        assert (ROOT / link).exists(), link
