"""What the operator decides, read once: every setting that there is, and the values that are made of what was said."""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path

from bot.sources import Known, Said, Word, gather, shown

SHIPPED_DATA = Path(__file__).resolve().parent.parent / "data"
FILE = "settings.toml"
# Read by the tests, and by nobody else.
TESTS_OWN = ("KRUZHOK_DISCORD_SPEC",)
KNOWN = (
    Known("KRUZHOK_SETTINGS", "", "the file with settings", f"{FILE} in the state folder, if it is there"),
    Known("KRUZHOK_STATE", "folders.state", "the folder for databases", "the system's folder for application data"),
    Known(
        "KRUZHOK_DATA", "folders.data", "further folders of readings; in the environment joined as in PATH", kind="list"
    ),
    Known("KRUZHOK_DISCORD_TOKEN", "discord.token", "the bot's token on Discord", kind="secret"),
    Known("KRUZHOK_DISCORD_API", "discord.api", "a proxy's address, in the place of Discord's REST"),
    Known("KRUZHOK_DISCORD_GATEWAY", "discord.gateway", "a proxy's address, in the place of Discord's gateway"),
    Known(
        "KRUZHOK_MATRIX_HOMESERVER", "matrix.homeserver", "the homeserver's address, like https://matrix.example.org"
    ),
    Known("KRUZHOK_MATRIX_USER", "matrix.user", "the bot's account there, like @kruzhok:example.org"),
    Known("KRUZHOK_MATRIX_PASSWORD", "matrix.password", "its password", kind="secret"),
    Known("KRUZHOK_MATRIX_TOKEN", "matrix.token", "an access token, in the password's place", kind="secret"),
    Known(
        "KRUZHOK_MATRIX_INVITES",
        "matrix.invites",
        "servers and users whose invitations are accepted; in the environment separated by commas",
        "the bot's own server",
        kind="list",
    ),
    Known("KRUZHOK_LOG", "log.format", "how the log is written: text, or json for one object a line", "text"),
    Known("KRUZHOK_LOG_LEVEL", "log.level", "what is logged: debug, info, warning or error, and what is worse", "info"),
    Known("KRUZHOK_HEALTH", "health.address", "where /healthz and /metrics are served, like 127.0.0.1:8008", "nowhere"),
    Known(
        "KRUZHOK_HEALTH_OPEN",
        "health.open",
        "whether that may be an address that other machines can reach: yes or no (true or false)",
        "no",
        kind="switch",
    ),
)
_LEVELS = ("debug", "info", "warning", "error")
_SWITCH = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
_MOST_PROBLEMS = 30
_LOCALPART = re.compile(r"[a-zA-Z0-9._=/+-]{1,255}")
_USER = re.compile(r"@[^\s:]{1,255}:[\w.\[\]:-]{1,255}")
_SERVER = re.compile(r"[\w.\[\]:-]{1,255}")
_HIGHEST_PORT = 65_535


class SettingsError(Exception):
    """What the operator decided cannot be done.

    Attributes:
        problems: What is wrong and how to put it right, a sentence each; the message has one a line.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        more = len(problems) - _MOST_PROBLEMS
        super().__init__("\n".join([*problems[:_MOST_PROBLEMS], *([f"… and {more} more."] if more > 0 else [])]))


@dataclass(frozen=True, slots=True)
class Settings:
    """Kruzhok's folders: ``state`` for its databases, ``data`` for readings, the shipped ones first."""

    state: Path
    data: tuple[Path, ...]


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
        password: Its password; empty where there is only a token.
        token: An access token; empty where there is only a password.
        invites: Whose invitations are accepted: servers and users. None are named: those from the bot's own server.
    """

    homeserver: str
    user: str
    password: str = field(repr=False, default="")
    token: str = field(repr=False, default="")
    invites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How the log is written, and from which level on."""

    form: Literal["text", "json"] = "text"
    level: str = "info"


@dataclass(frozen=True, slots=True)
class HealthSettings:
    """Where the running bot can be asked how it is."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Configuration:
    """Everything that the operator decides; a chat service without settings is not served.

    Attributes:
        file: The settings file, if there is one.
    """

    folders: Settings
    discord: DiscordSettings | None = None
    matrix: MatrixSettings | None = None
    log: LogSettings = LogSettings()
    health: HealthSettings | None = None
    file: Path | None = None

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every secret; none of them may be shown anywhere."""
        discord = (self.discord.token,) if self.discord else ()
        matrix = (self.matrix.password, self.matrix.token) if self.matrix else ()
        return tuple(each for each in (*discord, *matrix) if each)


def read_configuration(environment: Mapping[str, str]) -> Configuration:
    """Read what the operator decided: from the environment, and from the settings file what it does not say.

    Raises:
        SettingsError: Something of it cannot be; says everything that is wrong.
    """
    named = environment.get("KRUZHOK_SETTINGS", "").strip()
    usual = state_folder(environment.get("KRUZHOK_STATE", "").strip()) / FILE
    file = Path(named).expanduser().absolute() if named else usual if os.path.lexists(usual) else None
    said = gather(environment, KNOWN, TESTS_OWN, file)
    reader = _Reader(said)
    configuration = Configuration(
        folders=reader.folders(),
        discord=reader.discord(),
        matrix=reader.matrix(),
        log=reader.log(),
        health=reader.health(),
        file=file,
    )
    if said.problems:
        raise SettingsError(said.problems)
    return configuration


def state_folder(said: str) -> Path:
    """Return the state folder: the one that was said, or else the system's folder for application data."""
    return (Path(said).expanduser() if said else user_data_path("kruzhok", appauthor=False)).absolute()


