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
class MatrixSettings:
    """How to reach Matrix.

    Attributes:
        homeserver: The base address of the homeserver, such as ``https://matrix.example.org``.
        user: The bot's account there, as ``@kruzhok:example.org`` or ``kruzhok``.
        password: Its password; empty where there is a token.
        token: An access token; empty where there is a password.
        invites: Whose invitations are accepted: servers and users. None are named: those from the bot's own server.
    """

    homeserver: str
    user: str
    password: str = field(repr=False, default="")
    token: str = field(repr=False, default="")
    invites: tuple[str, ...] = ()


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
    token = _secret(environment, "KRUZHOK_DISCORD_TOKEN")
    if not token:
        return None
    return DiscordSettings(
        token,
        _address(environment, "KRUZHOK_DISCORD_API", ("http", "https")),
        _address(environment, "KRUZHOK_DISCORD_GATEWAY", ("ws", "wss")),
    )


def read_matrix_settings(environment: Mapping[str, str]) -> MatrixSettings | None:
    """Read ``KRUZHOK_MATRIX_HOMESERVER``, ``…_USER``, ``…_PASSWORD`` or ``…_TOKEN`` (or ``…_FILE``) and ``…_INVITES``.

    Returns:
        None where no homeserver is named.

    Raises:
        SettingsError: Something is missing, or the homeserver is no address.
    """
    homeserver = _address(environment, "KRUZHOK_MATRIX_HOMESERVER", ("http", "https"))
    if not homeserver:
        return None
    user = environment.get("KRUZHOK_MATRIX_USER", "").strip()
    if not user:
        raise SettingsError("KRUZHOK_MATRIX_USER is missing. Write the bot's account, like @kruzhok:example.org.")
    password, token = _secret(environment, "KRUZHOK_MATRIX_PASSWORD"), _secret(environment, "KRUZHOK_MATRIX_TOKEN")
    if not (password or token):
        raise SettingsError("KRUZHOK_MATRIX_PASSWORD is missing. Set it, or KRUZHOK_MATRIX_TOKEN.")
    invites = environment.get("KRUZHOK_MATRIX_INVITES", "").replace(",", " ").split()
    return MatrixSettings(homeserver, user, password, token, tuple(invites))


def _secret(environment: Mapping[str, str], name: str) -> str:
    given = environment.get(name, "").strip()
    file = environment.get(f"{name}_FILE", "").strip()
    if given or not file:
        return given
    try:
        given = Path(file).expanduser().read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise SettingsError(f"{name}_FILE names {file}, which cannot be read: {reason}.") from None
    if not given:
        raise SettingsError(f"{name}_FILE names {file}, which is empty. Write it there.")
    return given


def _address(environment: Mapping[str, str], name: str, schemes: tuple[str, ...]) -> str:
    address = environment.get(name, "").strip().rstrip("/")
    if address and address.partition("://")[0] not in schemes:
        raise SettingsError(f"{name} is “{address}”, which is no address. Write it like {schemes[-1]}://example.org.")
    return address
