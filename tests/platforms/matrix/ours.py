"""Our own end of encryption without the rest of the bot: a test says when it syncs, and when it is killed."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

from bot.platforms.matrix.encryption import Encryption, Unreadable
from bot.platforms.matrix.establishing import establish
from bot.platforms.matrix.homeserver import Homeserver, Json, Unreachable, open_session, path
from bot.platforms.matrix.identity import Identity

# More syncs than anything here takes; each returns at once when there is news.
_SYNCS = 40
_SYNC_MILLISECONDS = 1_000


class Killed(BaseException):
    """The process ended here; nothing after it happened."""


def killed_at(step: str) -> Callable[[str], None]:
    """End at a step."""

    def at(name: str) -> None:
        if name == step:
            raise Killed

    return at


class Home(Homeserver):
    """The homeserver, over a network that a test can break.

    Attributes:
        asked: The path of every request.
        lost: What paths begin with whose requests do not arrive.
        unanswered: What paths begin with whose requests arrive, while their answers are lost.
    """

    asked: list[str]
    lost: tuple[str, ...] = ()
    unanswered: tuple[str, ...] = ()

    async def ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        seconds: float = 30.0,
    ) -> Json:
        """Make a request, unless the network is broken."""
        self.asked.append(path)
        if path.startswith(self.lost or "-"):
            raise Unreachable("the network is broken")
        answer = await super().ask(method, path, body, params, seconds)
        if path.startswith(self.unanswered or "-"):
            raise Unreachable("the answer was lost")
        return answer


class Ours:
    """One of our devices.

    Attributes:
        seen: The events of rooms that came, in order.
        answer: What the last sync said.
    """

    def __init__(self, home: Home, folder: Path, identity: Identity, encryption: Encryption) -> None:
        self.home = home
        self.folder = folder
        self.identity = identity
        self.encryption = encryption
        self.user = identity.user
        self.seen: list[Json] = []
        self.answer: Json = {}
        self._since = ""
        self._transactions = count(1)

    async def sync(self, *, keeping_up: bool = True) -> None:
        """Sync once, as the bot does."""
        params = {"timeout": str(_SYNC_MILLISECONDS)} | ({"since": self._since} if self._since else {})
        self.answer = await self.home.ask("GET", "v3/sync", params=params)
        devices = self.answer.get("device_lists", {})
        self.encryption.receive(
            self.answer.get("to_device", {}).get("events", []),
            self.answer.get("device_one_time_keys_count"),
            self.answer.get("device_unused_fallback_key_types"),
            devices.get("changed", []),
            devices.get("left", []),
        )
        if keeping_up:
            await self.encryption.keep_up()
        self._since = self.answer["next_batch"]
        for room, joined in self.answer.get("rooms", {}).get("join", {}).items():
            self.seen += [{**event, "room_id": room} for event in joined["timeline"]["events"]]

    async def until(self, settled: Callable[[], bool]) -> None:
        """Sync until something is so."""
        for _ in range(_SYNCS):
            if settled():
                return
            await self.sync()
        raise AssertionError(f"it never came to be so in {_SYNCS} syncs")

    async def event(self, event_id: str) -> Json:
        """Return an event as it came, once it has come."""
        await self.until(lambda: any(event["event_id"] == event_id for event in self.seen))
        return next(event for event in self.seen if event["event_id"] == event_id)

    async def read(self, event_id: str) -> Json:
        """Return an event decrypted, once its key has come as well."""
        event = await self.event(event_id)
        await self.until(lambda: self.can_read(event))
        return self.encryption.decrypt(event["room_id"], event)

    def can_read(self, event: Json) -> bool:
        """Tell whether an event can be decrypted."""
        try:
            self.encryption.decrypt(event["room_id"], event)
        except Unreadable:
            return False
        return True

    async def members(self, room_id: str) -> set[str]:
        """Return who joined a room."""
        answer = await self.home.ask("GET", path("v3/rooms", room_id, "joined_members"))
        return set(answer["joined"])

    async def say(self, room_id: str, text: str, rotation: Mapping[str, Any] | None = None, **content: Any) -> str:
        """Send an encrypted text; returns the event's id."""
        told = {"msgtype": "m.text", "body": text, **content}
        sealed = await self.encryption.encrypt(room_id, await self.members(room_id), "m.room.message", told, rotation)
        return await self.send(room_id, sealed)

    async def send(self, room_id: str, sealed: Json) -> str:
        """Send what is encrypted; returns the event's id."""
        transaction = f"{id(self)}-{next(self._transactions)}"
        sent = await self.home.ask("PUT", path("v3/rooms", room_id, "send", "m.room.encrypted", transaction), sealed)
        event_id: str = sent["event_id"]
        return event_id

    async def create_room(self, *invited: str) -> str:
        """Make an encrypted room; returns its id."""
        state = [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}]
        made = await self.home.ask("POST", "v3/createRoom", {"invite": list(invited), "initial_state": state})
        room: str = made["room_id"]
        return room

    async def join(self, room_id: str) -> None:
        """Accept an invitation."""
        await self.home.ask("POST", path("v3/join", room_id), {})


@asynccontextmanager
async def open_home(address: str, token: str = "") -> AsyncIterator[Home]:
    """Open a connection to the homeserver."""
    async with open_session() as session:
        home = Home(address, session, token)
        home.asked = []
        yield home


@asynccontextmanager
async def open_ours(
    address: str, folder: Path, user: str = "", password: str = "", **others: Any
) -> AsyncIterator[Ours]:
    """Be a device, the same one in the same folder, with its keys published."""
    async with open_home(address) as home:
        identity = await establish(home, folder, user=user, password=password)
        encryption = Encryption.open(home, folder, identity, **others)
        try:
            await encryption.keep_up()
            yield Ours(home, folder, identity, encryption)
        finally:
            encryption.close()
