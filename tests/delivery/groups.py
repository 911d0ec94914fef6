"""The groups of a trial, and what moderators type in them."""

import asyncio
import shutil
from collections.abc import Iterable
from pathlib import Path

import aiohttp

from bot.app import open_app
from bot.caller import Caller
from bot.reply import Reply
from bot.settings import SHIPPED_DATA, Settings
from tests.delivery.client import NAME, ServicePlatform
from tests.delivery.clock import SharedClock
from tests.delivery.moments import BEGIN


def group(number: int) -> str:
    """Return the name of a trial's group."""
    return f"{NAME}:g{number}"


def typed(state: Path, clock: SharedClock, lines: Iterable[tuple[str, str]]) -> list[Reply]:
    """Give moderators' commands: (group, line); from this process, beside whatever else uses the database."""

    async def give() -> list[Reply]:
        settings = Settings(state, (SHIPPED_DATA,))
        async with open_app(settings, now=clock.now) as app, aiohttp.ClientSession() as session:
            app.places.add(ServicePlatform(session, ""))
            callers = [(Caller(f"{NAME}:1", where, is_moderator=True), line) for where, line in lines]
            return [await app.commands.answer(caller, line) for caller, line in callers]

    return asyncio.run(give())


def prepare(folder: Path, index: Path, groups: int) -> None:
    """Make a state folder in which each group has a daily prompt at 08:00 UTC."""
    state = folder / "state"
    state.mkdir(parents=True)
    shutil.copy(index, state)
    clock = SharedClock(folder / "setting-up")
    clock.set(BEGIN)
    typed(state, clock, [(group(number), "/schedule add prompt daily 08:00") for number in range(groups)])
