"""Minimal Debian machines, each a stack of folders, in which commands run as on a machine of their own."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.deploy.registry import Registry

RELEASE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
SECONDS_TO_INSTALL = 600
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# Mounts of a namespace go with its last process, however that ends: nothing of them is left on this machine.
APART = ("unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child")
_MOUNTED = """
set -eu
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$UPPER,workdir=$WORK" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
for carried in $CARRIED; do
    mkdir -p "$(dirname "$ROOT$carried")"
    if [ -d "$carried" ]; then mkdir -p "$ROOT$carried"; else : >>"$ROOT$carried"; fi
    mount --bind -o ro "$carried" "$ROOT$carried"
done
"""
_ENTERED = _MOUNTED + 'exec chroot --userspec="$AS" "$ROOT" env -i $GIVEN sh -e -c "$COMMAND"\n'
# A network of its own has nobody in it.
_ALONE = ("--net",)


def why_not() -> str:
    """Say what keeps this machine from making another; nothing if it can."""
    if os.geteuid() != 0:
        return "a machine of one's own is made by root"
    missing = [tool for tool in ("debootstrap", "unshare", "chroot") if shutil.which(tool) is None]
    if missing:
        return f"{missing[0]} is not installed"
    if not KEYRING.exists():
        return "the keys of Debian's archive are not installed"
    done = subprocess.run([*APART, "true"], capture_output=True, check=False)
    return "" if done.returncode == 0 else "this machine gives no namespace of its own"


@dataclass(frozen=True, slots=True)
class Machine:
    """A root file system: folders over folders, the last on top; what happens in it stays in the last.

    Attributes:
        registry: How pip reaches its packages from there.
    """

    layers: tuple[Path, ...]
    registry: Registry

    @property
    def folder(self) -> Path:
        """Where what is changed is kept."""
        return self.layers[-1]

    def on_top(self, folder: Path) -> "Machine":
        """Make another that begins as this one is."""
        folder.mkdir(parents=True)
        return Machine((*self.layers, folder), self.registry)

    def unconnected(self) -> "Machine":
        """Return this machine without anything of pip's."""
        return replace(self, registry=Registry("", (), self.registry.proxies))

    def install(self, *packages: str) -> None:
        """Install packages of Debian. Nothing of this machine is carried there: it would stand in their way."""
        done = self.unconnected().run(
            f"apt-get update -q && apt-get install -q -y --no-install-recommends {' '.join(packages)}"
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]

    def place(self, path: str) -> Path:
        """Return where to put a file, so that it stands at a path of the machine."""
        place = self.folder / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def read(self, path: str) -> str:
        """Return what was written to a file there; empty if nothing was."""
        place = self.folder / path.lstrip("/")
        return place.read_text("utf-8", errors="replace") if place.exists() else ""

    def run(
        self, command: str, *, user: str = "0:0", home: str = "/root", network: bool = True, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Let a shell run a command there, with an empty environment but for PATH and HOME."""
        with self.mounting(_ENTERED) as (script, variables):
            words = {"HOME": home, "PATH": _PATH, "LANG": "C.UTF-8", **self.registry.proxies}
            listed = " ".join(f"{name}={value}" for name, value in words.items())
            return subprocess.run(
                [*APART, *(() if network else _ALONE), "sh", "-c", script],
                env={**variables, "AS": user, "GIVEN": listed, "COMMAND": command},
                input=given,
                capture_output=True,
                text=True,
                encoding="utf-8",
                timeout=SECONDS_TO_INSTALL,
                check=False,
            )

    @contextmanager
    def mounting(self, script: str = _MOUNTED) -> Iterator[tuple[str, dict[str, str]]]:
        """Give what mounts it, for a shell in a namespace of its own: a script, and the script's variables."""
        if self.registry.configuration:
            self.place("/etc/pip.conf").write_text(self.registry.configuration, "utf-8")
        beside = self.folder.with_name(f"{self.folder.name}.mounted")
        root, work = beside / "root", beside / "work"
        for each in (root, work):
            each.mkdir(parents=True)
        variables = {
            "PATH": os.environ["PATH"],
            "LOWER": ":".join(str(layer) for layer in reversed(self.layers[:-1])),
            "UPPER": str(self.folder),
            "WORK": str(work),
            "ROOT": str(root),
            "CARRIED": " ".join(str(each) for each in outermost(self.registry.folders)),
        }
        try:
            yield script, variables
        finally:
            shutil.rmtree(beside)


def outermost(paths: Sequence[Path]) -> list[Path]:
    """Leave out what lies in another of the folders."""
    return [path for path in paths if not any(other in path.parents for other in paths)]


def debian(folder: Path, registry: Registry) -> Machine:
    """Make a minimal Debian, with an empty folder on top."""
    bottom = folder / RELEASE
    _done(["debootstrap", "--variant=minbase", RELEASE, str(bottom)])
    return Machine((bottom,), registry).on_top(folder / "top")


def _done(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}\n{done.stderr[-2000:]}"


@contextmanager
def made_once(folder: Path, name: str) -> Iterator[tuple[Path, bool]]:
    """Give a folder, and whether it is yet to be filled: several processes of one test run share it."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / f"{name}.done"
        yield folder / name, not done.exists()
        done.touch()
