"""Delivers scheduled posts to Matrix: once, findable by their keys, with every refusal said in a sentence."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.app import App
from bot.caller import Caller
from bot.errors import DeliveryFailed, Refused, UserError
from bot.platforms.matrix import posts, render
from bot.platforms.matrix.asking import Asking
from bot.platforms.matrix.encryption import Unreadable
from bot.platforms.matrix.homeserver import Homeserver, Json, MatrixRefused, Unreachable, path
from bot.platforms.matrix.polling import Polling
from bot.platforms.matrix.rooms import Room, Rooms
from bot.platforms.matrix.sending import Sending, Sleep, transaction_of
from bot.platforms.matrix.stream import PLATFORM, group_of
from bot.posting import Kind, Named, Post, Receipt, Target
from bot.store.outbox import Message, Outbox

KEY = "org.kruzhok.key"
ROOM, EVERYBODY = "room", "@room"
NOT_THERE = "Kruzhok is not in the room any more. Invite it again, or choose another with /config channel"
MAY_NOT_POST = "Kruzhok may not write here. Give it the power level {level}."
MAY_NOT_MENTION = (
    "Kruzhok may not mention everybody here. Give it the power level {level}, or choose none with /config mention."
)
TOO_FAST = "the homeserver wants fewer messages"
ONLY_ROOM = "On Matrix a post can mention everybody (@room), or none."
NO_ROLES = (
    "moderators is for Discord: a role whose members are moderators too. On Matrix the room’s power levels decide: "
    "whoever may change its settings is a moderator."
)
NO_TAGS = (
    "tag is for Discord: the tag that scheduled posts get in a forum. Rooms on Matrix have no tags, so there is "
    "nothing to choose."
)
# Between the server's clock, which is in its events, and ours.
_SKEW = timedelta(minutes=2)
_PAGE, _MOST_PAGES = 100, 50
# Of the 30 seconds that a post may take.
_MOST_PATIENCE = 16.0


@dataclass(frozen=True, slots=True)
class Account:
    """Who delivers: our account, and what it is in."""

    user: str
    home: Homeserver
    rooms: Rooms


class MatrixPlatform:
    """Matrix, as delivery sees it."""

    name = PLATFORM
    # Servers take 0.2 messages a second of everybody, or what they were told to; they say so, and posts wait for it.
    posts_a_second = 20.0

    def __init__(
        self,
        app: App,
        account: Account,
        asking: Asking,
        sending: Sending,
        outbox: Outbox,
        polls: Polling,
        sleep: Sleep,
    ) -> None:
        self._app = app
        self._user = account.user
        self._home = account.home
        self._rooms = account.rooms
        self._asking = asking
        self._sending = sending
        self._outbox = outbox
        self._polls = polls
        self._sleep = sleep
        self._names = tuple(each.name for each in app.commands.all)
        # Posts go out in planned order: while one waits for the server's patience, those after it do not try.
        self._in_order = asyncio.Lock()

    def _room(self, target: Target) -> Room:
        room = self._rooms.get(target.channel)
        if room is None:
            raise DeliveryFailed(NOT_THERE, is_certain=True)
        return room

    async def post(self, target: Target, post: Post, key: str) -> Receipt:
        """Post once."""
        room = self._room(target)
        mentions = self._mentions(room, target)
        shown = await self._shown(target)
        message = posts.post(post, shown, mentions_room=mentions, has_thread=target.threads)
        content = {
            **render.content(message, notice=False),
            "m.mentions": {"room": True} if mentions else {},
            KEY: key,
        }
        event = await self._send(room, content, transaction_of(key))
        reactions = render.reactions(post.reply, post.line, 1, 1)
        group = group_of(room.number)
        await self._outbox.remember(
            Message("", group, "", target.group, "m.room.message", content, reactions), event, self._app.now()
        )
        return self._receipt(room, event)

    def _mentions(self, room: Room, target: Target) -> bool:
        return target.role == ROOM and room.level(self._user) >= room.mention_level

    async def _shown(self, target: Target) -> render.Shown:
        prefix = (await self._app.values.at(target.group, target.server))["prefix"]
        return render.Shown(prefix=prefix, commands=self._names)

    async def _send(self, room: Room, content: Mapping[str, Any], transaction: str) -> str:
        """Send a message; answers go first, and the server's patience is waited for, if that is not long."""
        try:
            async with asyncio.timeout(_MOST_PATIENCE):
                await self._in_order.acquire()
        except TimeoutError:
            raise DeliveryFailed(TOO_FAST, retry_after=_MOST_PATIENCE, is_certain=True) from None
        try:
            await self._sending.calm()
            return await self._patiently(room, content, transaction)
        finally:
            self._in_order.release()

    async def _patiently(self, room: Room, content: Mapping[str, Any], transaction: str) -> str:
        waited = 0.0
        while True:
            try:
                return await self._sending.send(room.number, "m.room.message", content, transaction)
            except MatrixRefused as error:
                if error.retry_after is None:
                    raise DeliveryFailed(_refusal(error), is_certain=True) from error
                waited += error.retry_after
                if waited > _MOST_PATIENCE / 2:
                    raise DeliveryFailed(TOO_FAST, retry_after=error.retry_after, is_certain=True) from error
                await self._sleep(error.retry_after + 0.05)
            except Unreachable as error:
                raise DeliveryFailed(f"the homeserver does not answer: {error}") from error

    def _receipt(self, room: Room, event: str, thread: str = "") -> Receipt:
        return Receipt(room.number, event, f"https://matrix.to/#/{room.number}/{event}", thread)

    async def find(self, target: Target, key: str, since: datetime) -> Receipt | None:
        """Look for a post of ours by its key among the messages since a time (UTC)."""
        room = self._room(target)
        try:
            async for event in self._own(room, since - _SKEW):
                if event["content"].get(KEY) == key:
                    return self._receipt(room, str(event.get("event_id", "")))
        except Unreachable as error:
            raise DeliveryFailed(f"the homeserver does not answer: {error}") from error
        except MatrixRefused as error:
            raise DeliveryFailed(_refusal(error), error.retry_after, is_certain=True) from error
        return None

    async def _own(self, room: Room, since: datetime) -> AsyncIterator[Json]:
        """Give our own readable messages, newest first."""
        first = since.timestamp() * 1000
        wanted = f'{{"senders": ["{self._user}"], "types": ["m.room.message", "m.room.encrypted"]}}'
        params = {"dir": "b", "limit": str(_PAGE), "filter": wanted}
        for _ in range(_MOST_PAGES):
            page = await self._home.ask("GET", path("v3/rooms", room.number, "messages"), params=params)
            events = [each for each in page.get("chunk") or () if isinstance(each, dict)]
            for event in events:
                if event.get("origin_server_ts", 0) < first:
                    return
                try:
                    readable = self._asking.readable(room.number, event)
                except Unreadable:
                    continue
                if isinstance(readable.get("content"), dict):
                    yield readable
            if not events or not page.get("end"):
                return
            params["from"] = str(page["end"])
        raise DeliveryFailed("too much was posted here meanwhile to see whether this was posted already")

    async def open_thread(self, target: Target, receipt: Receipt, post: Post) -> str:
        """Begin the thread of a post with its first follow-up; returns the event that the thread is under."""
        room = self._room(target)
        starter = posts.thread_starter(post)
        if receipt.thread or starter is None:
            return receipt.thread
        relation = {
            "rel_type": "m.thread",
            "event_id": receipt.message,
            "is_falling_back": True,
            "m.in_reply_to": {"event_id": receipt.message},
        }
        content = {**render.content(starter, notice=True), "m.mentions": {}, "m.relates_to": relation}
        await self._send(room, content, transaction_of(receipt.message, "thread"))
        return receipt.message

    async def results(self, receipt: Receipt) -> str:
        """Return how members voted in the poll under a post, as a sentence; nothing if there is none."""
        room = self._rooms.get(receipt.channel)
        if room is None:
            return ""
        try:
            return await self._polls.results(room, receipt.message)
        except (MatrixRefused, Unreachable):
            return ""

    async def missing(self, target: Target) -> list[str]:
        """Return what keeps us from posting there, each as a sentence for moderators."""
        room = self._rooms.get(target.channel)
        if room is None:
            return [f"{NOT_THERE}."]
        wrong = []
        if not room.may_send(self._user, _sent_as(room)):
            wrong.append(MAY_NOT_POST.format(level=room.needed(_sent_as(room))))
        if target.role == ROOM and not self._mentions(room, target):
            wrong.append(MAY_NOT_MENTION.format(level=room.mention_level))
        return wrong

    async def report(self, target: Target) -> list[tuple[str, bool]]:
        """Return what can and cannot be done there."""
        room = self._rooms.get(target.channel)
        if room is None:
            return [("be in the room", False)]
        report = [("be in the room", True), ("post here", room.may_send(self._user, _sent_as(room)))]
        if target.role == ROOM:
            report.append(("mention everybody (@room)", self._mentions(room, target)))
        return report

    async def resolve(self, kind: Kind, caller: Caller, text: str, channel: str = "") -> Named:
        """Return the room, or everybody, that a moderator means and may use."""
        match kind:
            case "channel":
                return await self._chosen_room(caller, text.strip())
            case "mention":
                if text.strip().casefold() not in (EVERYBODY, ROOM, "everybody", "everyone"):
                    raise UserError(ONLY_ROOM)
                return Named(ROOM, EVERYBODY)
            case "role":
                raise UserError(NO_ROLES)
            case "tag":
                raise UserError(NO_TAGS)

    async def _chosen_room(self, caller: Caller, text: str) -> Named:
        number = text
        if text.startswith("#"):
            try:
                found = await self._home.ask("GET", path("v3/directory/room", text))
            except (MatrixRefused, Unreachable):
                raise UserError(f"There is no room {text[:80]} that Kruzhok can find.") from None
            number = str(found.get("room_id", ""))
        room = self._rooms.get(number)
        if room is None:
            raise UserError("Kruzhok is not in that room. Invite it there first, then name it by its address (#…:…).")
        user = caller.user.partition(":")[2]
        if not room.is_moderator(user):
            raise Refused("You are no moderator of that room.")
        return Named(number, room.name or number)

    def called(self, kind: Kind, number: str, server: str) -> str:
        """Return what people call a room, or everybody, now; also if it is gone."""
        if kind != "channel":
            return EVERYBODY if number == ROOM else number
        room = self._rooms.get(number)
        return (room.name if room else "") or "this room"


def _sent_as(room: Room) -> str:
    return "m.room.encrypted" if room.is_encrypted else "m.room.message"


def _refusal(error: MatrixRefused) -> str:
    """Say why the server does not take a post."""
    if error.status == 403:
        return "Kruzhok may not write in the room, or is not in it any more"
    if error.is_lost_token:
        return "the homeserver does not accept Kruzhok's access any more"
    return f"the homeserver does not take it ({error.code or error.status})"
