"""Runs the bot on the chat services that are configured, until it is told to stop."""

import asyncio
import logging
import signal
import sys
from collections.abc import Mapping

from bot.app import open_app
from bot.settings import DiscordSettings, SettingsError, read_discord_settings, read_settings

# After BSD's sysexits.h.
STOPPED, UNAVAILABLE, CONFIGURATION = 0, 69, 78
LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
NOTHING = (
    "There is nothing to run: no chat service is configured. For Discord, set KRUZHOK_DISCORD_TOKEN to the bot's "
    "token, or KRUZHOK_DISCORD_TOKEN_FILE to a file with it. To try Kruzhok without an account: ./kruzhok"
)


class Redacting(logging.Formatter):
    """Keeps a token out of the logs, whoever writes it there, tracebacks too."""

    def __init__(self, token: str) -> None:
        super().__init__(LOG_FORMAT)
        self._token = token

    def format(self, record: logging.LogRecord) -> str:
        """Write a record, without the token."""
        return super().format(record).replace(self._token, "[token]")


async def run(environment: Mapping[str, str]) -> int:
    """Run what is configured; returns the exit code.

    Raises:
        DataError: There is no reading without problems.
        StateError: The state database cannot be used.
    """
    discord_settings = _configured(environment)
    if discord_settings is None:
        return CONFIGURATION
    from bot.platforms.discord.serving import CannotServe, serve  # here: terminals do not wait for it

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_app(read_settings(environment)) as app:
        upkeep = asyncio.ensure_future(app.upkeep.run())
        try:
            await serve(app, discord_settings, stop)
        except CannotServe as error:
            return _tell(str(error), CONFIGURATION if error.is_refusal else UNAVAILABLE)
        finally:
            upkeep.cancel()
            await asyncio.gather(upkeep, return_exceptions=True)
    return STOPPED


async def invite(environment: Mapping[str, str]) -> int:
    """Print the links by which people get the bot; returns the exit code."""
    discord_settings = _configured(environment)
    if discord_settings is None:
        return CONFIGURATION
    from bot.platforms.discord.invite import invitation
    from bot.platforms.discord.serving import CannotServe

    try:
        print(await invitation(discord_settings))
    except CannotServe as error:
        return _tell(str(error), CONFIGURATION if error.is_refusal else UNAVAILABLE)
    return STOPPED


def _configured(environment: Mapping[str, str]) -> DiscordSettings | None:
    try:
        found = read_discord_settings(environment)
    except SettingsError as error:
        _tell(str(error), CONFIGURATION)
        return None
    if found is None:
        _tell(NOTHING, CONFIGURATION)
        return None
    _log_to_standard_error(found.token)
    return found


def _log_to_standard_error(token: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(Redacting(token))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # What discord.py tells about voice and each shard is of use to nobody here.
    logging.getLogger("discord").setLevel(logging.WARNING)


def _tell(sentence: str, code: int) -> int:
    print(sentence, file=sys.stderr, flush=True)
    return code
