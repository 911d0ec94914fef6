"""What the operator decides, read once from the environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_data_path

SHIPPED_DATA = Path(__file__).resolve().parent.parent / "data"


class SettingsError(Exception):
    """What the operator decided cannot be done; the message says what is wrong and how to put it right."""


@dataclass(frozen=True, slots=True)
class DiscordSettings:
    """How to reach Discord: ``api`` and ``gateway`` are the addresses of proxies to use in its place, if any."""

    token: str = field(repr=False)
    api: str = ""
    gateway: str = ""


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


def read_discord_settings(environment: Mapping[str, str]) -> DiscordSettings | None:
    """Read ``KRUZHOK_DISCORD_TOKEN`` or ``…_TOKEN_FILE``, ``…_API`` and ``…_GATEWAY``; None without a token.

    Raises:
        SettingsError: The file cannot be read, or an address is none.
    """
    token = environment.get("KRUZHOK_DISCORD_TOKEN", "").strip()
    file = environment.get("KRUZHOK_DISCORD_TOKEN_FILE", "").strip()
    if not token and file:
        try:
            token = Path(file).expanduser().read_text("utf-8").strip()
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SettingsError(f"KRUZHOK_DISCORD_TOKEN_FILE names {file}, which cannot be read: {reason}.") from None
        if not token:
            raise SettingsError(
                f"KRUZHOK_DISCORD_TOKEN_FILE names {file}, which is empty. Write the bot's token there."
            )
    if not token:
        return None
    return DiscordSettings(
        token,
        _address(environment, "KRUZHOK_DISCORD_API", ("http", "https")),
        _address(environment, "KRUZHOK_DISCORD_GATEWAY", ("ws", "wss")),
    )


def _address(environment: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
    address = environment.get(name, "").strip().rstrip("/")
    if address and address.partition("://")[0] not in schemes:
        raise SettingsError(f"{name} is “{address}”, which is no address. Write it like {schemes[-1]}://example.org.")
    return address
