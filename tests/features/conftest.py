"""What tests of moderators' features share: circles in the terminal's room, and a clock that a test moves."""

import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from bot.app import App, open_app
from bot.caller import Caller
from bot.features.delivery.clocks import Clocks
from bot.platforms.terminal.room import FILE, Room
from bot.reply import Bullets, Piece, PlannedTime, Prose, Quote, Reply, Times
from bot.settings import SHIPPED_DATA, Settings

START = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)  # a Friday
SERVER = "terminal:server:s"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, time: datetime = START) -> None:
        self.time = time

    def __call__(self) -> datetime:
        return self.time

    def to(self, text: str) -> None:
        """Move it to a time, written like ``2026-05-07 19:00`` (UTC)."""
        self.time = datetime.fromisoformat(text).replace(tzinfo=UTC)

    def wait(self, **time: float) -> None:
        """Move it on."""
        self.time += timedelta(**time)


async def _no_sleep(seconds: float) -> None:
    raise AssertionError("nothing here waits")


@dataclass
class Circle:
    """The bot with the terminal's room, and people of two channels of one server and of one that has none."""

    app: App
    room: Room
    clock: Clock
    folder: Path
    member: Caller = field(default=Caller("terminal:reader", "terminal:a", server=SERVER))
    moderator: Caller = field(default=Caller("terminal:mo", "terminal:a", is_moderator=True, server=SERVER))
    beside: Caller = field(default=Caller("terminal:mo", "terminal:b", is_moderator=True, server=SERVER))
    elsewhere: Caller = field(default=Caller("terminal:mo", "terminal:c", is_moderator=True))

    async def ask(self, line: str, caller: Caller | None = None) -> Reply:
        """Type a line, as the moderator of the first channel unless somebody else does."""
        return await self.app.commands.answer(caller or self.moderator, line)

    async def press(self, reply: Reply, label: str, caller: Caller | None = None) -> Reply:
        """Press a button of an answer."""
        (line,) = [action.line for action in reply.actions if action.label == label]
        return await self.ask(f"/{line}", caller)

    async def deliver(self) -> int:
        """Deliver what is due; returns how many posts were tried."""
        return await self.app.delivery.deliver_due(self.room)

    def posts(self, group: str = "terminal:a") -> list[str]:
        """Return the text of each post in a group, in order."""
        path = self.folder / FILE
        kept = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
        return [each["text"] for each in kept if each["group"] == group]


async def opened(stack: AsyncExitStack, folder: Path, clock: Clock, data: Sequence[Path] = (SHIPPED_DATA,)) -> Circle:
    """Open the bot in a folder, with the terminal's room."""
    clocks = Clocks(clock, lambda: clock.time.timestamp(), _no_sleep)
    app = await stack.enter_async_context(open_app(Settings(folder, tuple(data)), random=Random(1), clocks=clocks))
    room = Room(folder)
    app.places.add(room)
    return Circle(app, room, clock, folder)


@pytest.fixture
async def circle(begun: Path) -> AsyncIterator[Circle]:
    """A circle on Friday 1 May 2026, half past midnight UTC."""
    async with AsyncExitStack() as stack:
        yield await opened(stack, begun, Clock())


@pytest.fixture(autouse=True)
def nothing_went_wrong(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail where an error was logged, unless the test is about that: a delivery ends no test by itself."""
    yield
    if request.node.get_closest_marker("goes_wrong") is None:
        wrong = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
        assert not wrong, [record.getMessage() for record in wrong]


def said(reply: Reply) -> str:
    """Return the sentences and list items of an answer, a line each."""
    return "\n".join(line for piece in reply.pieces for line in _lines(piece))


def _lines(piece: Piece) -> Sequence[str]:
    match piece:
        case Prose():
            return [piece.text]
        case Bullets():
            return [piece.heading, *piece.items] if piece.heading else piece.items
        case Times():
            return [piece.heading, *map(str, piece.times)]
        case Quote():
            return [piece.quotation.text]
        case _:
            return []


def times(reply: Reply) -> list[PlannedTime]:
    """Return the planned times in an answer."""
    return [time for piece in reply.pieces if isinstance(piece, Times) for time in piece.times]


def local(reply: Reply) -> list[str]:
    """Return the planned times in an answer as clocks show them, like ``2026-05-07 19:00``."""
    return [f"{time.at:%Y-%m-%d %H:%M}" for time in times(reply)]
