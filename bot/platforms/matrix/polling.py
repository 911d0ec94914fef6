"""Starts polls from the opposed positions of a prompt, and counts their votes where the server keeps them."""

from collections.abc import AsyncIterator

from bot.app import App
from bot.caller import Caller
from bot.errors import UserError
from bot.platforms.matrix import polls
from bot.platforms.matrix.asking import Asking, Request
from bot.platforms.matrix.encryption import Unreadable
from bot.platforms.matrix.homeserver import Homeserver, Json, path
from bot.platforms.matrix.rooms import Room
from bot.platforms.matrix.sending import transaction_of
from bot.platforms.matrix.stream import PLATFORM, group_of
from bot.store.outbox import POLL, Message, Outbox

_PAGE, _MOST_PAGES = 100, 20


def is_poll(line: str) -> bool:
    """Whether a line, which only reactions stand for, starts a poll: ``poll price-serge if-anything``."""
    return line.startswith("poll ")


class Polling:
    """Polls under posts, one each."""

    def __init__(self, app: App, user: str, home: Homeserver, asking: Asking, outbox: Outbox) -> None:
        self._app = app
        self._user = user
        self._home = home
        self._asking = asking
        self._outbox = outbox

    async def messages(self, request: Request) -> list[Message]:
        """Return the poll that a member asks for, unless there is one already, or its prompt is gone."""
        _, slug, number, *_ = [*request.line.split(" "), "", ""]
        if not request.post or await self._outbox.poll(request.post):
            return []
        caller = Caller(f"{PLATFORM}:{request.sender}", request.asked_in, reading=slug)
        try:
            prompt = await self._app.discussion.prompt(caller, number)
        except UserError:
            return []
        if not polls.is_poll(prompt):
            return []
        reply = {"m.in_reply_to": {"event_id": request.post}}
        thread = (
            {"rel_type": "m.thread", "event_id": request.thread, "is_falling_back": False} if request.thread else {}
        )
        content = {**polls.poll_start(prompt), "m.mentions": {}, "m.relates_to": {**thread, **reply}}
        group = group_of(request.room)
        # One of a post, whoever asks for it.
        key = transaction_of(request.post, "poll")
        # It answers nobody in particular: whoever takes the reaction back does not take others' votes with it.
        return [Message(key, group, "", request.asked_in, POLL, content)]

    async def results(self, room: Room, post: str) -> str:
        """Return how members voted under a post, as a sentence; nothing if there is no poll.

        Raises:
            MatrixRefused: The server does not tell.
            Unreachable: It does not answer.
        """
        poll = await self._outbox.poll(post)
        if not poll:
            return ""
        start = self._readable(room, await self._home.ask("GET", path("v3/rooms", room.number, "event", poll)))
        begun = None if start is None else polls.poll_in(start)
        if begun is None:
            return ""
        events = [event async for event in self._related(room, poll)]

        def may_end(user: str) -> bool:
            return user == self._user or room.level(user) >= room.redact_level

        return polls.told(begun, polls.votes(begun, events, may_end))

    def _readable(self, room: Room, event: Json) -> Json | None:
        try:
            readable = self._asking.readable(room.number, event)
        except Unreadable:
            return None
        return readable if isinstance(readable.get("content"), dict) else None

    async def _related(self, room: Room, poll: str) -> AsyncIterator[Json]:
        """Give the readable events that refer to a poll."""
        params = {"limit": str(_PAGE)}
        for _ in range(_MOST_PAGES):
            page = await self._home.ask(
                "GET", path("v1/rooms", room.number, "relations", poll, "m.reference"), params=params
            )
            for event in page.get("chunk") or ():
                readable = self._readable(room, event) if isinstance(event, dict) else None
                if readable is not None:
                    yield readable
            if not isinstance(page.get("next_batch"), str):
                return
            params["from"] = page["next_batch"]
