"""The bot's delivery as a process: its time is the test's, and it kills or stops itself where it is told to."""

import asyncio
import json
import logging
import math
import os
import selectors
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.app import App, open_app
from bot.features.delivery import attempts, rounds
from bot.features.delivery.attempts import Attempts
from bot.features.delivery.clocks import Clocks
from bot.posting import Receipt
from bot.settings import SHIPPED_DATA, Settings
from bot.store.claims import Claims
from bot.store.occurrence import Occurrence
from tests.delivery.client import ServicePlatform
from tests.delivery.clock import SharedClock, Status

_POLL = 0.002
# Shorter rests, which only spread posts, are left out: time stands still while a test looks on.
_LEAST_REST = 0.1


@dataclass(frozen=True)
class Orders:
    """What a worker is told.

    Attributes:
        step: Where it sends itself a signal, at which passing from which time on.
        broken: What of the code is taken out, to see whether the trial notices.
        at_once: How many posts are under way at once.
    """

    state: str
    clock: str
    status: str
    address: str
    step: str = ""
    passing: int = 1
    since: float = 0.0
    signal: int = signal.SIGKILL
    broken: tuple[str, ...] = ()
    at_once: int = rounds.AT_ONCE

    def __str__(self) -> str:
        return json.dumps(asdict(self))


class Loop(asyncio.SelectorEventLoop):
    """An event loop for which the trial's time passes as well, so that what hangs is given up then."""

    def __init__(self, clock: SharedClock) -> None:
        super().__init__(selectors.DefaultSelector())
        self._clock = clock

    def time(self) -> float:
        """Return seconds that never go back."""
        return super().time() + self._clock.monotonic()


class Worker:
    """One process that delivers."""

    def __init__(self, orders: Orders) -> None:
        self.clock = SharedClock(Path(orders.clock))
        self._orders = orders
        self._status = Status(Path(orders.status))
        self._left = orders.passing
        self._rounds = self._busy = 0
        self._is_full = False
        self._rests_until = 0.0

    def step(self, name: str) -> None:
        """Note a step of a delivery; send the signal if it is the one."""
        if name == "before claim":
            self._rounds += 1
            self._show()
        if name != self._orders.step or self.clock.told < self._orders.since:
            return
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), self._orders.signal)

    def _show(self) -> None:
        self._status.show(self._rounds, self._busy, self._is_full, self._rests_until)

    async def sleep(self, seconds: float) -> None:
        """Wait until the test has let so much time pass."""
        if seconds < _LEAST_REST:
            await asyncio.sleep(0)
            return
        until = self.clock.monotonic() + seconds
        self._rests_until = until
        self._show()
        while self.clock.monotonic() < until:  # noqa: ASYNC110 - a file wakes nobody
            await asyncio.sleep(_POLL)
        self._rests_until = 0.0
        self._show()

    async def run(self) -> None:
        """Deliver until somebody ends it."""
        settings = Settings(Path(self._orders.state), (SHIPPED_DATA,))
        clocks = Clocks(self.clock.now, self.clock.monotonic, self.sleep)
        never = aiohttp.ClientTimeout(total=None)
        async with (
            open_app(settings, clocks=clocks, step=self.step) as app,
            aiohttp.ClientSession(timeout=never) as session,
            asyncio.TaskGroup() as tasks,
        ):
            platform = ServicePlatform(session, self._orders.address)
            app.places.add(platform)
            self._watch_deliveries(app)
            for each in self._orders.broken:
                BROKEN[each](app)
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGUSR1, lambda: tasks.create_task(self._fill(app, is_full=True)))
            loop.add_signal_handler(signal.SIGUSR2, lambda: tasks.create_task(self._fill(app, is_full=False)))
            tasks.create_task(self._look_at_the_clock())
            await app.delivery.run(platform)

    async def _look_at_the_clock(self) -> None:
        """Wake the loop, which sleeps by real time, for what is over by the trial's."""
        while True:  # noqa: ASYNC110 - as above
            await asyncio.sleep(_POLL)

    def _watch_deliveries(self, app: App) -> None:
        """Count deliveries that are not over; the count is what the test waits for."""
        deliver = app.delivery._deliver

        async def watched(platform: Any, occurrence: Occurrence) -> None:
            self._busy += 1
            self._show()
            try:
                await deliver(platform, occurrence)
            finally:
                self._busy -= 1
                self._show()

        app.delivery._deliver = watched  # type: ignore[method-assign]  # there is no other door to it

    async def _fill(self, app: App, is_full: bool) -> None:
        """Leave no room for another page of the database, or as much as it likes."""
        writer = app.delivery._claims._state._writer
        rows = await writer.execute_fetchall("PRAGMA page_count")
        pages = next(iter(rows))[0] if is_full else 1_000_000
        await writer.execute_fetchall(f"PRAGMA max_page_count = {pages}")
        self._is_full = is_full
        self._show()


def _no_look(app: App) -> None:
    async def unseen(*_: object) -> None:
        return None

    app.delivery._attempts._found = unseen  # type: ignore[method-assign,assignment]  # taken out on purpose


def _no_hold(app: App) -> None:
    async def held(self: Claims, *_: object) -> bool:
        return True

    Claims.hold = held  # type: ignore[method-assign,assignment]  # taken out on purpose
    attempts._FRESH_SECONDS = math.inf


def _stale(app: App) -> None:
    attempts._FRESH_SECONDS = math.inf


def _record_before_sending(app: App) -> None:
    send: Callable[..., Awaitable[Receipt | None]] = Attempts._sent

    async def recorded(self: Attempts, platform: Any, target: Any, *more: Any) -> Receipt | None:
        receipt = Receipt(target.channel, "unknown")
        await self._claims.record(more[1], receipt, self._clocks.now(), "", True)
        return await send(self, platform, target, *more)

    def held(self: Claims, *_: object) -> Awaitable[bool]:
        return asyncio.sleep(0, True)

    Attempts._sent = recorded  # type: ignore[method-assign,assignment]  # put in on purpose
    Claims.hold = held  # type: ignore[method-assign,assignment]  # nothing is due any more, and nobody holds it


class _Forgetful(set[str]):
    def __contains__(self, key: object) -> bool:
        return False


def _forgetful(app: App) -> None:
    app.delivery._under_way = _Forgetful()


BROKEN: dict[str, Callable[[App], None]] = {
    "no look": _no_look,
    "no hold": _no_hold,
    "stale": _stale,
    "forgetful": _forgetful,
    "record before sending": _record_before_sending,
}


def main() -> None:
    """Work as ordered."""
    told = json.loads(sys.argv[1])
    orders = Orders(**told | {"broken": tuple(told["broken"])})
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    worker = Worker(orders)
    rounds.AT_ONCE = orders.at_once
    with asyncio.Runner(loop_factory=lambda: Loop(worker.clock)) as runner:
        runner.run(worker.run())


if __name__ == "__main__":
    main()
