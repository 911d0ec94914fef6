"""Runs the bot on the chat services that are configured, until it is told to stop."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from bot.app import App, open_app
from bot.errors import CannotServe
from bot.services import Service, serve_all
from bot.settings import (
    DiscordSettings,
    MatrixSettings,
    SettingsError,
    read_discord_settings,
    read_matrix_settings,
    read_settings,
)

# After BSD's sysexits.h.
STOPPED, UNAVAILABLE, CONFIGURATION = 0, 69, 78
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
NOTHING = (
    "There is nothing to run: no chat service is configured. For Discord, set KRUZHOK_DISCORD_TOKEN to the bot's "
    "token, or KRUZHOK_DISCORD_TOKEN_FILE to a file with it. To try Kruzhok without an account: ./kruzhok"
)


class Redacting(logging.Formatter):
    """Keeps secrets out of the logs, whoever writes them there, tracebacks too."""

    def __init__(self, *secrets: str) -> None:
        super().__init__(LOG_FORMAT)
        self._secrets = [each for each in secrets if each]

    def format(self, record: logging.LogRecord) -> str:
        """Write a record, without the secrets."""
        written = super().format(record)
        for each in self._secrets:
            written = written.replace(each, "[token]")
        return written


async def run(environment: Mapping[str, str]) -> int:
    """Run what is configured; returns the exit code.

    Raises:
        DataError: There is no reading without problems.
        StateError: The state database cannot be used.
    """
    try:
        settings = read_settings(environment)
        discord, matrix = read_discord_settings(environment), read_matrix_settings(environment)
    except SettingsError as error:
        return _tell(str(error), CONFIGURATION)
    if discord is None and matrix is None:
        return _tell(NOTHING, CONFIGURATION)
    _log_to_standard_error(
        discord.token if discord else "", matrix.password if matrix else "", matrix.token if matrix else ""
    )
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_app(settings) as app, _upkeep(app):
        services = [*_discord(app, discord), *_matrix(app, matrix, settings.state)]
        refusals = await serve_all(services, stop, Random())
    if len(refusals) < len(services):
        return STOPPED
    return _tell("\n".join(refusals), CONFIGURATION)


# A platform is imported where it is served, so that nobody waits for a chat library that is not used.
def _discord(app: App, settings: DiscordSettings | None) -> list[Service]:
    if settings is None:
        return []
    from bot.platforms.discord.serving import serve

    return [Service("Discord", lambda stop: serve(app, settings, stop))]


def _matrix(app: App, settings: MatrixSettings | None, state: Path) -> list[Service]:
    if settings is None:
        return []
    from bot.platforms.matrix.serving import serve

    return [Service("Matrix", lambda stop: serve(app, settings, state, stop))]


@asynccontextmanager
async def _upkeep(app: App) -> AsyncIterator[None]:
    """Forget every day what is not to be kept."""
    upkeep = asyncio.ensure_future(app.upkeep.run())
    try:
        yield
    finally:
        upkeep.cancel()
        await asyncio.gather(upkeep, return_exceptions=True)


async def invite(environment: Mapping[str, str]) -> int:
    """Print the links by which people get the bot on Discord; returns the exit code."""
    try:
        found = read_discord_settings(environment)
    except SettingsError as error:
        return _tell(str(error), CONFIGURATION)
    if found is None:
        return _tell(NOTHING, CONFIGURATION)
    _log_to_standard_error(found.token)
    from bot.platforms.discord.invite import invitation

    try:
        print(await invitation(found))
    except CannotServe as error:
        return _tell(str(error), CONFIGURATION if error.is_refusal else UNAVAILABLE)
    return STOPPED


def _log_to_standard_error(*secrets: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(Redacting(*secrets))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # What discord.py tells about voice and each shard is of use to nobody here.
    logging.getLogger("discord").setLevel(logging.WARNING)


def _tell(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr, flush=True)
    return code
