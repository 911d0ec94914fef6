"""What bandit and an audit of the packages find: nothing, or something that a reason stands beside."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deploy.audit import COULD_NOT_LOOK, REQUIREMENTS, Audit, audit, read_report
from tests.deploy.conftest import ROOT

# What is not looked for, and why. The rest is excused one by one, by the same mark and reason that ruff takes.
NOT_LOOKED_FOR = {
    "B311": "the dice choose passages, not secrets; ruff is told so for the whole project",
    "B413": "it takes PyCryptodome for PyCrypto, which it took the place of",
    "B404": "importing subprocess runs nothing; where something is run, it is looked at",
    **dict.fromkeys(
        ("B105", "B106", "B107"),
        "passwords in the source are looked for by ruff's S105 to S107, which do not take an empty text for one",
    ),
}
# The launcher starts pip and becomes the bot: pyproject.toml says so for the whole file.
LAUNCHER = {"B603", "B606"}


def findings(*paths: Path) -> list[tuple[str, str, int, str]]:
    """Return what bandit finds: file, number, line, and the source lines that it is about."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bandit",
            "--quiet",
            "--format",
            "json",
            "--skip",
            ",".join(NOT_LOOKED_FOR),
            "-r",
            *paths,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    report = json.loads(done.stdout)
    assert report["errors"] == [], "every file can be read"
    assert report["metrics"]["_totals"]["skipped_tests"] == 0, "nothing is excused but here"
    found = []
    for each in report["results"]:
        file = (ROOT / each["filename"]).resolve()
        lines = file.read_text("utf-8").splitlines()
        about = "\n".join(lines[number - 1] for number in each["line_range"])
        name = str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else file.name
        found.append((name, each["test_id"], each["line_number"], about))
    return found


def excused(file: str, number: str, about: str) -> bool:
    """Whether ruff was told of it too, which goes by the same numbers: B608 is S608."""
    marks = re.findall(r"# noqa: ([\w, ]+)", about)
    is_marked = any(number.replace("B", "S") in mark for mark in marks)
    return is_marked or (file == "kruzhok" and number in LAUNCHER)


@pytest.mark.extended
def test_bandit_finds_nothing_that_no_reason_stands_beside() -> None:
    found = findings(Path("bot"), Path("cogs"), Path("kruzhok"))
    assert len(found) > 5, "it has looked"
    unexplained = [f"{file}:{line} {number}" for file, number, line, about in found if not excused(file, number, about)]
    assert unexplained == []


def test_bandit_finds_what_is_planted(tmp_path: Path) -> None:
    planted = tmp_path / "planted.py"
    planted.write_text('import pickle, os\nos.system("ls " + input())\npickle.loads(b"")\n', "utf-8")
    numbers = {number for file, number, _, about in findings(planted) if not excused(file, number, about)}
    assert {"B301", "B605"} <= numbers


@pytest.mark.extended
def test_no_package_of_the_bot_has_a_known_flaw() -> None:
    found = audit(REQUIREMENTS)
    if not found.has_looked:
        pytest.skip(f"No package was audited for known flaws: {found.says}")
    assert found.flaws == []


def test_an_audit_that_could_not_look_is_told_from_a_clean_one() -> None:
    # Nobody listens at this port: there is no list of known flaws to be had.
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.deploy.audit"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": ""},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (COULD_NOT_LOOK, "")
    assert "No package was audited" in done.stderr


@pytest.mark.parametrize(
    ("report", "flaws"),
    [
        ({"name": "a", "version": "1", "vulns": []}, []),
        ({"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}, ["a 1: X-1, mended in 2"]),
    ],
)
def test_flaws_are_told_by_package(report: dict[str, object], flaws: list[str]) -> None:
    assert read_report(json.dumps({"dependencies": [report], "fixes": []}), 1) == Audit(True, flaws, "")


def test_a_package_that_was_passed_over_was_not_looked_at() -> None:
    skipped = {"name": "b", "skip_reason": "Dependency not found"}
    text = json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": []}, skipped], "fixes": []})
    assert read_report(text, 2) == Audit(False, [], "b was passed over: Dependency not found")
    assert not read_report(text, 3).has_looked


def test_fewer_packages_than_are_locked_are_no_clean_bill() -> None:
    text = json.dumps({"dependencies": [{"name": "a", "version": "1", "vulns": []}], "fixes": []})
    assert not read_report(text, 2).has_looked
