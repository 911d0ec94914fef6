"""How pip reaches its registry on this machine, to be taken along into a container or another root."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# Where certificates are, by whichever of pip, OpenSSL and requests asks.
_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "PIP_CERT")
_PROXIES = re.compile(r"(https?|no)_proxy", re.IGNORECASE)
# A line of what pip says: from where, what, and its value.
_SAID = re.compile(r"(?P<source>\S+?)\.(?P<name>[\w-]+)='(?P<value>.*)'")


@dataclass(frozen=True, slots=True)
class Registry:
    """What pip is told here.

    Attributes:
        configuration: A whole configuration file, with what the environment says to pip as well.
        folders: What it names on this machine: certificates, folders of packages.
        proxies: The variables that lead through proxies.
    """

    configuration: str
    folders: tuple[Path, ...]
    proxies: dict[str, str]


def registry() -> Registry:
    """Ask pip; the environment comes last in its list, and counts."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, encoding="utf-8", check=True
    )
    said: dict[str, str] = {}
    environment: dict[str, str] = {}
    for line in done.stdout.splitlines():
        if (found := _SAID.fullmatch(line)) is None:
            continue
        of = environment if found["source"].startswith(":env:") else said
        of[found["name"]] = found["value"].replace("\\n", " ")
    said |= environment
    paths = [path for name, value in said.items() for path in _paths(name, value)]
    paths += [path for name in _VARIABLES for path in _paths(name, os.environ.get(name, ""))]
    lines = [f"{name} = {value}" for name, value in said.items()]
    proxies = {name: value for name, value in os.environ.items() if _PROXIES.fullmatch(name)}
    return Registry(
        "\n".join(["[global]", *lines, ""]), tuple(sorted({each for each in paths if each.exists()})), proxies
    )


def _paths(name: str, value: str) -> list[Path]:
    """Return the paths that a value names. An index that is a folder has its packages beside it."""
    words = [word.removeprefix("file://") for word in value.split() if word.startswith(("/", "file:///"))]
    return [Path(word).parent if name.endswith("index-url") else Path(word) for word in words]
