"""Answers what is asked: in each room in order, once, whatever happens meanwhile."""

import asyncio
import logging
import sqlite3
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from random import Random
from typing import Any

from bot.answers import mark
from bot.app import App
from bot.caller import Caller
from bot.commands import BUG, Failure, safely
from bot.errors import UserError
from bot.platforms.matrix import render
from bot.platforms.matrix.asking import Asking, Request, Verification, Withdrawal
from bot.platforms.matrix.declining import CANCEL, declined_in_room
from bot.platforms.matrix.direct import DirectRooms
from bot.platforms.matrix.encryption import StoreBroken, Unreadable
from bot.platforms.matrix.homeserver import MatrixRefused, Unreachable
from bot.platforms.matrix.polling import Polling, is_poll
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.sending import REDACTION, Pauses, Sending, Sleep, transaction_of
from bot.platforms.matrix.stream import PLATFORM, group_of, room_of
from bot.reply import Prose, Reply
from bot.store.inbox import Inbox, Waiting
from bot.store.outbox import Message, Outbox

log = logging.getLogger(__name__)

SENT_DIRECTLY = "The answer is for you alone: it is in a direct room with you."
REFUSED = "This was refused. The reason is in a direct room with you."
NO_DIRECT_ROOM = (
    "The answer is for you alone, and I could not open a direct room with you. Let me invite you, then ask again."
)
INTERRUPTED = (
    "Kruzhok was stopped while it was at this, and does not do it again by itself. /config log and /schedule list show "
    "whether it was done."
)
CANNOT_READ = (
    "I cannot read this message: its key has not reached me. If it was meant for me, please send it again. If that "
    "does not help, see in your app's settings whether it sends to verified devices only."
)
# How long a key may take before we say that it is missing, and how often we look.
PATIENCE, LOOK_SECONDS = timedelta(seconds=20), 5.0
# What cannot be kept, as with a full disk, and how long to wait then.
_FAULTS = (sqlite3.Error, StoreBroken)
_FAULT_SECONDS = 5.0
_PRIVACY_DELETE = "privacy delete"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A message to be sent: its content, and what reactions to it ask for."""

    content: dict[str, Any]
    reactions: dict[str, str]


class Answering:
    """Whatever is asked in the rooms of one account, answered.

    Attributes:
        ending: Set when no further answers are to be begun.
    """

    def __init__(
        self,
        app: App,
        user: str,
        rooms: Rooms,
        asking: Asking,
        inbox: Inbox,
        outbox: Outbox,
        sending: Sending,
        direct: DirectRooms,
        polling: Polling,
        sleep: Sleep,
        random: Random,
    ) -> None:
        self._app = app
        self._user = user
        self._rooms = rooms
        self._asking = asking
        self._inbox = inbox
        self._outbox = outbox
        self._sending = sending
        self._direct = direct
        self._polling = polling
        self._sleep = sleep
        self._random = random
        self._names = tuple(each.name for each in app.commands.all)
        self._at_work: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self.ending = asyncio.Event()

    async def begin(self) -> None:
        """Go on with what was asked, or not sent, before the bot was stopped."""
        await self._inbox.can_be_read(await self._readable_by_now())
        self.wake(await self._inbox.groups())
        self.wake(await self._outbox.groups())

    async def _readable_by_now(self) -> list[tuple[str, str]]:
        """Return the groups and sessions whose key came, but that was not seen before the bot was stopped."""
        found = []
        for each in await self._inbox.unreadable(also_told=True):
            with suppress(Unreadable):
                self._asking.readable(room_of(each.received.group), each.received.source)
                found.append((each.received.group, each.received.session))
        return found

    def wake(self, groups: Iterable[str]) -> None:
        """Answer what waits in these groups."""
        for group in groups:
            if group in self._at_work:
                self._again.add(group)
            elif not self.ending.is_set():
                task = asyncio.ensure_future(self._work(group))
                self._at_work[group] = task
                task.add_done_callback(partial(self._done, group))

    def _done(self, group: str, task: asyncio.Task[None]) -> None:
        del self._at_work[group]
        if not task.cancelled() and task.exception() is not None:
            log.error("answers in a room have ended", exc_info=task.exception())
        if group in self._again:
            self._again.discard(group)
            self.wake((group,))

    async def finish(self, seconds: float) -> bool:
        """Begin nothing more, and wait for what was begun; returns whether all was finished."""
        self.ending.set()
        tasks = list(self._at_work.values())
        if not tasks:
            return True
        _, unfinished = await asyncio.wait(tasks, timeout=seconds)
        for task in unfinished:
            task.cancel()
        await asyncio.gather(*unfinished, return_exceptions=True)
        return not unfinished

    async def _work(self, group: str) -> None:
        """Send and answer all that waits in a group."""
        with self._sending.at_answers():
            await self._work_off(group)

    async def _work_off(self, group: str) -> None:
        to_flush = [group]
        while not self.ending.is_set():
            try:
                for each in to_flush:
                    await self._sending.flush(each, self._app.now)
                waiting = await self._inbox.next(group)
                if waiting is None:
                    return
                to_flush = await self._handle(waiting)
            except _FAULTS:  # nothing is lost, and it goes on when there is room
                log.exception("answers in %s wait", group)
                to_flush = [group]
                await self._sleep(_FAULT_SECONDS)

    async def _handle(self, waiting: Waiting) -> list[str]:
        """Take one received event to its end; returns the groups to which something is to be sent."""
        try:
            return await self._handled(waiting)
        except (*_FAULTS, asyncio.CancelledError):
            raise
        except Exception as error:  # a bug: logged whole; it must not keep those who ask afterwards from being answered
            mark(error, str(waiting.received.source))
            log.exception("an event could not be handled")
            await self._inbox.drop(waiting.number)
            return []

    async def _handled(self, waiting: Waiting) -> list[str]:
        received = waiting.received
        room = self._rooms.get(room_of(received.group))
        if room is None:
            await self._inbox.drop(waiting.number)
            return []
        try:
            request = await self._asking.request(room, self._asking.readable(room.number, received.source))
        except Unreadable as error:
            await self._put_aside(waiting, error.session_id)
            return []
        if request is None:
            await self._inbox.drop(waiting.number)
            return []
        if isinstance(request, Withdrawal):
            messages = await self._withdrawn(received.event, request.event)
        elif isinstance(request, Verification):
            event, group = received.event, received.group
            messages = [Message(transaction_of(event, 0), group, event, group, CANCEL, declined_in_room(event))]
        else:
            messages = await self._answer(waiting, request)
        await self._outbox.answer(waiting.number, messages, self._app.now())
        return list(dict.fromkeys(each.group for each in messages))

    async def _put_aside(self, waiting: Waiting, session: str) -> None:
        """Keep what cannot be read, to be told of once: its key has not come, or the one that came begins after it."""
        if not session:
            await self._inbox.drop(waiting.number)
        elif await self._outbox.answers_to(waiting.received.event):
            await self._inbox.tell((waiting.number,))
        else:
            await self._inbox.cannot_read(waiting.number, session)

    async def _withdrawn(self, redaction: str, event: str) -> list[Message]:
        """Take back what was answered to an event that was taken back."""
        await self._inbox.drop_event(event)
        return [
            Message(
                transaction_of(redaction, number),
                answer.group,
                redaction,
                answer.asked_in,
                REDACTION,
                {"redacts": answer.event},
            )
            for number, answer in enumerate(await self._outbox.answers_to(event))
            if answer.event.startswith("$")
        ]

    async def _answer(self, waiting: Waiting, request: Request) -> list[Message]:
        if request.post and is_poll(request.line):
            return await self._polling.messages(request)
        answer = await self._replied(waiting, request)
        is_private = answer.private if isinstance(answer, Reply) else answer.kind == "refused"
        try:
            made = [await self._rendered(request, answer)]
        except Exception as error:  # a bug of the renderer's: told as any other
            mark(error, request.line)
            log.exception("an answer could not be laid out")
            made = [await self._rendered(request, Failure("bug", BUG))]
        room = self._rooms.get(request.room)
        if not is_private or room is None or room.present <= {self._user, request.sender}:
            return [self._message(request, request.room, number, each) for number, each in enumerate(made)]
        return await self._directly(request, made[0], REFUSED if isinstance(answer, Failure) else SENT_DIRECTLY)

    async def _replied(self, waiting: Waiting, request: Request) -> Reply | Failure:
        asked_in = self._rooms.get(room_of(request.asked_in))
        caller = Caller(
            user=f"{PLATFORM}:{request.sender}",
            group=request.asked_in,
            is_moderator=asked_in is not None and asked_in.is_moderator(request.sender),
        )
        if self._must_not_be_repeated(request.line):
            if waiting.was_begun:
                return Reply("Interrupted", (Prose(INTERRUPTED),), private=True)
            await self._inbox.begin(waiting.number)
            if caller.is_moderator:
                await self._app.groups.seen(caller.group, caller.server)
        return await safely(self._app.commands.answer(caller, request.line))

    def _must_not_be_repeated(self, line: str) -> bool:
        """Whether a command changes something that is then there twice."""
        try:
            command, _ = self._app.commands.parse(line)
        except UserError:
            return False
        return command.for_moderators or command.name == _PRIVACY_DELETE

    async def _rendered(self, request: Request, answer: Reply | Failure) -> Rendered:
        prefix = (await self._app.values.at(request.asked_in))["prefix"]
        reading = await self._app.readings.of(Caller("", request.asked_in))
        reply = Reply("", (Prose(answer.message),)) if isinstance(answer, Failure) else answer
        shown = render.Shown(prefix=prefix, commands=self._names, line=request.line, source=reading.source)
        divided = render.parts(reply, shown)
        part = min(request.part, len(divided))
        reactions = render.reactions(reply, request.line, part, len(divided))
        return Rendered(render.content(divided[part - 1], notice=True), reactions)

    async def _directly(self, request: Request, made: Rendered, note: str) -> list[Message]:
        """Answer in a direct room, and say in the room that it was done."""
        direct = await self._direct_room(request.sender)
        if direct is None:
            return [self._message(request, request.room, 1, await self._told(request, NO_DIRECT_ROOM))]
        return [
            self._message(request, direct, 0, made),
            self._message(request, request.room, 1, await self._told(request, note)),
        ]

    async def _direct_room(self, user: str) -> str | None:
        """Return the direct room with somebody, however long that takes; None if they cannot be invited."""
        pauses = Pauses(self._random)
        while True:
            try:
                return await self._direct.with_user(user)
            except Unreachable:
                await self._sleep(pauses.next())
            except MatrixRefused as error:
                if error.retry_after is None:
                    log.info("no direct room could be opened: %s", error.code)
                    return None
                await self._sleep(error.retry_after + 0.05)

    async def _told(self, request: Request, sentence: str) -> Rendered:
        return Rendered((await self._rendered(request, Failure("usage", sentence))).content, {})

    def _message(self, request: Request, room: str, number: int, made: Rendered) -> Message:
        content = {**made.content, "m.mentions": {}}
        if room == request.room:
            content["m.relates_to"] = relation(request.thread, request.post or request.event)
        return Message(
            transaction_of(request.event, number),
            group_of(room),
            request.event,
            request.asked_in,
            "m.room.message",
            content,
            made.reactions,
        )

    async def tell_of_unreadable(self) -> None:
        """Say once of what could not be read for a while that it could not, again and again, until cancelled."""
        while True:
            try:
                await self._tell_of_unreadable()
            except _FAULTS:  # it is said when there is room again
                log.exception("nobody could be told of what cannot be read")
            await self._sleep(LOOK_SECONDS)

    async def _tell_of_unreadable(self) -> None:
        late = [each for each in await self._inbox.unreadable() if self._app.now() - each.received_at > PATIENCE]
        for each in late:
            received = each.received
            known = await self._inbox.was_told(received.group, received.session)
            await self._inbox.tell((each.number,))
            room = self._rooms.get(room_of(received.group))
            if known or room is None:
                continue
            sender = str(received.source.get("sender", ""))
            request = Request(received.event, sender, room.number, received.group, "")
            message = self._message(request, room.number, -1, await self._told(request, CANNOT_READ))
            await self._outbox.keep(message, self._app.now())
            self.wake((received.group,))


def relation(thread: str, event: str) -> dict[str, Any]:
    """Return how an answer belongs to what it answers: in the same thread, or as a reply."""
    reply = {"m.in_reply_to": {"event_id": event}}
    if not thread:
        return reply
    return {"rel_type": "m.thread", "event_id": thread, "is_falling_back": False, **reply}
