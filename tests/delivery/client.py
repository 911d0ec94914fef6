"""The chat service of another process, as delivery sees it; failures are told apart as on Discord."""

from datetime import datetime
from typing import Any

import aiohttp

from bot.caller import Caller
from bot.errors import DeliveryFailed
from bot.platforms.terminal.plain import plain
from bot.posting import Kind, Named, Post, Receipt, Target

NAME = "fake"
BUSY, UNWELL, UNREACHABLE = "the service is busy", "the service is unwell", "the service cannot be reached"
GONE, FORBIDDEN = "the channel is gone", "the channel takes no posts from Kruzhok"


class ServicePlatform:
    """Posts over HTTP."""

    name = NAME

    def __init__(self, session: aiohttp.ClientSession, address: str, posts_a_second: float = 1000.0) -> None:
        self._session = session
        self._address = address
        self.posts_a_second = posts_a_second

    async def post(self, target: Target, post: Post, key: str) -> Receipt:
        """Post once."""
        return _receipt(await self._ask("post", channel=target.channel, key=key, text=plain(post.reply)))

    async def find(self, target: Target, key: str, since: datetime) -> Receipt | None:
        """Look for a post of ours by its key among the messages since a time (UTC)."""
        found = (await self._ask("find", channel=target.channel, since=str(since.timestamp())))["found"]
        return next((_receipt(each) for each in found if each["key"] == key), None)

    async def results(self, receipt: Receipt) -> str:
        """Return nothing: there are no polls."""
        return ""

    async def open_thread(self, target: Target, receipt: Receipt, post: Post) -> str:
        """Open the thread of a post, unless it has one; returns the service's number of it."""
        answer = await self._ask("thread", channel=target.channel, message=receipt.message, subject=post.subject)
        return str(answer["thread"])

    async def _ask(self, where: str, **asked: str) -> Any:
        try:
            async with self._session.post(f"{self._address}/{where}", json=asked) as answer:
                if answer.status == 429:
                    raise DeliveryFailed(BUSY, (await answer.json())["retry_after"], is_certain=True)
                if answer.status >= 500:
                    raise DeliveryFailed(UNWELL)
                if answer.status >= 400:
                    raise DeliveryFailed(GONE if answer.status == 404 else FORBIDDEN, is_certain=True)
                return await answer.json()
        except (aiohttp.ClientError, OSError) as error:
            raise DeliveryFailed(UNREACHABLE) from error

    async def missing(self, target: Target) -> list[str]:
        """Miss nothing."""
        return []

    async def report(self, target: Target) -> list[tuple[str, bool]]:
        """Report nothing."""
        return []

    async def resolve(self, kind: Kind, caller: Caller, text: str, channel: str = "") -> Named:
        """Take any name for a number."""
        return Named(text, text)

    def called(self, kind: Kind, number: str, server: str) -> str:
        """Return the number."""
        return number


def _receipt(message: dict[str, str]) -> Receipt:
    return Receipt(message["channel"], message["number"], thread=message["thread"])
