"""Encrypted conversations: our devices, second clients and devices made by hand, brought together in rooms."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bot.platforms.matrix.homeserver import Json
from tests.platforms.matrix.ours import Ours, open_home, open_ours
from tests.platforms.matrix.raw import Raw
from tests.platforms.matrix.second import Second, open_second
from tests.platforms.matrix.synapse import Synapse, User


class Party:
    """All who take part in a test; whoever comes goes at its end."""

    def __init__(self, homeserver: Synapse, folder: Path, exits: AsyncExitStack) -> None:
        self._homeserver = homeserver
        self._folder = folder
        self._exits = exits
        self._known: dict[str, User] = {}

    async def register(self, name: str = "reader") -> User:
        """Make an account."""
        return await self._homeserver.register(self._homeserver.fresh(name))

    async def ours(self, name: str = "bot", user: User | None = None, **others: Any) -> Ours:
        """Bring a device of ours; the same name again is the same device after a restart.

        Args:
            user: Whose it is, if not a new user's.
            others: What Encryption.open takes: clocks, and ``step``.
        """
        if name not in self._known:
            self._known[name] = user or await self.register(name)
        who = self._known[name]
        folder = self._folder / name / "matrix"
        return await self._exits.enter_async_context(
            open_ours(self._homeserver.address, folder, who.id, who.password, **others)
        )

    async def second(self, name: str = "friend", user: User | None = None) -> Second:
        """Bring a second client; with a user, another device of theirs."""
        who = user or await self.register(name)
        second = await self._exits.enter_async_context(open_second(self._folder / name))
        await second.login(self._homeserver.address, who.id, who.password)
        return second

    async def raw(self, name: str = "mallory", user: User | None = None) -> Raw:
        """Bring a device that says whatever it is told to."""
        who = user or await self.register(name)
        if user is not None:
            who = await self._homeserver.login(user.id, user.password)
        home = await self._exits.enter_async_context(open_home(self._homeserver.address, who.token))
        return Raw(home, who)

    async def gather(self, ours: Ours, *others: Ours) -> str:
        """Bring devices of ours together in an encrypted room; returns its id."""
        room = await ours.create_room(*(other.user for other in others))
        for other in others:
            await other.join(room)
            await other.sync()
        await ours.sync()
        return room

    async def meet(self, ours: Ours, second: Second) -> str:
        """Bring a device of ours and a second client together in an encrypted room; returns its id."""
        room = await second.create_room(ours.user)
        await ours.join(room)
        await second.wait(lambda event: event["room_id"] == room and is_join(event, ours.user))
        await ours.sync()
        return room


def is_join(event: Json, user: str) -> bool:
    """Tell whether an event says that a user has joined."""
    is_theirs = (event["type"], event.get("state_key")) == ("m.room.member", user)
    return is_theirs and event["content"].get("membership") == "join"


@asynccontextmanager
async def partying(homeserver: Synapse, folder: Path) -> AsyncIterator[Party]:
    """Let somebody come, and go at the end."""
    async with AsyncExitStack() as exits:
        yield Party(homeserver, folder, exits)
