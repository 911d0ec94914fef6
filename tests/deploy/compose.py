"""Reads the compose file, as it stands and with its lines for Matrix."""

import re
from typing import Any

import yaml

from tests.deploy.conftest import ROOT

COMPOSE = ROOT / "deploy/compose.yaml"


def with_matrix() -> str:
    """Return the compose file with its lines for Matrix, uncommented as it says."""
    text, found = re.subn(r"^( *)# (.*) # Matrix$", r"\1\2", COMPOSE.read_text("utf-8"), flags=re.MULTILINE)
    text, more = re.subn(r"^( *)#( +.*) # Matrix$", r"\1 \2", text, flags=re.MULTILINE)
    assert found + more == 6
    return text


def service(text: str) -> dict[str, Any]:  # Any: as YAML has it; the schema is checked elsewhere
    """Return the one service of a compose file."""
    (only,) = yaml.safe_load(text)["services"].values()
    assert isinstance(only, dict)
    return only
