"""What the operator decides, read once from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

SHIPPED_DATA = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True, slots=True)
class Settings:
    """Kruzhok's folders: ``state`` for its databases, ``data`` for readings, the shipped ones first."""

    state: Path
    data: tuple[Path, ...]


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read ``KRUZHOK_STATE`` and ``KRUZHOK_DATA`` (several folders are joined as in ``PATH``)."""
    state = environment.get("KRUZHOK_STATE")
    further = [part for part in environment.get("KRUZHOK_DATA", "").split(os.pathsep) if part]
    return Settings(
        state=(Path(state).expanduser() if state else user_data_path("kruzhok", appauthor=False)).absolute(),
        data=(SHIPPED_DATA, *(Path(part).expanduser().absolute() for part in further)),
    )
