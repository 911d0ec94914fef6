"""The launcher: what it makes, when it makes it anew, and what it says when it cannot."""

import ast
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LAUNCHER = ROOT / "kruzhok"

# A bot that only tells how it was started, and with which version of its one requirement.
BOT = """\
import json, os, sys
import pebble
print(json.dumps({
    "words": sys.argv[1:], "folder": os.getcwd(), "environment": dict(os.environ),
    "pebble": pebble.VERSION, "typed": sys.stdin.read(),
}))
sys.exit(3 if "fail" in sys.argv else 0)
"""

# Stands in for a tool: tells how it was called, and fails when told to.
TOOL = """\
import json, os, sys
print(json.dumps([{name!r}, *sys.argv[1:]]), flush=True)
def lint_imports_command(): pass
if os.environ.get("FAILS") == {name!r}: sys.exit(1)
"""


@dataclass(frozen=True)
class Started:
    """What came of a start."""

    code: int
    out: str
    err: str

    @property
    def told(self) -> dict[str, object]:
        """What the bot told of how it was started."""
        assert self.code in (0, 3), self.err
        told = json.loads(self.out)
        assert isinstance(told, dict)
        return told


@dataclass(frozen=True)
class Checkout:
    """A copy of the launcher with a bot beside it, and a folder of wheels that is all of the network there is."""

    root: Path
    wheels: Path

    @property
    def network(self) -> dict[str, str]:
        """Where pip finds the wheels."""
        return {"PIP_FIND_LINKS": str(self.wheels)}

    def start(self, *words: str, network: bool = True, folder: Path | None = None, **variables: str) -> Started:
        """Start it to the end, in a nearly empty environment."""
        with self.starting(*words, network=network, folder=folder, **variables) as process:
            out, err = process.communicate("typed")
        return Started(process.returncode, out, err)

    def starting(
        self, *words: str, network: bool = True, folder: Path | None = None, **variables: str
    ) -> subprocess.Popen[str]:
        """Start it, and do not wait."""
        return subprocess.Popen(
            [sys.executable, str(self.root / "kruzhok"), *words],
            cwd=folder or self.root,
            env=nearly_nothing() | (self.network if network else {}) | variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def require(self, version: str) -> None:
        """Let the bot require that version of pebble."""
        line = add_wheel(self.wheels, "pebble", version, {"pebble.py": f"VERSION = {version!r}\n"})
        (self.root / "requirements.txt").write_text(line)


def nearly_nothing() -> dict[str, str]:
    """An environment without HOME, in which pip reads no settings of this machine and reaches no network."""
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1"}


def add_wheel(folder: Path, name: str, version: str, modules: Mapping[str, str]) -> str:
    """Make a wheel by hand, and give its line for a requirement file."""
    info = f"{name}-{version}.dist-info"
    files = {
        **modules,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


def new_checkout(folder: Path) -> Checkout:
    """A checkout that nobody has started yet, in a folder with a name that needs care."""
    checkout = Checkout(folder / "a circle’s folder", folder / "wheels")
    (checkout.root / "bot").mkdir(parents=True)
    checkout.wheels.mkdir()
    shutil.copy(LAUNCHER, checkout.root)
    (checkout.root / "bot" / "__init__.py").touch()
    (checkout.root / "bot" / "__main__.py").write_text(BOT)
    checkout.require("1.0")
    return checkout


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


def simulated(preparation: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Start by a Python that was changed first."""
    code = f"import sys, runpy; {preparation}; runpy.run_path({str(folder / 'kruzhok')!r}, run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], env=nearly_nothing(), input="", capture_output=True, text=True)


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


def new_workshop(folder: Path) -> Checkout:
    """A checkout whose tools tell how they are called, and which nobody has started yet."""
    checkout = new_checkout(folder)
    line = add_wheel(checkout.wheels, "tools", "1.0", tools())
    (checkout.root / "requirements-test.txt").write_text(line)
    line = add_wheel(checkout.wheels, "synapse", "1.0", {"synapse.py": ""})
    (checkout.root / "requirements-synapse.txt").write_text(line)
    (checkout.root / "tests").mkdir()
    (checkout.root / "tests" / "bench.py").write_text(TOOL.format(name="bench"))
    return checkout


def tools() -> dict[str, str]:
    """Give the modules of the tools."""
    named = {"pytest": "pytest.py", "ruff": "ruff.py", "mypy": "mypy.py", "importlinter": "importlinter/cli.py"}
    return {path: TOOL.format(name=name) for name, path in named.items()}


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


def calls(started: Started) -> list[list[str]]:
    """How the tools were called."""
    return [json.loads(line) for line in started.out.splitlines()]


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


def test_the_environments_that_the_launcher_makes_are_ignored() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    for name in re.findall(r'environment\("(.+?)"', LAUNCHER.read_text(encoding="utf-8")):
        assert {f"/{name}/", f"/{name}.lock"} <= set(ignored)


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
