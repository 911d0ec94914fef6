"""Runs the bot on the chat services that are configured, until it is told to stop."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from random import Random
from time import monotonic
from typing import TYPE_CHECKING

from bot import logs
from bot.answers import Answers
from bot.app import App, open_app
from bot.errors import CannotServe
from bot.health import NO_METRICS, Health, is_stuck, told
from bot.notify import Notifier, notified
from bot.services import Service, serve_all
from bot.settings import Configuration, DiscordSettings, MatrixSettings, read_configuration
from bot.store.alone import alone

if TYPE_CHECKING:
    from bot.metrics import Metrics

log = logging.getLogger(__name__)

# After BSD's sysexits.h.
STOPPED, UNAVAILABLE, CONFIGURATION = 0, 69, 78
NOTHING = (
    "There is nothing to run: no chat service is configured. For Discord, set KRUZHOK_DISCORD_TOKEN to the bot's "
    "token, or KRUZHOK_DISCORD_TOKEN_FILE to a file with it; for Matrix, KRUZHOK_MATRIX_HOMESERVER, _USER and "
    "_PASSWORD_FILE. To try Kruzhok without an account: ./kruzhok"
)


async def run(environment: Mapping[str, str]) -> int:
    """Run what is configured; returns the exit code.

    Raises:
        DataError: There is no reading without problems.
        SettingsError: What is configured cannot be.
        StateError: The state database cannot be used.
    """
    settings = read_configuration(environment)
    logs.begin(settings.log, settings.secrets)
    if settings.discord is None and settings.matrix is None:
        return _tell(NOTHING, CONFIGURATION, settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    with alone(settings.folders.state):
        refusals, number = await _serve(settings, environment, stop)
    if len(refusals) < number:
        return STOPPED
    return _tell("\n".join(refusals), CONFIGURATION, settings)


async def _serve(settings: Configuration, environment: Mapping[str, str], stop: asyncio.Event) -> tuple[list[str], int]:
    """Serve what is configured, watched over; returns why services refused the bot, and how many there are."""
    metrics = _metrics(settings)
    steps = [metrics.count_step] if metrics else []

    def step(name: str) -> None:
        for each in steps:
            each(name)

    async with AsyncExitStack() as stack:
        opened = open_app(
            settings.folders,
            step=step,
            answers=Answers(metrics.count_answer) if metrics else None,
        )
        app = await stack.enter_async_context(opened)
        await stack.enter_async_context(_upkeep(app))
        if settings.health:
            health = Health(app, await app.standing.latest_post())
            steps.append(health.step)
            await stack.enter_async_context(told(settings.health, health, metrics.write if metrics else None))
        await stack.enter_async_context(_notified(app, environment, stop))
        services = [*_discord(app, settings.discord), *_matrix(app, settings.matrix, settings.folders.state)]
        return await serve_all(services, stop, Random()), len(services)


def _metrics(settings: Configuration) -> "Metrics | None":
    """Begin to count, if somebody may ask for it."""
    if settings.health is None:
        return None
    try:
        from bot.metrics import CountingErrors, Metrics  # here: the package may not be there
    except ModuleNotFoundError as error:
        if error.name != "prometheus_client":
            raise
        log.warning("%s", NO_METRICS)
        return None
    metrics = Metrics()
    logging.getLogger().addHandler(CountingErrors(metrics))
    return metrics


def _notified(app: App, environment: Mapping[str, str], stop: asyncio.Event) -> AbstractAsyncContextManager[None]:
    """Keep systemd informed, if it started the bot."""
    conditions = app.conditions.all
    return notified(
        Notifier(environment),
        stop,
        is_ready=lambda: any(each.is_connected for each in conditions.values()),
        is_stuck=lambda: is_stuck(app, monotonic()),
        status=lambda: (
            "; ".join(f"{name}: {each.why or 'connected'}" for name, each in conditions.items()) or "Starting"
        ),
    )


# A platform is imported where it is served, so that nobody waits for a chat library that is not used.
def _discord(app: App, settings: DiscordSettings | None) -> list[Service]:
    if settings is None:
        return []
    from bot.platforms.discord.serving import serve

    return [Service("Discord", lambda stop: serve(app, settings, stop), app.conditions.of("discord"))]


def _matrix(app: App, settings: MatrixSettings | None, state: Path) -> list[Service]:
    if settings is None:
        return []
    from bot.platforms.matrix.serving import serve

    return [Service("Matrix", lambda stop: serve(app, settings, state, stop), app.conditions.of("matrix"))]


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
    logs.begin(settings.log, settings.secrets)
    if settings.discord is None:
        return _tell(NOTHING, CONFIGURATION, settings)
    from bot.platforms.discord.invite import invitation

    try:
        print(await invitation(settings.discord))
    except CannotServe as error:
        return _tell(str(error), CONFIGURATION if error.is_refusal else UNAVAILABLE, settings)
    return STOPPED


def _tell(sentence: str, code: int, settings: Configuration) -> int:
    """Tell why it ends; where whoever reads standard error expects JSON, as that."""
    if settings.log.form == "json":
        log.critical("%s", sentence)
    else:
        print(sentence, file=sys.stderr, flush=True)
    return code
