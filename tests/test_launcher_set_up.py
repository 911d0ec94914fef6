"""The launcher where it has been set up before: for the bot, and for those who test and check it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checkout import Checkout, Started, calls, nearly_nothing, new_checkout, new_workshop, simulated, tools


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkout, Started]:
    """A checkout after its first start; copied rather than changed."""
    checkout = new_checkout(tmp_path_factory.mktemp("first"))
    return checkout, checkout.start("ask", "/quote Cheka")


@pytest.fixture
def started_before(first_start: tuple[Checkout, Started], tmp_path: Path) -> Checkout:
    """A checkout of one's own that was started before, elsewhere: its folder has moved since."""
    checkout, _ = first_start
    copy = Checkout(tmp_path / "moved", tmp_path / "wheels")
    shutil.copytree(checkout.root, copy.root, symlinks=True)
    shutil.copytree(checkout.wheels, copy.wheels)
    return copy


def test_the_first_start_sets_up_and_runs_the_bot(first_start: tuple[Checkout, Started]) -> None:
    checkout, started = first_start
    assert started.told["words"] == ["ask", "/quote Cheka"]
    assert started.told["pebble"] == "1.0"
    assert started.err.splitlines() == ["Setting up (once, about a minute) …"]
    assert (checkout.root / ".venv").is_dir()


def test_the_next_start_needs_no_network_and_writes_nothing(started_before: Checkout) -> None:
    (started_before.root / ".venv.lock").unlink()

    def written() -> dict[str, int]:
        paths = (path for path in started_before.root.rglob("*") if "__pycache__" not in path.parts)
        return {str(path): path.lstat().st_mtime_ns for path in paths if path.is_file()}

    before = written()
    started = started_before.start(network=False)
    assert started.told["pebble"] == "1.0"
    assert started.err == ""
    assert written() == before


def test_the_bot_gets_words_typing_folder_and_exit_code_untouched(started_before: Checkout, tmp_path: Path) -> None:
    words = ["ask", "", "/quote “Cheka” --json", "--help", "-m", "naïve\n", "fail"]
    started = started_before.start(*words, folder=tmp_path)
    assert started.code == 3
    assert started.told["words"] == words
    assert started.told["typed"] == "typed"
    assert started.told["folder"] == str(tmp_path)


def test_the_environment_is_passed_on_but_for_the_way_to_the_bot(started_before: Checkout) -> None:
    given = nearly_nothing() | started_before.network
    assert started_before.start().told["environment"] == {**given, "PYTHONPATH": str(started_before.root)}
    kept = started_before.start(PYTHONPATH="elsewhere").told["environment"]
    assert kept == {**given, "PYTHONPATH": f"{started_before.root}{os.pathsep}elsewhere"}


def test_another_bot_in_the_users_folder_or_path_is_not_run(started_before: Checkout, tmp_path: Path) -> None:
    put_rivals(tmp_path)
    assert started_before.start(folder=tmp_path, PYTHONPATH=str(tmp_path)).told["pebble"] == "1.0"


def put_rivals(folder: Path) -> None:
    """Put modules there that must not be taken for the real ones."""
    for name in ("bot", "pip", "venv"):
        (folder / f"{name}.py").write_text("raise SystemExit('the wrong one')")


