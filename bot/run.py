"""Runs the bot on the chat services that are configured, until it is told to stop."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from bot import logs
from bot.app import App, open_app
from bot.errors import CannotServe
from bot.services import Service, serve_all
from bot.settings import DiscordSettings, MatrixSettings, read_configuration

# After BSD's sysexits.h.
STOPPED, UNAVAILABLE, CONFIGURATION = 0, 69, 78
NOTHING = (
    "There is nothing to run: no chat service is configured. For Discord, set KRUZHOK_DISCORD_TOKEN to the bot's "
    "token, or KRUZHOK_DISCORD_TOKEN_FILE to a file with it. To try Kruzhok without an account: ./kruzhok"
)


async def run(environment: Mapping[str, str]) -> int:
    """Run what is configured; returns the exit code.

    Raises:
        DataError: There is no reading without problems.
        SettingsError: What is configured cannot be.
        StateError: The state database cannot be used.
    """
    settings = read_configuration(environment)
    if settings.discord is None and settings.matrix is None:
        return _tell(NOTHING, CONFIGURATION)
    logs.begin(settings.log, settings.secrets)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_app(settings.folders) as app, _upkeep(app):
        services = [*_discord(app, settings.discord), *_matrix(app, settings.matrix, settings.folders.state)]
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
    """Print the links by which people get the bot on Discord; returns the exit code.

    Raises:
        SettingsError: What is configured cannot be.
    """
    settings = read_configuration(environment)
    if settings.discord is None:
        return _tell(NOTHING, CONFIGURATION)
    logs.begin(settings.log, settings.secrets)
    from bot.platforms.discord.invite import invitation

    try:
        print(await invitation(settings.discord))
    except CannotServe as error:
        return _tell(str(error), CONFIGURATION if error.is_refusal else UNAVAILABLE)
    return STOPPED


def _tell(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr, flush=True)
    return code
