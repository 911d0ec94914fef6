"""Finds the state folder, also where something else that the operator decided cannot be."""

from collections.abc import Mapping
from pathlib import Path

from bot.settings import SettingsError, read_configuration


def state_of(environment: Mapping[str, str]) -> Path:
    """Return the state folder.

    Raises:
        SettingsError: The settings have problems, and no ``KRUZHOK_STATE`` leaves no doubt about the folder.
    """
    try:
        return read_configuration(environment).folders.state
    except SettingsError:
        said = environment.get("KRUZHOK_STATE", "").strip()
        if not said:
            raise
        return Path(said).expanduser().absolute()
