"""A member of unencrypted rooms, as plain HTTP: what a human being's client says to the homeserver."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp

Json = dict[str, Any]  # as servers write it; what a test reads there, it compares
T = TypeVar("T")
SECONDS = 20.0
_FILTER = '{"room":{"timeline":{"limit":10000}},"presence":{"types":[]}}'


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account, logged in on one device."""

    id: str
    token: str
    device: str
    password: str


class Refusal(Exception):
    """The server's answer was an error.

    Attributes:
        status: The HTTP status, such as 403.
        code: The errcode, such as ``M_FORBIDDEN``.
        content: The whole answer.
    """

    def __init__(self, status: int, content: Json) -> None:
        super().__init__(f"{status} {content}")
        self.status, self.content = status, content
        self.code = str(content.get("errcode", ""))


class Plain:
    """A member who reads and writes without encryption.

    Attributes:
        unread: The events of each room that came by sync and that no wait has returned, oldest first. The first sync
            also brings what was there before.
        invites: The rooms that the member is invited to, each with the stripped state that came along.
    """

    def __init__(self, address: str, user: User, session: aiohttp.ClientSession) -> None:
        self.address, self.user, self.id = address, user, user.id
        self.unread: dict[str, list[Json]] = {}
        self.invites: dict[str, list[Json]] = {}
        self._session = session
        self._since: str | None = None

    async def request(
        self, method: str, path: str, body: Json | None = None, params: dict[str, str] | None = None
    ) -> Json:
        """Ask the server.

        Args:
            method: Such as ``GET``.
            path: What comes after ``/_matrix/client/v3``, or a whole path that begins with ``/_``; already quoted.
            body: Sent as JSON.
            params: Sent as the query.

        Raises:
            Refusal: The answer was an error.
        """
        url = self.address + (path if path.startswith("/_") else f"/_matrix/client/v3{path}")
        headers = {"Authorization": f"Bearer {self.user.token}"}
        async with self._session.request(method, url, json=body, params=params, headers=headers) as response:
            content: Json = await response.json(content_type=None)
        if response.status != 200:
            raise Refusal(response.status, content)
        return content

    async def whoami(self) -> Json:
        """Return whose token and device it is."""
        return await self.request("GET", "/account/whoami")

    async def create_room(self, **content: Any) -> str:
        """Make a room, and return its id: ``create_room(invite=[bot], room_version="11", is_direct=True)``."""
        return str((await self.request("POST", "/createRoom", content))["room_id"])

    async def join(self, room: str) -> None:
        """Join a room."""
        await self.request("POST", f"/join/{quote(room)}", {})
        self.invites.pop(room, None)

    async def invite(self, room: str, user: str) -> None:
        """Invite somebody."""
        await self.request("POST", f"/rooms/{quote(room)}/invite", {"user_id": user})

    async def leave(self, room: str) -> None:
        """Leave a room, or decline an invitation."""
        await self.request("POST", f"/rooms/{quote(room)}/leave", {})

    async def kick(self, room: str, user: str) -> None:
        """Put somebody out."""
        await self.request("POST", f"/rooms/{quote(room)}/kick", {"user_id": user})

    async def send(self, room: str, content: Json | str, type: str = "m.room.message", txn: str | None = None) -> str:
        """Send an event, and return its id; a string is sent as a plain text message."""
        if isinstance(content, str):
            content = {"msgtype": "m.text", "body": content}
        path = f"/rooms/{quote(room)}/send/{quote(type)}/{quote(txn or secrets.token_hex(8))}"
        return str((await self.request("PUT", path, content))["event_id"])

    async def react(self, room: str, event: str, key: str) -> str:
        """React to an event, and return the reaction's id."""
        relation = {"rel_type": "m.annotation", "event_id": event, "key": key}
        return await self.send(room, {"m.relates_to": relation}, "m.reaction")

    async def redact(self, room: str, event: str, reason: str = "") -> str:
        """Take an event back, and return the redaction's id."""
        path = f"/rooms/{quote(room)}/redact/{quote(event)}/{secrets.token_hex(8)}"
        return str((await self.request("PUT", path, {"reason": reason}))["event_id"])

    async def state(self, room: str, type: str, key: str = "", content: Json | None = None) -> Json:
        """Return what a room's state says of that; with content, set it first."""
        path = f"/rooms/{quote(room)}/state/{quote(type)}/{quote(key)}"
        if content is not None:
            await self.request("PUT", path, content)
        return await self.request("GET", path)

    async def event(self, room: str, event: str) -> Json:
        """Return one event as it stands now."""
        return await self.request("GET", f"/rooms/{quote(room)}/event/{quote(event)}")

    async def messages(self, room: str) -> list[Json]:
        """Return all events of a room, oldest first."""
        events: list[Json] = []
        params = {"dir": "f", "limit": "1000"}
        while True:
            page = await self.request("GET", f"/rooms/{quote(room)}/messages", params=params)
            events += page["chunk"]
            if "end" not in page:
                return events
            params["from"] = page["end"]

    async def sync(self, seconds: float = 0) -> Json:
        """Sync once; wait that long for news if there is none."""
        params = {"filter": _FILTER, "timeout": str(int(seconds * 1000))}
        if self._since is not None:
            params["since"] = self._since
        content = await self.request("GET", "/sync", params=params)
        self._since = content["next_batch"]
        rooms = content.get("rooms", {})
        for place in ("join", "leave"):
            for room, news in rooms.get(place, {}).items():
                self.invites.pop(room, None)
                events = [{**event, "room_id": room} for event in news.get("timeline", {}).get("events", ())]
                self.unread.setdefault(room, []).extend(events)
        for room, news in rooms.get("invite", {}).items():
            self.invites[room] = news["invite_state"]["events"]
        return content

    async def wait_for(self, predicate: Callable[[Json], bool], room: str, seconds: float = SECONDS) -> Json:
        """Return the first unread event of a room that is meant, and take it from the unread ones.

        Raises:
            TimeoutError: None came in time; the message shows what is unread.
        """

        def found() -> Json | None:
            unread = self.unread.get(room, [])
            for event in unread:
                if predicate(event):
                    unread.remove(event)
                    return event
            return None

        return await self._until(found, seconds, lambda: f"It is not among {self.unread.get(room, [])}.")

    async def wait_for_invite(self, sender: str | None = None, seconds: float = SECONDS) -> str:
        """Return the room that somebody invites this member to.

        Raises:
            TimeoutError: No invitation came in time.
        """

        def found() -> str | None:
            for room, events in self.invites.items():
                own = [event for event in events if event.get("state_key") == self.id]
                if sender is None or any(event["sender"] == sender for event in own):
                    return room
            return None

        return await self._until(found, seconds, lambda: f"No invitation among {self.invites}.")

    async def _until(self, found: Callable[[], T | None], seconds: float, otherwise: Callable[[], str]) -> T:
        clock = asyncio.get_running_loop().time
        until = clock() + seconds
        while True:
            what = found()
            if what is not None:
                return what
            left = until - clock()
            if left <= 0:
                raise TimeoutError(otherwise())
            await self.sync(min(left, 5))


@asynccontextmanager
async def plain(address: str, user: User) -> AsyncIterator[Plain]:
    """Let that user talk to the server at that address, which may be a proxy's."""
    async with aiohttp.ClientSession() as session:
        yield Plain(address, user, session)
