"""The running bot posts what it missed, once, even if it is killed at it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import discord
import pytest
from aiohttp import web

from bot.recurrence.zones import TZDATA_VERSION
from bot.store.schedules import Schedule, Schedules
from bot.store.state import FILE, open_state
from tests.platforms.discord.loopback import _KRUZHOK, APPLICATION, Loopback, _json, loopback
from tests.platforms.discord.test_run import SECONDS_TO_START, started

CHANNEL = 7
SECONDS_TO_POST = 10
_LOOK_EVERY = 0.02


class Channel:
    """A direct message with the bot.

    Attributes:
        ends_at: At which request the bot is to be killed: ``look``, ``before`` or ``after`` the message is there.
        reached: Set when it is.
    """

    def __init__(self) -> None:
        self.ends_at = ""
        self.reached = asyncio.Event()
        self.messages: list[dict[str, Any]] = []

    async def answer(self, request: web.Request, body: Any) -> web.StreamResponse | None:
        """Answer as Discord does, or not at all; None for what is none of this."""
        if not request.path.startswith("/channels/"):
            return None
        if request.path == f"/channels/{CHANNEL}":
            return _json({"id": str(CHANNEL), "type": 1, "name": "anna"})
        if request.method == "GET":
            await self._hold("look")
            after = int(request.query["after"])
            return _json([each for each in self.messages if int(each["id"]) > after][::-1])
        await self._hold("before")
        number = discord.utils.time_snowflake(datetime.now(UTC)) + len(self.messages)
        author = {"id": str(APPLICATION), **_KRUZHOK}
        self.messages.append({**body, "id": str(number), "author": author, "channel_id": str(CHANNEL)})
        await self._hold("after")
        return _json(self.messages[-1])

    async def _hold(self, moment: str) -> None:
        if self.ends_at == moment:
            self.reached.set()
            await asyncio.Event().wait()


@pytest.fixture
async def served() -> AsyncIterator[Loopback]:
    async with loopback() as here:
        yield here


async def overdue(state: Path) -> None:
    """Leave a schedule that was due ten minutes ago."""
    now = datetime.now(UTC)
    due = (now - timedelta(minutes=10)).replace(second=0, microsecond=0)
    local = due.replace(tzinfo=None)
    async with AsyncExitStack() as stack:
        schedules = Schedules(await open_state(stack, state), TZDATA_VERSION)
        schedule = Schedule(
            id="0123456789abcdef",
            group=f"discord:{CHANNEL}",
            server="",
            number=0,
            what="prompt",
            rule=f"daily {due:%H:%M}",
            zone="UTC",
            start=local.date(),
            handled=local - timedelta(minutes=1),
            next_at=due,
        )
        await schedules.add(schedule, "", now, 1)


def outbox(state: Path) -> list[tuple[str, str]]:
    """Return the state and the message of each occurrence."""
    with closing(sqlite3.connect(state / FILE)) as connection:
        return connection.execute("SELECT state, message FROM occurrence").fetchall()


async def done(state: Path) -> None:
    """Wait until the post is recorded."""
    async with asyncio.timeout(SECONDS_TO_START + SECONDS_TO_POST):
        while [kept for kept, _ in outbox(state)] != ["posted"]:  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(_LOOK_EVERY)


def let_the_lease_end(state: Path) -> None:
    """Make it as late as when nobody holds the occurrence any more."""
    with closing(sqlite3.connect(state / FILE)) as connection, connection:
        connection.execute("UPDATE occurrence SET due_at = 0 WHERE due_at IS NOT NULL")


async def test_what_was_missed_is_posted_when_the_bot_starts_and_says_that_it_is_late(
    state: Path, served: Loopback
) -> None:
    channel = Channel()
    served.others = channel.answer
    await overdue(state)
    async with started(state, "run", **served.environment):
        await done(state)
    (message,) = channel.messages
    assert "Late: planned for" in message["content"]
    assert message["enforce_nonce"]


@pytest.mark.parametrize("moment", ["look", "before", "after"])
async def test_a_kill_loses_and_repeats_nothing(state: Path, served: Loopback, moment: str) -> None:
    channel = Channel()
    channel.ends_at = moment
    served.others = channel.answer
    await overdue(state)
    async with started(state, "run", **served.environment) as process:
        await asyncio.wait_for(channel.reached.wait(), SECONDS_TO_START + SECONDS_TO_POST)
        process.kill()
        await process.wait()
    assert len(channel.messages) == (moment == "after")
    channel.ends_at = ""
    let_the_lease_end(state)
    async with started(state, "run", **served.environment):
        await done(state)
    assert len(channel.messages) == 1
    assert outbox(state) == [("posted", channel.messages[0]["id"])]
