"""Tells what an event asks of the bot: a command, a reaction that stands for one, or to take an answer back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.app import App
from bot.platforms.matrix import addressing
from bot.platforms.matrix.addressing import Surroundings, parted
from bot.platforms.matrix.declining import is_asked_in_room
from bot.platforms.matrix.encryption import Encryption, Unreadable
from bot.platforms.matrix.homeserver import Json
from bot.platforms.matrix.rooms import Room, Rooms
from bot.platforms.matrix.stream import group_of
from bot.store.inbox import Received
from bot.store.outbox import Outbox

ENCRYPTED = "m.room.encrypted"
# An event that is kept is no longer than the server takes; what is longer is none. Python writes some signs of three or
# four bytes with up to ten characters.
_LONGEST = 200_000


@dataclass(frozen=True, slots=True)
class Request:
    """A command line of a member's.

    Attributes:
        event: What it is asked by, and is answered.
        sender: Who asks.
        room: Where it is answered, unless that is private.
        asked_in: The group that it is about: the room's, but for a reaction to a private answer.
        part: Which part of a long answer is wanted.
        thread: The event that the thread began with in which it is asked; empty outside threads.
        post: The message of ours that it is a reaction to; empty if it is none.
    """

    event: str
    sender: str
    room: str
    asked_in: str
    line: str
    part: int = 1
    thread: str = ""
    post: str = ""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A member took an event back."""

    event: str


@dataclass(frozen=True, slots=True)
class Verification:
    """A member wants to verify us."""


class Asking:
    """What events ask for."""

    def __init__(self, app: App, user: str, encryption: Encryption, rooms: Rooms, outbox: Outbox) -> None:
        self._app = app
        self._user = user
        self._encryption = encryption
        self._rooms = rooms
        self._outbox = outbox
        self._words = frozenset(each.name.split()[0] for each in app.commands.all)

    async def sift(
        self, number: str, event: Mapping[str, Any], is_old: bool, is_before: bool = False
    ) -> Received | None:
        """Return an event as it is to be kept, if it asks for something or cannot be read yet.

        Args:
            is_old: Whether it was sent before the bot started; reactions are for the moment, commands are not.
            is_before: Whether it was sent before the bot came into the room. Nothing of that is meant for the bot but
                that somebody wants to verify it: clients make a room for that, and do not wait until it comes.
        """
        event_id, sender = event.get("event_id"), event.get("sender")
        if not isinstance(event_id, str) or not isinstance(sender, str) or sender == self._user:
            return None
        if "state_key" in event or len(str(event)) > _LONGEST:
            return None
        kept = Received(group_of(number), event_id, event)
        try:
            readable = self.readable(number, event)
        except Unreadable as error:
            if is_before or not error.session_id or not error.can_come:
                return None
            return Received(group_of(number), event_id, event, error.session_id)
        if is_old and addressing.reaction(readable):
            return None
        request = await self.request(self._rooms[number], readable)
        return kept if request and (not is_before or isinstance(request, Verification)) else None

    def readable(self, number: str, event: Mapping[str, Any]) -> Json:
        """Return an event in clear.

        Raises:
            Unreadable: Its key is not here.
        """
        if event.get("type") == ENCRYPTED:
            return self._encryption.decrypt(number, dict(event))
        return dict(event)

    async def request(self, room: Room, event: Mapping[str, Any]) -> Request | Withdrawal | Verification | None:
        """Return what a readable event asks for; None if that is nothing."""
        if taken_back := addressing.redacted(event):
            return Withdrawal(taken_back)
        if is_asked_in_room(event, self._user, self._app.now()):
            return Verification()
        if found := addressing.reaction(event):
            return await self._reaction(room, event, *found)
        message = addressing.said(event)
        if message is None:
            return None
        values = await self._app.values.at(group_of(room.number))
        # Whoever is invited may come at any time; until then, what is said is said to us.
        is_for_two = len(room.joined) <= 2
        names = (self._user, self._user.partition(":")[0].lstrip("@"), room.display_name(self._user))
        asked = addressing.asked(message, Surroundings(values["prefix"], names, is_for_two, self._words))
        if asked is None:
            return None
        group = group_of(room.number)
        return Request(message.event, message.sender, room.number, group, asked.line, asked.part, message.thread)

    async def _reaction(self, room: Room, event: Mapping[str, Any], to: str, emoji: str) -> Request | None:
        answer = await self._outbox.sent_as(to)
        if answer is None or answer.group != group_of(room.number) or emoji not in answer.reactions:
            return None
        asked = parted(answer.reactions[emoji])
        number, sender = str(event["event_id"]), str(event["sender"])
        return Request(number, sender, room.number, answer.asked_in, asked.line, asked.part, answer.thread, to)
