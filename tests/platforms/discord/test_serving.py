"""While the bot serves, it delivers: a stop lets a post be finished, and neither of the two takes the other down."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from bot.app import App
from bot.platforms.discord import serving
from bot.posting import Platform
from bot.settings import read_configuration
from tests.platforms.discord.loopback import Loopback, loopback
from tests.platforms.discord.test_run import PROMISED, SECONDS_TO_START, SECONDS_TO_STOP, ended, started
from tests.platforms.discord.test_run_delivery import (
    SECONDS_TO_POST,
    Channel,
    done,
    let_the_lease_end,
    outbox,
    overdue,
)


class SlowChannel(Channel):
    """A channel whose answer to a post is held back until it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.ends_at = "after"
        self.released = asyncio.Event()

    async def _hold(self, moment: str) -> None:
        if moment == self.ends_at:
            self.reached.set()
            await self.released.wait()


@pytest.fixture
async def served() -> AsyncIterator[Loopback]:
    async with loopback() as here:
        yield here


async def test_a_stop_lets_a_post_be_finished(state: Path, served: Loopback) -> None:
    channel = SlowChannel()
    served.others = channel.answer
    await overdue(state)
    async with started(state, "run", **served.environment) as process:
        await asyncio.wait_for(channel.reached.wait(), SECONDS_TO_START + SECONDS_TO_POST)
        process.send_signal(signal.SIGTERM)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.wait(), 0.5)
        channel.released.set()
        code, _, err = await ended(process)
    assert (code, err) == (0, "")
    assert outbox(state) == [("posted", channel.messages[0]["id"])]


async def test_a_post_that_cannot_be_finished_does_not_keep_it_and_is_found_again(
    state: Path, served: Loopback
) -> None:
    channel = SlowChannel()
    served.others = channel.answer
    await overdue(state)
    async with started(state, "run", **served.environment) as process:
        await asyncio.wait_for(channel.reached.wait(), SECONDS_TO_START + SECONDS_TO_POST)
        stopped = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, _, err = await ended(process)
        assert time.monotonic() - stopped < PROMISED
    assert code == 0
    assert "some posts were not finished" in err
    channel.released.set()
    let_the_lease_end(state)
    async with started(state, "run", **served.environment):
        await done(state)
    assert len(channel.messages) == 1


@pytest.fixture
def as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let other tests find discord.py as it was; serving points it somewhere else, in the whole process."""
    monkeypatch.setattr(Route, "BASE", Route.BASE)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", DiscordWebSocket.DEFAULT_GATEWAY)
    monkeypatch.setattr(DiscordWebSocket, "gateway", None, raising=False)
    monkeypatch.setattr(HTTPClient, "get_bot_gateway", HTTPClient.get_bot_gateway)


@pytest.mark.goes_wrong
@pytest.mark.usefixtures("as_before")
async def test_deliveries_that_end_take_no_answer_with_them_and_begin_again(
    app: App, served: Loopback, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun = asyncio.Queue[int]()

    async def run(platform: Platform, ending: asyncio.Event) -> None:
        begun.put_nowait(1)
        raise RuntimeError("a bug in deliveries")

    monkeypatch.setattr(serving, "_AGAIN_SECONDS", 0.01)
    monkeypatch.setattr(type(app.delivery), "run", lambda self, platform, ending: run(platform, ending))
    settings = read_configuration(served.environment).discord
    assert settings is not None
    stop = asyncio.Event()
    running = asyncio.ensure_future(serving.serve(app, settings, stop))
    async with asyncio.timeout(SECONDS_TO_START):
        await begun.get()
        await begun.get()
        await served.slash("contents")
        _, answer = await served.answered.get()
    assert "Criticisms of the Bolsheviks" in str(answer)
    assert "a bug in deliveries" in caplog.text
    stop.set()
    async with asyncio.timeout(SECONDS_TO_STOP):
        await running


async def test_it_stops_at_once_while_nothing_is_done(state: Path, served: Loopback) -> None:
    async with started(state, "run", **served.environment) as process:
        await asyncio.wait_for(served.ready.wait(), SECONDS_TO_START)
        await served.slash("contents")
        await asyncio.wait_for(served.answered.get(), SECONDS_TO_START)
        stopped = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert await ended(process) == (0, "", "")
    assert time.monotonic() - stopped < 2
