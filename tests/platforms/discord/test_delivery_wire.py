"""Delivery through what goes wrong on the wire: lost answers, disturbances, limits; 10,000 messages to look through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import pytest
from aiohttp import web
from discord.http import Route

from bot.app import App
from bot.errors import DeliveryFailed
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.delivery import DiscordPlatform
from bot.platforms.discord.finding import TOO_MUCH
from bot.platforms.discord.rest import BUSY, UNREACHABLE, UNWELL
from bot.posting import Post, Target
from bot.reply import Action, Prose, Reply
from tests.platforms.discord.loopback import _KRUZHOK, APPLICATION, TOKEN, _json, loopback

KEY = "kQ9_-aZ01234"
BEGAN = datetime(2026, 5, 1, tzinfo=UTC)
POST = Post(Reply("Title", (Prose("Words."),), actions=(Action("Another", "quote"),)), "Why?")
DIRECT, FORUM, TEXT, SERVER = 7, 8, 9, 3
KINDS = {DIRECT: 1, FORUM: 15, TEXT: 0}
HERE = {number: Target("discord:7", f"discord:server:{SERVER}", str(number)) for number in (FORUM, TEXT)} | {
    DIRECT: Target("discord:7", "", "7")
}


class Channels:
    """A direct message, a forum and a text channel, and how Discord takes what is posted there.

    Attributes:
        faults: What happens to the next requests that post; ``lost`` and the like after the message is there.
        posted: The messages, oldest first.
        asked: How many pages of messages were asked for.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.posted: list[dict[str, Any]] = []
        self.asked = 0
        self.posts = 0
        self._last = discord.utils.time_snowflake(BEGAN)

    def write(self, body: dict[str, Any], author: int = APPLICATION) -> dict[str, Any]:
        """Put a message there."""
        self._last += 1 << 22  # a thousandth of a second
        user = {"id": str(author), **_KRUZHOK}
        message = {**body, "id": str(self._last), "author": user, "channel_id": "7"}
        self.posted.append(message)
        return message

    async def answer(self, request: web.Request, body: Any) -> web.StreamResponse | None:
        """Answer as Discord does; None for what is none of this."""
        parts = request.path.strip("/").split("/")
        if parts[:1] != ["channels"]:
            return None
        if request.method == "GET" and len(parts) == 2:
            guild = {} if int(parts[1]) == DIRECT else {"guild_id": str(SERVER)}
            return _json({"id": parts[1], "type": KINDS[int(parts[1])], "name": "circle", **guild})
        if request.method == "GET":
            self.asked += 1
            after, limit = int(request.query["after"]), int(request.query["limit"])
            newer = [each for each in self.posted if int(each["id"]) > after]
            # As Discord does: the first after that, and of these the newest first.
            return _json(newer[:limit][::-1])
        self.posts += 1
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "429":
            told = {"message": "You are being rate limited.", "retry_after": 41.5, "global": True}
            return _json(told, 429, {"Via": "1.1 google", "Retry-After": "41.5"})
        if fault == "refused":
            return _json({"message": "Missing Permissions", "code": 50013}, 403)
        message = self.write(body)
        if fault == "lost":
            assert request.transport is not None
            request.transport.close()
            return _json({})
        if fault == "silent":
            await asyncio.Event().wait()
        if fault.isdecimal():
            return _json({"message": "Bad Gateway", "code": 0}, int(fault))
        if fault == "page":
            return web.Response(text="<html>Sign in to this network</html>", content_type="text/html")
        return _json(message)


@pytest.fixture
async def channels(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Channels]:
    async with loopback() as served:
        found = Channels()
        served.others = found.answer
        monkeypatch.setattr(Route, "BASE", f"http://127.0.0.1:{served.port}")
        yield found


@asynccontextmanager
async def platform(app: App) -> AsyncIterator[DiscordPlatform]:
    """Log in without a gateway: as a process that has only just begun, or that serves other servers."""
    async with KruzhokBot(app) as bot:
        await bot.login(TOKEN)
        yield DiscordPlatform(bot)


@pytest.mark.parametrize("fault", ["lost", "500", "502", "503", "504", "524", "page"])
@pytest.mark.parametrize("where", [DIRECT, FORUM, TEXT])
async def test_a_post_whose_answer_is_lost_is_not_sent_again_by_itself(
    app: App, channels: Channels, fault: str, where: int
) -> None:
    channels.faults = [fault]
    async with platform(app) as discord_:
        with pytest.raises(DeliveryFailed) as raised:
            await discord_.post(HERE[where], POST, KEY)
    assert str(raised.value) == (UNREACHABLE if fault == "lost" else UNWELL)
    assert not raised.value.is_certain
    assert channels.posts == len(channels.posted) == 1


