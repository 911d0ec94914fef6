"""buildah and podman as they work here: with stores of their own, and on a control group that they can live with."""

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SECONDS_TO_BUILD = 600
# buildah copies itself into memory and seals the copy, which Linux refuses now and then on a busy machine.
_BUSY, _ATTEMPTS = "sealing memfd copy: Device or resource busy", 4
# crun refuses machines with control groups of both versions; in a namespace of its own it sees those of the second.
_PLAIN_GROUPS = """
set -eu
if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
    umount -R /sys/fs/cgroup
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
fi
exec "$@"
"""
_APART = ("unshare", "--mount", "--propagation", "private", "sh", "-c", _PLAIN_GROUPS, "sh")
# What a container here cannot have, or need not: limits of processes and memory that the machine does not give.
_AS_IT_MUST_BE = "--cgroups=disabled --no-healthcheck --ulimit nofile=1024:1024 --ulimit nproc=1024:1024".split()


def why_not() -> str:
    """Say what keeps images from being built and run here; nothing if they can be."""
    missing = [tool for tool in ("buildah", "podman", "crun", "unshare") if shutil.which(tool) is None]
    return f"{missing[0]} is not installed" if missing else ""


@dataclass(frozen=True, slots=True)
class Engine:
    """Builds and runs, with everything that it keeps in one folder."""

    folder: Path

    def _stores(self) -> list[str]:
        return [f"--root={self.folder / 'store'}", f"--runroot={self.folder / 'run'}", "--storage-driver=overlay"]

    def buildah(self, *words: str | Path) -> None:
        """Let buildah do something; it must succeed."""
        told = ""
        for _ in range(_ATTEMPTS):
            done = subprocess.run(
                [*_APART, "buildah", *self._stores(), *words],
                env={"PATH": os.environ["PATH"], "HOME": str(self.folder), "BUILDAH_ISOLATION": "chroot"},
                capture_output=True,
                text=True,
                errors="replace",
                timeout=SECONDS_TO_BUILD,
                check=False,
            )
            if done.returncode == 0:
                return
            told = f"{words[0]}: {done.stdout[-3000:]}\n{done.stderr[-3000:]}"
            assert _BUSY in done.stderr, told
        raise AssertionError(told)

    def podman(self, *words: str) -> list[str]:
        """Return the command by which podman does something."""
        options = ["--cgroup-manager=cgroupfs", "--events-backend=none"]
        return [*_APART, "podman", *self._stores(), *options, *words]

    def ran(self, *words: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Let podman do something."""
        return subprocess.run(
            self.podman(*words),
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )


def as_composed(service: dict[str, Any], secrets: Path) -> list[str]:  # Any: as YAML has it
    """Return what podman's run takes for a service of a compose file, and refuse what is not known here.

    Args:
        secrets: The folder in which the secrets' files are.
    """
    options = list(_AS_IT_MUST_BE)
    # Of no meaning for one container that is started by hand, or not to be had on every machine.
    left_out = {"build", "image", "restart", "healthcheck", "logging", "mem_limit", "pids_limit"}
    for name, value in service.items():
        match name:
            case "environment":
                options += [f"--env={key}={each}" for key, each in value.items()]
            case "secrets":
                options += [f"--volume={secrets / each}:/run/secrets/{each}:ro" for each in value]
            case "volumes":
                options += [f"--volume={each}" for each in value]
            case "read_only":
                options += ["--read-only", "--read-only-tmpfs=false"]
            case "tmpfs":
                options += [f"--tmpfs={each}" for each in value]
            case "cap_drop":
                options += [f"--cap-drop={each}" for each in value]
            case "security_opt":
                options += [f"--security-opt={each.removesuffix(':true')}" for each in value]
            case "stop_grace_period":
                options += [f"--stop-timeout={value.removesuffix('s')}"]
            case _ if name not in left_out:
                raise AssertionError(f"{name} of the compose file is not tested")
    return options


def built(engine: Engine, context: Path, base: str, carried: Sequence[Path], configuration: Path) -> str:
    """Build the image on a base of one's own; returns its name."""
    volumes = [f"--volume={path}:{path}:ro" for path in carried]
    engine.buildah(
        *("bud", "--format=docker", "--network=host", "--quiet", f"--build-arg=BASE={base}"),
        *(f"--volume={configuration}:/etc/pip.conf:ro", *volumes),
        *("--tag=localhost/kruzhok", f"--file={context / 'deploy/Containerfile'}", context),
    )
    return "localhost/kruzhok"