class _Reader:
    """Makes values of what was said; what cannot be one is added to the problems, and left empty."""

    def __init__(self, said: Said) -> None:
        self._words = said.words
        self._problems = said.problems

    def folders(self) -> Settings:
        state, data = self._words.get("KRUZHOK_STATE"), self._words.get("KRUZHOK_DATA")
        further = [data.path(part) for each in data.parts for part in _joined(data, each)] if data else []
        return Settings(state.path(state.text) if state else state_folder(""), (SHIPPED_DATA, *further))

    def discord(self) -> DiscordSettings | None:
        token = self._secret("KRUZHOK_DISCORD_TOKEN")
        api = self._address("KRUZHOK_DISCORD_API", ("http", "https"))
        gateway = self._address("KRUZHOK_DISCORD_GATEWAY", ("ws", "wss"))
        if not self._is_about("KRUZHOK_DISCORD"):
            return None
        self._demand("KRUZHOK_DISCORD_TOKEN", "the bot's token")
        return DiscordSettings(token, api, gateway)

    def matrix(self) -> MatrixSettings | None:
        settings = MatrixSettings(
            self._address("KRUZHOK_MATRIX_HOMESERVER", ("http", "https")),
            self._matching(
                "KRUZHOK_MATRIX_USER", (_LOCALPART, _USER), "no account. Write it like @kruzhok:example.org"
            ),
            self._secret("KRUZHOK_MATRIX_PASSWORD", can_have_spaces=True),
            self._secret("KRUZHOK_MATRIX_TOKEN"),
            self._invites(),
        )
        if not self._is_about("KRUZHOK_MATRIX"):
            return None
        self._demand("KRUZHOK_MATRIX_HOMESERVER", "the homeserver's address")
        self._demand("KRUZHOK_MATRIX_USER", "the bot's account")
        if "KRUZHOK_MATRIX_TOKEN" not in self._words:
            self._demand("KRUZHOK_MATRIX_PASSWORD", "the account's password (or KRUZHOK_MATRIX_TOKEN)")
        return settings

    def log(self) -> LogSettings:
        form = self._one_of("KRUZHOK_LOG", ("text", "json"))
        return LogSettings("json" if form == "json" else "text", self._one_of("KRUZHOK_LOG_LEVEL", _LEVELS) or "info")

    def health(self) -> HealthSettings | None:
        may_be_open = _SWITCH.get(self._one_of("KRUZHOK_HEALTH_OPEN", tuple(_SWITCH)), False)
        word = self._words.get("KRUZHOK_HEALTH")
        if word is None:
            return None
        host, _, port = word.text.rpartition(":")
        host = host.removeprefix("[").removesuffix("]") or "127.0.0.1"
        if not (
            port.isascii() and port.isdigit() and 0 < int(port[:9]) <= _HIGHEST_PORT and not set(host) & set(" /@")
        ):
            self._wrong(word, "no address. Write it like 127.0.0.1:8008")
            return None
        if not may_be_open and not _is_loopback(host):
            self._problems.append(
                f"{word.where} is “{shown(word.text)}”, which other machines may reach. "
                f"Write 127.0.0.1:{int(port)}, or if they are to reach it, set KRUZHOK_HEALTH_OPEN to yes."
            )
        return HealthSettings(host, int(port))

    def _is_about(self, service: str) -> bool:
        return any(name.startswith(service) for name in self._words)

    def _demand(self, name: str, what: str) -> None:
        if name not in self._words:
            self._problems.append(f"{name} is missing. Set it to {what}.")

    def _wrong(self, word: Word, what: str) -> None:
        self._problems.append(f"{word.where} is “{shown(word.text)}”, which is {what}.")

    def _secret(self, name: str, can_have_spaces: bool = False) -> str:
        word = self._words.get(name)
        secret = word.text if word else ""
        if word and (not secret.isprintable() or (" " in secret and not can_have_spaces)):
            self._problems.append(f"{word.where} is more than one word. Write only the secret there.")
        return secret

    def _address(self, name: str, schemes: tuple[str, ...]) -> str:
        word = self._words.get(name)
        if word is None:
            return ""
        address = word.text.rstrip("/")
        try:
            parts = urlsplit(address)
            is_address = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0 and address.isprintable()
        except ValueError:
            is_address = False
        else:
            if parts.username or parts.password:
                self._problems.append(
                    f"{word.where} has a user or a password in it. Write it like {schemes[-1]}://example.org."
                )
                return ""
        if not is_address or " " in address:
            self._wrong(word, f"no address. Write it like {schemes[-1]}://example.org")
        return address

    def _matching(self, name: str, patterns: Sequence[re.Pattern[str]], what: str) -> str:
        word = self._words.get(name)
        if word and not any(each.fullmatch(word.text) for each in patterns):
            self._wrong(word, what)
        return word.text if word else ""

    def _invites(self) -> tuple[str, ...]:
        word = self._words.get("KRUZHOK_MATRIX_INVITES")
        if word is None:
            return ()
        parts = word.text.replace(",", " ").split()
        for part in [each for each in parts if not (_USER.fullmatch(each) or _SERVER.fullmatch(each))]:
            what = "neither a server like example.org nor a user like @anna:example.org"
            self._problems.append(f"{word.where} has “{shown(part)}”, which is {what}.")
        return tuple(parts)

    def _one_of(self, name: str, values: Sequence[str]) -> str:
        word = self._words.get(name)
        if word is None:
            return ""
        if word.text.casefold() not in values:
            self._wrong(word, f"none of {', '.join(values)}")
        return word.text.casefold()


def _joined(word: Word, part: str) -> list[str]:
    """Return the folders in one part: in the environment there may be several, joined as in ``PATH``."""
    return [each for each in part.split(os.pathsep) if each] if word.where.startswith("KRUZHOK_") else [part]


def _is_loopback(host: str) -> bool:
    from ipaddress import ip_address

    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
