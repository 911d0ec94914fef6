"""Comes when invited by whom we know, follows rooms that are upgraded, and goes when nobody else is there."""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.platforms.matrix.homeserver import Homeserver, MatrixRefused, Unreachable, path
from bot.platforms.matrix.rooms import Room, Rooms
from bot.platforms.matrix.sending import Pauses, Sleep
from bot.platforms.matrix.stream import group_of
from bot.store.groups import Groups

log = logging.getLogger(__name__)

# A flood of invitations is taken up slowly, and what is beyond this is not looked at: whoever means it asks again.
MOST_WAITING = 500
SECONDS_BETWEEN = 0.25
# One inviter cannot bring us into more rooms than this within an hour.
MOST_OF_ONE, AN_HOUR = 100, 3600.0


class Joining:
    """Which rooms we are in.

    Args:
        allowed: Servers (``example.org``) and users (``@anna:example.org``) whose invitations are accepted; where there
            are none, everybody on our own server.
    """

    def __init__(
        self,
        home: Homeserver,
        user: str,
        rooms: Rooms,
        groups: Groups,
        allowed: Sequence[str],
        now: Callable[[], datetime],
        monotonic: Callable[[], float],
        sleep: Sleep,
        pauses: Callable[[], Pauses],
    ) -> None:
        self._home = home
        self._user = user
        self._rooms = rooms
        self._groups = groups
        self._allowed = {each.casefold() for each in allowed} or {server_of(user).casefold()}
        self._now = now
        self._monotonic = monotonic
        self._sleep = sleep
        self._pauses = pauses
        self._waiting: OrderedDict[str, bool] = OrderedDict()
        self._new = asyncio.Event()
        self._accepted: dict[str, deque[float]] = {}
        # Rooms that have taken the place of ours, with those; and rooms of which only ours say so.
        self._successors: dict[str, str] = {}
        self._strange: set[str] = set()

    def invited(self, room: str, told: Sequence[Any]) -> None:
        """Decide about an invitation; it is answered in its turn."""
        if room in self._waiting or len(self._waiting) >= MOST_WAITING:
            return
        inviter = _inviter(told, self._user)
        if self._is_allowed(inviter):
            self._successors.pop(room, None)
        is_wanted = room in self._successors or self._is_allowed(inviter)
        if is_wanted and room not in self._successors and not self._is_in_bounds(inviter):
            log.warning("invitations come too fast from one member; some are not accepted")
            is_wanted = False
        self._waiting[room] = is_wanted
        self._new.set()

    def _is_allowed(self, inviter: str) -> bool:
        return bool(inviter) and bool({inviter.casefold(), server_of(inviter).casefold()} & self._allowed)

    def _is_in_bounds(self, inviter: str) -> bool:
        now = self._monotonic()
        self._accepted = {who: times for who, times in self._accepted.items() if times[-1] > now - AN_HOUR}
        times = self._accepted.setdefault(inviter, deque(maxlen=MOST_OF_ONE))
        if len(times) == MOST_OF_ONE and times[0] > now - AN_HOUR:
            return False
        times.append(now)
        return True

    async def run(self) -> None:
        """Answer invitations one after the other, until cancelled."""
        while True:
            while self._waiting:
                room, is_wanted = next(iter(self._waiting.items()))
                await self._answer(room, is_wanted)
                self._waiting.pop(room, None)
                await self._sleep(SECONDS_BETWEEN if len(self._waiting) > 1 else 0)
            self._new.clear()
            await self._new.wait()

    async def _answer(self, room: str, is_wanted: bool) -> None:
        pauses = self._pauses()
        what = path("v3/rooms", room, "join" if is_wanted else "leave")
        for _ in range(20):
            try:
                await self._home.ask("POST", what, {})
            except Unreachable:
                await self._sleep(pauses.next())
            except MatrixRefused as error:
                if error.retry_after is None:
                    log.info("an invitation could not be %s: %s", "accepted" if is_wanted else "declined", error.code)
                    return
                await self._sleep(error.retry_after)
            else:
                return

    async def changed(self, room: Room) -> None:
        """See what is to be done where a room has changed: follow it, take its predecessor's place, or go.

        Raises:
            Unreachable: There was no usable answer; it is seen to when the room changes again, or at the next start.
        """
        if room.replacement:
            await self._follow(room)
        if room.predecessor:
            await self._take_over(room)
        if self._successors.get(room.number, room.predecessor) != room.predecessor:
            log.info("a room that does not know that it has taken another's place is left")
            del self._successors[room.number]
            self._strange.add(room.number)
            await self._go(room)
        elif room.is_deserted(self._user):
            await self._go(room)

    async def _follow(self, room: Room) -> None:
        """Join the room that has taken a room's place."""
        successor = room.replacement
        if self._rooms.get(successor) is not None:
            await self._take_over(self._rooms[successor])
            return
        if successor in self._strange:
            return
        self._successors[successor] = room.number
        # It may be known on the servers of those who are here only.
        servers = sorted({server_of(user) for user in room.present} - {""})[:3]
        what = path("v3/join", successor) + "?" + "&".join(f"server_name={each}" for each in servers)
        try:
            await self._home.ask("POST", what, {})
        except MatrixRefused as error:
            log.info("a room was upgraded, and its successor is not open to us yet: %s", error.code)

    async def _take_over(self, room: Room) -> None:
        """Let a group go on in the room that has taken its place, if both say so."""
        before = self._rooms.get(room.predecessor)
        if before is None or before.replacement != room.number:
            return
        moved = await self._groups.moved(group_of(before.number), group_of(room.number))
        if moved:
            log.info("a group goes on in the room that has taken its place")

    async def _go(self, room: Room) -> None:
        """Leave a room in which nobody is left, or that is not ours to be in."""
        try:
            await self._home.ask("POST", path("v3/rooms", room.number, "leave"), {})
        except MatrixRefused as error:
            log.info("a room could not be left: %s", error.code)
            return
        self._rooms.leave(room.number)
        await self._groups.gone(group_of(room.number), self._now())


def server_of(user: str) -> str:
    """Return the server of a user: ``@anna:example.org:8448`` is at ``example.org:8448``."""
    return user.partition(":")[2]


def _inviter(told: Sequence[Any], user: str) -> str:
    for event in told:
        if isinstance(event, Mapping) and event.get("type") == "m.room.member" and event.get("state_key") == user:
            content, sender = event.get("content"), event.get("sender")
            if isinstance(content, Mapping) and content.get("membership") == "invite" and isinstance(sender, str):
                return sender
    return ""