def test_a_link_to_the_launcher_finds_its_folder(started_before: Checkout, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere"
    link.symlink_to(started_before.root / "kruzhok")
    done = subprocess.run([sys.executable, link], env=nearly_nothing(), input="", capture_output=True, text=True)
    assert json.loads(done.stdout)["pebble"] == "1.0"


@pytest.mark.extended
def test_changed_requirements_are_installed_and_the_old_ones_gone(started_before: Checkout, tmp_path: Path) -> None:
    started_before.require("2.0")
    (started_before.root / ".venv" / "leftover").touch()
    put_rivals(tmp_path)
    started = started_before.start(folder=tmp_path, PYTHONPATH=str(tmp_path))
    assert started.told["pebble"] == "2.0"
    assert started.err.splitlines() == ["Setting up (once, about a minute) …"]
    assert not (started_before.root / ".venv" / "leftover").exists()
    assert started_before.start().err == ""


def would_set_up(checkout: Checkout) -> bool:
    """Whether a start would make the environment; without a venv module it says so instead of running the bot."""
    done = simulated("sys.modules['ensurepip'] = None", checkout.root)
    return done.returncode == 1 and "apt install python3-venv" in done.stderr


def test_an_environment_of_another_python_is_made_anew(started_before: Checkout) -> None:
    assert not would_set_up(started_before)
    stamp = started_before.root / ".venv" / "made-from"
    suffix, python, rest = stamp.read_bytes().split(b"\n", 2)
    assert python == os.fsencode(Path(sys.executable).resolve())
    stamp.write_bytes(b"\n".join((b".cpython-310-x86_64-linux-gnu.so", python, rest)))
    assert would_set_up(started_before)
    stamp.write_bytes(b"\n".join((suffix, python + b"-moved", rest)))
    assert would_set_up(started_before)
    stamp.write_bytes(b"\n".join((suffix, python, rest)))
    assert not would_set_up(started_before)


def test_an_environment_without_its_python_or_stamp_is_made_anew(started_before: Checkout) -> None:
    python, stamp = (started_before.root / ".venv" / path for path in ("bin/python", "made-from"))
    python.rename(python.with_name("lost"))
    assert would_set_up(started_before)
    python.with_name("lost").rename(python)
    assert not would_set_up(started_before)
    stamp.unlink()
    assert would_set_up(started_before)


def test_the_environments_own_python_is_no_other_python(started_before: Checkout) -> None:
    python = started_before.root / ".venv" / "bin" / "python"
    launcher = started_before.root / "kruzhok"
    done = subprocess.run([python, launcher], env=nearly_nothing(), input="", capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def workshop(first_start: tuple[Checkout, Started], tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """A workshop that is set up: its environments are copies of the bot's, as making each takes seconds."""
    made = first_start[0].root / ".venv"
    checkout = new_workshop(tmp_path_factory.mktemp("workshop"))
    *this, _ = (made / "made-from").read_bytes().split(b"\n", 2)
    for name in ("test", "synapse"):
        folder = checkout.root / f".venv-{name}"
        shutil.copytree(made, folder, symlinks=True)
        requirements = (checkout.root / f"requirements-{name}.txt").read_bytes()
        (folder / "made-from").write_bytes(b"\n".join((*this, requirements)))
    (packages,) = checkout.root.glob(".venv-test/[Ll]ib/**/site-packages")
    for path, text in tools().items():
        (packages / path).parent.mkdir(exist_ok=True)
        (packages / path).write_text(text)
    return checkout


def test_test_runs_pytest_without_the_extended_tests_and_with_further_arguments(workshop: Checkout) -> None:
    spread = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile"]
    told = [["pytest", "-m", "not extended", *spread, "-k", "launcher"]]
    assert calls(workshop.start("test", "-k", "launcher")) == told
    extended = [["pytest", "-m", "extended and not element", *spread, "-x"]]
    assert calls(workshop.start("test", "-x", "--extended")) == extended
    assert not (workshop.root / ".venv").exists(), "the tests have an environment of their own"


CHOSEN = ("-n 0", "-n3", "--dist=no", "-p no:xdist", "-pno:xdist", "--pdb", "--trace", "-s", "tests/test_a.py::test_b")


@pytest.mark.parametrize("words", CHOSEN)
def test_whoever_chooses_debugs_or_names_files_gets_what_pytest_makes_of_it(workshop: Checkout, words: str) -> None:
    started = workshop.start("test", *words.split())
    assert calls(started) == [["pytest", "-m", "not extended", *words.split()]]


@pytest.mark.parametrize("command", ["test", "bench"])
def test_where_no_synapse_is_to_be_had_all_else_runs_nevertheless(workshop: Checkout, command: str) -> None:
    locked, lock = workshop.root / "requirements-synapse.txt", workshop.root / ".venv-synapse.lock"
    before = locked.read_text()
    try:
        locked.write_text(f"{before}changed==1.0\n")
        lock.unlink(missing_ok=True)
        lock.mkdir()  # Refused to everybody, root too.
        started = workshop.start(command)
    finally:
        locked.write_text(before)
        lock.rmdir()
    assert started.code == 0
    assert calls(started)
    assert f"could not set itself up in {workshop.root}" in started.err


def test_check_runs_every_check_even_if_one_fails(workshop: Checkout) -> None:
    every = [["ruff", "check"], ["ruff", "format", "--check"], ["mypy"], ["importlinter"]]
    started = workshop.start("check")
    assert (started.code, calls(started)) == (0, every)
    started = workshop.start("check", FAILS="mypy")
    assert (started.code, calls(started)) == (1, every)
    assert started.err.endswith("Failed: mypy --strict.\n")
    assert workshop.start("check", "--fix").code == 2


def test_bench_passes_its_arguments_on(workshop: Checkout) -> None:
    assert calls(workshop.start("bench", "--quick")) == [["bench", "--quick"]]
