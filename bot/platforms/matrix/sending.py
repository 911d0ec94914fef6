"""Sends events once: encrypted where the room is, answers before scheduled posts, as fast as the server lets us."""

import asyncio
import hashlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from random import Random
from typing import Any

from bot.platforms.matrix.encryption import Encryption
from bot.platforms.matrix.homeserver import Homeserver, MatrixRefused, Unreachable, path
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.stream import room_of
from bot.store.outbox import Message, Outbox

log = logging.getLogger(__name__)

REDACTION = "m.room.redaction"
# Between tries at a server that does not answer: twice as long each time, with jitter.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
# Scheduled posts let answers go first, but not for ever.
_CALM_SECONDS = 10.0
# Set in whatever is done for an answer. A command may post, as `schedule run` does: that must not wait for its answer.
_is_for_an_answer: ContextVar[bool] = ContextVar("is_for_an_answer", default=False)

Sleep = Callable[[float], Awaitable[None]]


class Pauses:
    """How long to wait between tries, longer each time."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._seconds = FIRST_PAUSE

    def next(self) -> float:
        """Return the seconds to wait now."""
        seconds = self._seconds * (0.5 + self._random.random())
        self._seconds = min(LONGEST_PAUSE, self._seconds * 2)
        return seconds

    def reset(self) -> None:
        """Begin anew, after a success."""
        self._seconds = FIRST_PAUSE


def transaction_of(*parts: object) -> str:
    """Return a transaction's id, the same for the same parts whenever it is made."""
    whole = "\n".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return f"kruzhok-{hashlib.blake2b(whole, digest_size=15).hexdigest()}"


class Sending:
    """What is sent, and in which order.

    Args:
        lost: Told when the server does not want us any more.
    """

    def __init__(
        self,
        home: Homeserver,
        encryption: Encryption,
        rooms: Rooms,
        outbox: Outbox,
        sleep: Sleep,
        random: Random,
        lost: Callable[[MatrixRefused], None],
    ) -> None:
        self._home = home
        self._encryption = encryption
        self._rooms = rooms
        self._outbox = outbox
        self._sleep = sleep
        self._random = random
        self._lost = lost
        self._answering = 0
        self._calm = asyncio.Event()
        self._calm.set()
        self._one_by_one: dict[str, asyncio.Lock] = {}

    async def send(self, room: str, kind: str, content: Mapping[str, Any], transaction: str) -> str:
        """Send one event; returns Matrix's id of it. The same transaction again is the same event.

        Raises:
            MatrixRefused: The server does not take it, or not now.
            Unreachable: It is unknown whether the server has it.
        """
        if kind == REDACTION:
            what = path("v3/rooms", room, "redact", str(content["redacts"]), transaction)
            return str((await self._home.ask("PUT", what, {})).get("event_id", ""))
        # The order in which events of a room are encrypted is the one in which they are to come.
        async with self._one_by_one.setdefault(room, asyncio.Lock()):
            known = self._rooms.get(room)
            if known is not None and known.is_encrypted:
                content = await self._encryption.encrypt(room, known.present, kind, dict(content), known.encryption)
                kind = "m.room.encrypted"
            what = path("v3/rooms", room, "send", kind, transaction)
            return str((await self._home.ask("PUT", what, content)).get("event_id", ""))

    async def flush(self, group: str, now: Callable[[], Any]) -> None:
        """Send what waits for a group, in order, for as long as that takes; other groups do not wait."""
        pauses = Pauses(self._random)
        while (message := await self._outbox.next(group)) is not None:
            try:
                event = await self.send(room_of(group), message.kind, message.content, message.key)
            except Unreachable as error:
                log.info("an answer waits: %s", error)
                await self._sleep(pauses.next())
            except MatrixRefused as error:
                await self._refused(message, error, pauses, now)
            else:
                pauses.reset()
                await self._outbox.sent(message, event, now())

    async def _refused(self, message: Message, error: MatrixRefused, pauses: Pauses, now: Callable[[], Any]) -> None:
        """Wait, or give an answer up that the server never takes."""
        if error.is_lost_token:
            self._lost(error)
            await self._sleep(LONGEST_PAUSE)
        elif error.retry_after is not None:
            await self._sleep(error.retry_after + 0.05)
        elif error.status in (401, 408, 409):
            await self._sleep(pauses.next())
        else:
            log.warning("the server does not take an answer in %s: %s", message.group, error.code or error.status)
            await self._outbox.drop(message, now())

    @contextmanager
    def at_answers(self) -> Iterator[None]:
        """Answer, and send answers: scheduled posts let that go first."""
        self._answering += 1
        self._calm.clear()
        before = _is_for_an_answer.set(True)
        try:
            yield
        finally:
            _is_for_an_answer.reset(before)
            self._answering -= 1
            if not self._answering:
                self._calm.set()

    async def calm(self) -> None:
        """Wait until no answer is on its way, or for as long as a post should let others go first."""
        if _is_for_an_answer.get():
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(self._calm.wait(), _CALM_SECONDS)
