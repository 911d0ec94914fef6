"""A reading group on a real homeserver: the bot as it is served, and people whose clients talk to it over HTTP."""

import asyncio
import logging
import shutil
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from bot.app import App, open_app
from bot.caller import Caller
from bot.platforms.matrix.serving import serve
from bot.posting import Platform
from bot.settings import SHIPPED_DATA, MatrixSettings, Settings
from tests.platforms.matrix.plain import Json, Plain, User, plain
from tests.platforms.matrix.second import Second, open_second
from tests.platforms.matrix.synapse import Synapse

SECONDS = 20.0
# Asked last to see that nothing before it was answered: in a room answers come in order.
FENCE = "!kruzhok help quote"
EDIT, THREAD = "m.replace", "m.thread"


class Circle:
    """The bot, served in this process over a state folder, and whoever comes.

    Attributes:
        app: The bot that runs now.
        bot: Its account.
        ahead: How far its clock is ahead of ours.
        errors: What was logged as an error: bugs, which people are not told of.
    """

    app: App

    def __init__(self, homeserver: Synapse, folder: Path, bot: User, invites: Sequence[str], data: Path) -> None:
        self.homeserver = homeserver
        self.folder = folder
        self.bot = bot
        self.ahead = timedelta(0)
        self.errors: list[str] = []
        self._settings = MatrixSettings(homeserver.address, bot.id, bot.password, invites=tuple(invites))
        self._data = data
        self._running = AsyncExitStack()
        self._people = AsyncExitStack()
        self._known: dict[str, Plain] = {}

    def now(self) -> datetime:
        """What time it is for the bot."""
        return datetime.now(UTC) + self.ahead

    async def start(self) -> None:
        """Serve until stopped; what the server had for the bot is kept, and being answered, when this returns."""
        ready, stop = asyncio.Event(), asyncio.Event()
        folders = Settings(self.folder, (self._data,))
        # Deliveries begin when the first sync is through.
        opened = open_app(folders, now=self.now, random=Random(1), step=lambda name: ready.set())
        self.app = await self._running.enter_async_context(opened)
        serving = asyncio.ensure_future(serve(self.app, self._settings, self.folder, stop))

        async def end() -> None:
            stop.set()
            await serving

        self._running.push_async_callback(end)
        first = asyncio.ensure_future(ready.wait())
        await asyncio.wait({serving, first}, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        first.cancel()
        if serving.done():
            serving.result()
        assert ready.is_set(), "the bot is not ready in time"

    async def stop(self) -> None:
        """Stop serving, as when the operator stops it."""
        await self._running.aclose()

    async def restart(self) -> None:
        """Stop, and serve anew over the same state folder."""
        await self.stop()
        await self.start()

    def platform(self) -> Platform:
        """Return Matrix as delivery sees it."""
        return self.app.places.of(Caller(f"matrix:{self.bot.id}", "matrix:"))

    async def leave(self) -> None:
        """End all of it."""
        await self._people.aclose()
        await self.stop()

    async def person(self, name: str = "") -> Plain:
        """Return the person of that name, who reads and writes without encryption; somebody new without a name."""
        if name and name in self._known:
            return self._known[name]
        user = await self.homeserver.register(self.homeserver.fresh(name or "member"))
        person = await self._people.enter_async_context(plain(self.homeserver.address, user))
        if name:
            self._known[name] = person
        return person

    async def second(self) -> Second:
        """Return somebody new whose client reads encrypted rooms."""
        user = await self.homeserver.register(self.homeserver.fresh("reader"))
        folder = self.folder.parent / f"client-{user.id[1:].partition(':')[0]}"
        client = await self._people.enter_async_context(open_second(folder))
        await client.login(self.homeserver.address, user.id, user.password)
        return client

    async def room(self, creator: Plain, *others: Plain, **content: Any) -> str:
        """Make a room with the bot and others in it, and return its id."""
        invited = [self.bot.id, *(each.id for each in others)]
        room = await creator.create_room(**{"preset": "private_chat", "invite": invited, **content})
        for each in others:
            await each.join(room)
        await self.comes(creator, room)
        return room

    async def comes(self, person: Plain, room: str) -> None:
        """Wait until the bot has joined a room."""
        await person.wait_for(lambda event: membership(event, self.bot.id) == "join", room)

    async def goes(self, person: Plain, room: str) -> None:
        """Wait until the bot has left a room."""
        await person.wait_for(lambda event: membership(event, self.bot.id) == "leave", room)

    async def ask(self, person: Plain, room: str, text: Json | str, **relates: Any) -> Json:
        """Say something in a room, and return the event that answers it there."""
        content = {"msgtype": "m.text", "body": text} if isinstance(text, str) else text
        if relates:
            content = {**content, "m.relates_to": relates}
        return await self.answer(person, room, await person.send(room, content))

    async def answer(self, person: Plain, room: str, to: str) -> Json:
        """Return the event that answers another."""
        return await person.wait_for(lambda event: event["sender"] == self.bot.id and replied_to(event) == to, room)

    async def said(self, person: Plain, room: str, since: str = "") -> list[Json]:
        """Return what the bot has said in a room up to now that this person did not wait for, and count it as read.

        Everything said before is answered by then, if it ever is.

        Args:
            since: Only what it said after this event.
        """
        fence = await self.ask(person, room, FENCE)
        assert "quote [words]" in body(fence)
        unread = person.unread[room]
        person.unread[room] = []
        if since:
            unread = unread[[event["event_id"] for event in unread].index(since) :]
        return [event for event in unread if event["sender"] == self.bot.id and "state_key" not in event]

    async def silent(self, person: Plain, room: str, *said: Json | str) -> None:
        """Say something, and see that the bot says nothing."""
        sent = [await person.send(room, each) for each in said]
        assert [body(event) for event in await self.said(person, room, sent[0])] == []

    async def direct_room(self, person: Plain) -> str:
        """Accept the bot's invitation to a direct room, and return the room."""
        room = await person.wait_for_invite(self.bot.id)
        await person.join(room)
        return room

    async def told(self, person: Plain, room: str) -> Json:
        """Return the next message of the bot's in a room."""
        return await person.wait_for(lambda event: event["sender"] == self.bot.id and bool(body(event)), room)


class _Errors(logging.Handler):
    def __init__(self, circle: Circle) -> None:
        super().__init__(logging.ERROR)
        self._circle = circle

    def emit(self, record: logging.LogRecord) -> None:
        self._circle.errors.append(logging.Formatter("%(name)s: %(message)s").format(record))


@asynccontextmanager
async def gathered(
    homeserver: Synapse, folder: Path, index: Path, invites: Sequence[str] = (), data: Path = SHIPPED_DATA
) -> AsyncIterator[Circle]:
    """Bring a circle together.

    Args:
        folder: Where a state folder is made.
        index: That of the shipped readings, which is not built again.
        invites: Whose invitations the bot accepts.
        data: The readings.
    """
    state = folder / "state"
    state.mkdir(parents=True)
    if data == SHIPPED_DATA:
        shutil.copy(index, state)
    circle = Circle(homeserver, state, await homeserver.register(homeserver.fresh("kruzhok")), invites, data)
    errors = _Errors(circle)
    logging.getLogger().addHandler(errors)
    try:
        await circle.start()
        yield circle
    finally:
        await circle.leave()
        logging.getLogger().removeHandler(errors)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def gathering(
    homeserver: Synapse, tmp_path_factory: pytest.TempPathFactory, shipped_index: Path
) -> AsyncIterator[Circle]:
    """A circle for all tests of a module, which run in one event loop: ``pytest.mark.asyncio(loop_scope="module")``."""
    async with gathered(homeserver, tmp_path_factory.mktemp("circle"), shipped_index) as circle:
        yield circle


@pytest.fixture
def circle(gathering: Circle, request: pytest.FixtureRequest) -> Iterator[Circle]:
    """The module's circle; a test during which an error is logged fails."""
    gathering.errors.clear()
    yield gathering
    if request.node.get_closest_marker("goes_wrong") is None:
        assert gathering.errors == []


def membership(event: Json, user: str) -> str:
    """Return what a membership event says of somebody; nothing if it is no such event."""
    if event["type"] != "m.room.member" or event.get("state_key") != user:
        return ""
    return str(event["content"]["membership"])


def body(event: Json) -> str:
    """Return the plain text of an event; nothing if it has none."""
    return str(event.get("content", {}).get("body", ""))


def html(event: Json) -> str:
    """Return the formatted text of an event; nothing if it has none."""
    return str(event["content"].get("formatted_body", ""))


def relation(event: Json) -> Json:
    """Return what an event says that it relates to."""
    found: Json = event.get("content", {}).get("m.relates_to") or {}
    return found


def replied_to(event: Json) -> str:
    """Return the event that another is a reply to; nothing if it is none."""
    return str(relation(event).get("m.in_reply_to", {}).get("event_id", ""))
