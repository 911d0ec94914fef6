"""Finds or opens the room in which a member is told what only they should know."""

import asyncio
import logging
from collections.abc import Sequence

from bot.platforms.matrix.homeserver import Homeserver, Json, MatrixRefused, path
from bot.platforms.matrix.rooms import INVITED, JOINED, Rooms

log = logging.getLogger(__name__)

# In the event that begins a room of ours: for whom it is.
_DIRECT = "org.kruzhok.direct"
# Servers take long for a room; one that is given up on too early may yet be made.
_MAKING_SECONDS = 90.0
ENCRYPTED = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


class DirectRooms:
    """Rooms with one member alone, each opened once, even if the answer to that is lost."""

    def __init__(self, home: Homeserver, user: str, rooms: Rooms) -> None:
        self._home = home
        self._user = user
        self._rooms = rooms
        self._opening: dict[str, asyncio.Lock] = {}
        self._making = asyncio.Lock()

    async def with_user(self, user: str) -> str:
        """Return the room with somebody; it is encrypted if they can read that.

        Raises:
            MatrixRefused: They cannot be invited, or not now.
            Unreachable: There was no usable answer.
        """
        async with self._opening.setdefault(user, asyncio.Lock()):
            known = self._rooms.direct_with(user, self._user)
            if known is not None:
                return known.number
            room = await self._open(user)
            await self._tell_clients(user, room)
            return room

    async def _open(self, user: str) -> str:
        keys = await self._home.ask("POST", "v3/keys/query", {"device_keys": {user: []}})
        can_decrypt = bool((keys.get("device_keys") or {}).get(user))
        state = [ENCRYPTED] if can_decrypt else []
        # One after the other: a room that has nobody in it yet is not one that was left over.
        async with self._making:
            number = await self._made_before(user) or await self._make(user, state)
        # Until the stream tells more of it, this is what matters for sending; it may have told it before we got here.
        room = self._rooms.enter(number)
        begun = {"type": "m.room.create", "state_key": "", "sender": self._user, "content": {}}
        members = [
            {"type": "m.room.member", "state_key": each, "content": {"membership": membership}}
            for each, membership in ((self._user, JOINED), (user, INVITED))
        ]
        for event in (begun, *members, *state):
            room.supplement(event)
        return number

    async def _make(self, user: str, state: Sequence[Json]) -> str:
        """Make a room, and invite somebody into it."""
        made = {"invite": [user], "is_direct": True, "preset": "trusted_private_chat", "initial_state": state}
        content = {**made, "creation_content": {_DIRECT: user}}
        try:
            answer = await self._home.ask("POST", "v3/createRoom", content, seconds=_MAKING_SECONDS)
        except MatrixRefused:
            # What a server has made before it refused to invite anybody into it: Synapse keeps that.
            await self._made_before(user)
            raise
        return str(answer.get("room_id", ""))

    async def _made_before(self, user: str) -> str:
        """Return the room that an earlier try has made for somebody without our hearing of it; empty if none has.

        What is left of tries that came to nothing is left.
        """
        joined = (await self._home.ask("GET", "v3/joined_rooms")).get("joined_rooms")
        for number in joined if isinstance(joined, list) else ():
            known = self._rooms.get(number)
            if known is not None and known.present != {self._user}:
                continue
            try:
                begun = await self._home.ask("GET", path("v3/rooms", number, "state", "m.room.create", ""))
                if begun.get(_DIRECT) != user:
                    continue
                if await self._is_in(user, number):
                    return str(number)
                await self._home.ask("POST", path("v3/rooms", number, "leave"), {})
            except MatrixRefused as error:
                log.info("a room that may be an earlier try’s is passed over: %s", error.code)
        return ""

    async def _is_in(self, user: str, room: str) -> bool:
        """Whether somebody is in a room, or invited: that comes last when a room is made, so all else is done."""
        try:
            member = await self._home.ask("GET", path("v3/rooms", room, "state", "m.room.member", user))
        except MatrixRefused as error:
            if error.status != 404:
                raise
            return False
        return member.get("membership") in (JOINED, INVITED)

    async def _tell_clients(self, user: str, room: str) -> None:
        """Mark the room as direct, for whoever looks at our account with a client; nothing depends on it."""
        where = path("v3/user", self._user, "account_data", "m.direct")
        try:
            try:
                marked = await self._home.ask("GET", where)
            except MatrixRefused as error:
                if error.status != 404:
                    raise
                marked = {}
            before = marked.get(user)
            await self._home.ask("PUT", where, {**marked, user: [*(before if isinstance(before, list) else []), room]})
        except MatrixRefused as error:
            log.info("a direct room could not be marked as such: %s", error.code)
