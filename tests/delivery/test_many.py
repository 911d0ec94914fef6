"""Many groups at the same minute: in planned order, under the platform's rate, and reported."""

import asyncio
import json
import logging
import time
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.app import App, open_app
from bot.caller import Caller
from bot.features.delivery.clocks import Clocks
from bot.posting import Post, Receipt, Target
from bot.settings import SHIPPED_DATA, Settings
from tests.delivery.client import NAME, ServicePlatform
from tests.delivery.moments import BEGIN, FIRST_DAY

RATE = 22.0


class Time:
    """Time that passes only while the loop waits for it, and no rest ends before what is under way."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.under_way: set[str] = set()

    def now(self) -> datetime:
        """Return what time it is."""
        return BEGIN + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Let so much time pass, and others work."""
        while seconds > 1 and self.under_way:  # noqa: ASYNC110 - a set wakes nobody
            await asyncio.sleep(0.001)
        self.seconds += seconds
        await asyncio.sleep(0)


class Noted(ServicePlatform):
    """Notes what is posted when; nothing goes over a network."""

    def __init__(self, passing: Time) -> None:
        self.name = NAME
        self.posts_a_second = RATE
        self.posted: list[tuple[float, str]] = []
        self._passing = passing

    async def post(self, target: Target, post: Post, key: str) -> Receipt:
        """Note a post."""
        self.posted.append((self._passing.seconds, target.channel))
        return Receipt(target.channel, key)

    async def find(self, target: Target, key: str, since: datetime) -> Receipt | None:
        """Find nothing."""
        return None

    async def results(self, receipt: Receipt) -> str:
        """Return nothing: there are no polls."""
        return ""

    async def open_thread(self, target: Target, receipt: Receipt, post: Post) -> str:
        """Open a thread."""
        return f"t{receipt.message}"


async def prepared(app: App, groups: int) -> None:
    """Give many groups schedules, within two minutes: those of the second are added first."""
    for number in range(groups):
        minute = 1 - 2 * number // groups
        caller = Caller(f"{NAME}:1", f"{NAME}:{number}", is_moderator=True)
        await app.commands.answer(caller, f"/schedule add quote daily 08:0{minute}")


@pytest.mark.extended
@pytest.mark.parametrize("groups", [200, 10_000])
async def test_many_groups_are_spread_in_planned_order(
    state: Path, caplog: pytest.LogCaptureFixture, groups: int, record_property: Any
) -> None:
    caplog.set_level(logging.INFO)
    passing = Time()
    clocks = Clocks(passing.now, passing.monotonic, passing.sleep)
    async with open_app(Settings(state, (SHIPPED_DATA,)), clocks=clocks, random=Random(1)) as app:
        platform = Noted(passing)
        app.places.add(platform)
        await prepared(app, groups)
        passing.under_way = app.delivery._under_way
        due = (FIRST_DAY - BEGIN).total_seconds()
        passing.seconds = due - 5
        cpu, real = time.process_time(), time.monotonic()
        running = asyncio.create_task(app.delivery.run(platform))
        async with asyncio.timeout(60 + groups / 50):
            while len(platform.posted) < groups:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.005)
        cpu, real = time.process_time() - cpu, time.monotonic() - real
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert len({channel for _, channel in platform.posted}) == len(platform.posted) == groups
    waited = [at - due for at, _ in platform.posted]
    assert waited == sorted(waited)
    first = {str(number) for number in range(groups // 2, groups)}
    assert {channel for _, channel in platform.posted[: groups // 2]} == first, "what is planned first comes first"
    for begin in range(int(waited[-1])):
        assert sum(begin <= at < begin + 1 for at in waited) <= RATE + 1
    told = [line for line in caplog.messages if "posts are due" in line]
    assert f"{groups // 2} posts are due on fake; the last goes out in about {groups / 2 / RATE:.0f} s" in told
    figures = {"groups": groups, "last after s": round(waited[-1], 1), "CPU s": round(cpu, 2), "real s": round(real, 2)}
    print(json.dumps(figures | {"said": told}))
    record_property("figures", figures)
    assert waited[-1] <= groups / RATE * 1.1 + 65
    assert cpu / groups < 1 / RATE / 2, "it can keep up with its own rate"