async def test_a_post_whose_answer_was_lost_is_found_instead_of_posted_again(app: App, channels: Channels) -> None:
    channels.faults = ["lost"]
    async with platform(app) as discord_:
        with pytest.raises(DeliveryFailed):
            await discord_.post(HERE[DIRECT], POST, KEY)
    async with platform(app) as discord_:
        found = await discord_.find(HERE[DIRECT], KEY, BEGAN)
    assert found is not None
    assert found.message == channels.posted[0]["id"]


async def test_no_answer_at_all_is_waited_for_only_so_long(
    app: App, channels: Channels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.rest.SECONDS", 0.1)
    channels.faults = ["silent"]
    async with platform(app) as discord_:
        with pytest.raises(DeliveryFailed) as raised:
            await discord_.post(HERE[DIRECT], POST, KEY)
        assert (str(raised.value), raised.value.is_certain) == (UNREACHABLE, False)
        assert await discord_.find(HERE[DIRECT], KEY, BEGAN)


async def test_discords_wish_to_wait_is_handed_on_and_blocks_nothing_else(app: App, channels: Channels) -> None:
    channels.faults = ["429"]
    async with platform(app) as discord_:
        async with asyncio.timeout(5):
            with pytest.raises(DeliveryFailed) as raised:
                await discord_.post(HERE[DIRECT], POST, KEY)
            error = raised.value
            assert (str(error), error.retry_after, error.is_certain) == (BUSY, 41.5, True)
            assert not channels.posted
            # discord.py would hold every request of the process for those seconds; cut short, for ever.
            assert (await discord_.post(HERE[DIRECT], POST, KEY)).message


async def test_a_refusal_is_certain_only_as_the_first_answer(app: App, channels: Channels) -> None:
    channels.faults = ["502", "refused"]
    async with platform(app) as discord_:
        with pytest.raises(DeliveryFailed) as raised:
            await discord_.post(HERE[DIRECT], POST, KEY)
        assert not raised.value.is_certain
        with pytest.raises(DeliveryFailed) as raised:
            await discord_.post(HERE[DIRECT], POST, KEY)
        assert raised.value.is_certain


async def test_nobody_there_is_said(app: App, channels: Channels, monkeypatch: pytest.MonkeyPatch) -> None:
    async with platform(app) as discord_:
        monkeypatch.setattr(Route, "BASE", "http://127.0.0.1:9")
        with pytest.raises(DeliveryFailed) as raised:
            await discord_.post(HERE[DIRECT], POST, KEY)
    assert (str(raised.value), raised.value.is_certain) == (UNREACHABLE, False)


async def test_the_nonce_is_on_the_wire(app: App, channels: Channels) -> None:
    async with platform(app) as discord_:
        await discord_.post(HERE[DIRECT], POST, KEY)
    (message,) = channels.posted
    assert (message["nonce"], message["enforce_nonce"]) == (KEY, True)
    assert message["allowed_mentions"] == {"parse": []}


async def test_a_post_is_found_among_many_messages(app: App, channels: Channels) -> None:
    for number in range(2500):
        channels.write({"content": f"{number}", "components": []}, author=5)
    async with platform(app) as discord_:
        receipt = await discord_.post(HERE[DIRECT], POST, KEY)
        for number in range(50):
            channels.write({"content": f"{number}", "components": []}, author=5)
        assert await discord_.find(HERE[DIRECT], KEY, BEGAN) == receipt
        assert channels.asked == 26
        # Two minutes before it are looked at, as clocks differ.
        assert await discord_.find(HERE[DIRECT], KEY, BEGAN + timedelta(minutes=1)) == receipt
        assert await discord_.find(HERE[DIRECT], KEY, BEGAN + timedelta(minutes=5)) is None


async def test_a_key_in_somebody_elses_message_is_not_ours(app: App, channels: Channels) -> None:
    async with platform(app) as discord_:
        await discord_.post(HERE[DIRECT], POST, KEY)
        channels.write(channels.posted.pop(), author=5)
        assert await discord_.find(HERE[DIRECT], KEY, BEGAN) is None


async def test_where_too_much_was_written_nothing_is_claimed(app: App, channels: Channels) -> None:
    for number in range(10_001):
        channels.write({"content": f"{number}", "components": []}, author=5)
    async with platform(app) as discord_:
        with pytest.raises(DeliveryFailed) as raised:
            await discord_.find(HERE[DIRECT], KEY, BEGAN)
    assert (str(raised.value), raised.value.is_certain) == (TOO_MUCH.format(where="#circle"), False)
    assert channels.asked == 100
