"""A Discord with thousands of servers, in which channels keep what is posted, and which can be ill for a while."""

import asyncio
import re
from datetime import UTC, datetime
from socket import SHUT_RDWR
from typing import Any

import discord
from aiohttp import web

from bot.platforms.discord.custom_id import key_in
from bot.platforms.discord.permissions import ALL
from tests.platforms.discord.loopback import _KRUZHOK, APPLICATION, Loopback, _json, _message, guild

_PLACE = re.compile(r"/(?:channels|guilds)/(?P<number>\d+)(?P<messages>/messages)?(?:/(?P<starter>\d+)/threads)?")
_FIRST_TEXT_CHANNEL = 1  # among a server's channels; before it stands a category
# What befalls a request while Discord is ill, one after the other; "" is nothing.
_ILLS = ("refused", "", "", "", "lost", "", "", "", "limited", "", "", "")


_FIRST, _SECOND = int(guild(0)["id"]), int(guild(1)["id"])


def server_and_channel(number: int) -> tuple[int, int]:
    """Return the number of a server and of the channel in it where its circle meets."""
    told = guild(number)
    return int(told["id"]), int(told["channels"][_FIRST_TEXT_CHANNEL]["id"])


class Town(Loopback):
    """Discord, as far as posts need it.

    Attributes:
        is_ill: Whether requests are refused, limited, or done without an answer.
        ills: When a request was not answered as it should be (UTC).
        posted: By channel, the messages that are there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_ill = False
        self.ills: list[datetime] = []
        self.posted: dict[int, list[dict[str, Any]]] = {}
        self.others = self._answer
        self._count = 0

    async def cut(self) -> None:
        """Break the gateway's connection without a word, as a network does."""
        assert self._socket is not None
        self._socket.get_extra_info("socket").shutdown(SHUT_RDWR)

    async def send(self, event: str, data: Any) -> None:
        """Send an event; servers let the bot do what it is invited for."""
        if event == "GUILD_CREATE":
            data["roles"][0]["permissions"] = str(ALL.value)
            data["unavailable"] = False  # by which discord.py tells it from one that the bot has just joined
            for channel in data["channels"]:
                channel["permission_overwrites"] = []
        await super().send(event, data)

    async def _answer(self, request: web.Request, body: Any) -> web.StreamResponse | None:
        if request.path.startswith("/webhooks/"):
            return _json(_message(""))  # an answer that took its time
        found = _PLACE.fullmatch(request.path)
        if found is None:
            return None
        channel = int(found["number"])
        if not found["messages"]:
            return _json(_looked_up(channel))
        self._count += 1
        ill = _ILLS[self._count % len(_ILLS)] if self.is_ill else ""
        if ill:
            self.ills.append(datetime.now(UTC))
        if ill == "refused":
            return _json({"message": "503: Service Unavailable", "code": 0}, 503)
        if ill == "limited":
            told = {"message": "You are being rate limited.", "retry_after": 0.3, "global": False}
            return _json(told, 429, {"Via": "1.1 town", "Retry-After": "1"})
        if request.method == "GET":
            after = int(request.query.get("after", 0))
            return _json([each for each in self.posted.get(channel, []) if int(each["id"]) > after][::-1])
        if found["starter"]:
            return _json({"id": found["starter"], "type": 11})  # a thread has the number of its message
        message = self._take(channel, body)
        if ill == "lost":
            assert request.transport is not None
            request.transport.abort()
            await asyncio.sleep(0)
        return _json(message)

    def _take(self, channel: int, body: Any) -> dict[str, Any]:
        """Keep a message, unless one with the same nonce is there, as Discord does for some minutes."""
        messages = self.posted.setdefault(channel, [])
        for each in messages:
            if body.get("enforce_nonce") and each["nonce"] == body["nonce"]:
                return each
        number = discord.utils.time_snowflake(datetime.now(UTC)) + self._count % (1 << 22)
        author = {"id": str(APPLICATION), **_KRUZHOK}
        messages.append({**body, "id": str(number), "author": author, "channel_id": str(channel)})
        return messages[-1]


def _looked_up(number: int) -> dict[str, Any]:
    """Return a server or a channel of one."""
    server = guild((number - _FIRST) // (_SECOND - _FIRST))
    found: dict[str, Any] = next((each for each in server["channels"] if each["id"] == str(number)), server)
    return {**found, "guild_id": server["id"]}


def keys(message: dict[str, Any]) -> set[str]:
    """Return the keys that a message's buttons carry."""
    buttons = [each for row in message["components"] for each in row.get("components", ())]
    return {key for each in buttons if (key := key_in(each.get("custom_id", "")))}


def posted_at(message: dict[str, Any]) -> datetime:
    """Return when a message was posted."""
    return discord.utils.snowflake_time(int(message["id"]))
