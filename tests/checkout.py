"""Copies of the launcher with a bot or with tools beside them, which it sets up without the network."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

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


def simulated(preparation: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Start by a Python that was changed first."""
    code = f"import sys, runpy; {preparation}; runpy.run_path({str(folder / 'kruzhok')!r}, run_name='__main__')"
    return subprocess.run([sys.executable, "-c", code], env=nearly_nothing(), input="", capture_output=True, text=True)


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


def calls(started: Started) -> list[list[str]]:
    """How the tools were called."""
    return [json.loads(line) for line in started.out.splitlines()]
