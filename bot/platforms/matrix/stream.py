"""Reads what happens in our rooms: in order, gaps filled first, and kept before the stream is read on."""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.platforms.matrix.encryption import Encryption
from bot.platforms.matrix.homeserver import Homeserver, Json, MatrixRefused, path
from bot.platforms.matrix.rooms import JOINED, Rooms
from bot.store.inbox import Inbox, Received

log = logging.getLogger(__name__)

PLATFORM = "matrix"
# How long the server keeps an answer back for want of news, and how much longer we wait for it.
WAIT_SECONDS, SLACK_SECONDS = 25.0, 15.0
# The first answer after weeks, of many rooms, takes servers long.
_FIRST_SECONDS = 180.0
_A_PAGE, _MOST_PAGES = 100, 100
FILTER = json.dumps(
    {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {
            "timeline": {"limit": 50},
            "account_data": {"types": []},
            "ephemeral": {"types": []},
        },
    }
)


@dataclass(slots=True)
class News:
    """What one answer of the server brought.

    Attributes:
        received: Events that may ask for something, in order, room by room.
        invitations: Rooms that somebody invites us to, each with what is told of it.
        left: Rooms that we are no longer in.
        changed: Rooms in which something about the room itself changed.
    """

    received: list[Received] = field(default_factory=list)
    invitations: dict[str, Sequence[Any]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


# Given a room's number, an event, and whether that was before we came into the room: returns the event as it is to be
# kept, if it may ask for something.
Sift = Callable[[str, Mapping[str, Any], bool], Awaitable[Received | None]]


def group_of(room: str) -> str:
    """Return the group that a room is."""
    return f"{PLATFORM}:{room}"


def room_of(group: str) -> str:
    """Return the room that a group is."""
    return group.partition(":")[2]


class Stream:
    """The stream of one account."""

    def __init__(
        self,
        home: Homeserver,
        user: str,
        encryption: Encryption,
        rooms: Rooms,
        inbox: Inbox,
        sift: Sift,
        now: Callable[[], datetime],
    ) -> None:
        self._home = home
        self._user = user
        self._encryption = encryption
        self._rooms = rooms
        self._inbox = inbox
        self._sift = sift
        self._now = now
        self._has_rooms = False

    async def next(self, *, from_now: bool = False) -> News:
        """Wait for what is new, and keep it; the first time, learn also of every room that we are in.

        Args:
            from_now: Whether to pass over all that was said before, as after a copy was put back.

        Raises:
            MatrixRefused: The server does not want us any more, or asks for patience.
            Unreachable: There was no usable answer; the same is asked for again next time.
        """
        since = "" if from_now else await self._inbox.token(self._user)
        params = {"filter": FILTER, "timeout": str(int(WAIT_SECONDS * 1000))}
        seconds = WAIT_SECONDS + SLACK_SECONDS
        if since:
            params["since"] = since
        if not since or not self._has_rooms:
            # Rooms are known by what the server tells of them; of that nothing is kept here.
            params |= {"full_state": "true", "timeout": "0"}
            seconds = _FIRST_SECONDS
        answer = await self._home.ask("GET", "v3/sync", params=params, seconds=seconds)
        news = await self._take_in(answer, since)
        self._has_rooms = True
        return news

    async def _take_in(self, answer: Json, since: str) -> News:
        changes = _dict(answer.get("device_lists"))
        self._encryption.receive(
            _list(_dict(answer.get("to_device")).get("events")),
            answer.get("device_one_time_keys_count"),
            answer.get("device_unused_fallback_key_types"),
            _list(changes.get("changed")),
            _list(changes.get("left")),
        )
        news = News()
        rooms = _dict(answer.get("rooms"))
        for number, told in _dict(rooms.get("join")).items():
            await self._take_in_room(news, number, _dict(told), since)
        for number, told in _dict(rooms.get("invite")).items():
            news.invitations[number] = _list(_dict(_dict(told).get("invite_state")).get("events"))
        for number in _dict(rooms.get("leave")):
            self._rooms.leave(number)
            news.left.append(number)
        token = answer.get("next_batch")
        if not isinstance(token, str):
            raise MatrixRefused(200, "", "a sync without next_batch")
        await self._inbox.take_in(self._user, token, news.received, self._now())
        return news

    async def _take_in_room(self, news: News, number: str, told: Json, since: str) -> None:
        room = self._rooms.enter(number)
        timeline = _dict(told.get("timeline"))
        events = _events(timeline.get("events"))
        state = [*_events(_dict(told.get("state")).get("events")), *(each for each in events if "state_key" in each)]
        for event in state:
            before_it = room.present
            room.apply(event)
            if before_it - room.present:
                # Whoever left must not be able to read what is said from now on.
                self._encryption.forget(number)
        if state:
            news.changed.append(number)
        if not since:
            return
        before = timeline.get("prev_batch")
        if timeline.get("limited") and isinstance(before, str) and not any(map(self._is_entry, events)):
            # What changed the room in a gap is in the state above.
            events = [*await self._gap(number, before, since), *events]
        entry = max((at for at, each in enumerate(events) if self._is_entry(each)), default=-1)
        for at, event in enumerate(events):
            received = await self._sift(number, event, at < entry)
            if received is not None:
                news.received.append(received)

    def _is_entry(self, event: Mapping[str, Any]) -> bool:
        """Whether an event is that we came into the room; a changed name or picture is not."""
        if event.get("type") != "m.room.member" or event.get("state_key") != self._user:
            return False
        was = _dict(event.get("unsigned")).get("prev_content") or event.get("prev_content")
        return _dict(event.get("content")).get("membership") == JOINED and _dict(was).get("membership") != JOINED

    async def _gap(self, number: str, before: str, since: str) -> list[Json]:
        """Return what was said between two answers, if it was too much for one; in order."""
        found: list[Json] = []
        for _ in range(_MOST_PAGES):
            params = {"dir": "b", "from": before, "to": since, "limit": str(_A_PAGE)}
            try:
                page = await self._home.ask("GET", path("v3/rooms", number, "messages"), params=params)
            except MatrixRefused as error:
                if error.status in (403, 404):  # we are no longer there
                    break
                raise
            events = _events(page.get("chunk"))
            for event in events:
                found.append(event)
                if self._is_entry(event):
                    return found[::-1]
            end = page.get("end")
            if not events or not isinstance(end, str) or end == before:
                break
            before = end
        else:
            log.warning("more was said in a room than is read again")
        return found[::-1]


def _dict(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _events(value: object) -> list[Json]:
    return [each for each in _list(value) if isinstance(each, dict)]
