"""Looks for posts of ours by the keys that their buttons carry."""

from collections.abc import AsyncIterator, Iterable
from datetime import datetime, timedelta
from typing import Any

import discord
from discord.http import Route

from bot.errors import DeliveryFailed
from bot.platforms.discord.custom_id import key_in
from bot.platforms.discord.permissions import HISTORY
from bot.platforms.discord.places import Place, permissions, wants, without
from bot.platforms.discord.reaching import Reach, route
from bot.posting import Receipt, Target

NOT_CONNECTED = "Kruzhok is not connected to this server at the moment, and cannot see what it has posted"
TOO_MUCH = "in {where} too much was written meanwhile to see whether this was posted already"
# Between Discord's clock, which is in the numbers of messages, and ours.
_SKEW = timedelta(minutes=2)
# More than 100 pages would take longer than a delivery may; 10,000 messages in the hours that a post may be late
# is more than people write.
_PAGE, _MOST_PAGES = 100, 100


async def find(reach: Reach, target: Target, key: str, since: datetime) -> Receipt | None:
    """Look for a post of ours among the messages since a time.

    Raises:
        DeliveryFailed: It cannot be told, because messages cannot be read or are too many.
    """
    place = await reach.place(target)
    if place.server:
        given = permissions(reach.guild(target), place)
        if given is None:
            raise DeliveryFailed(NOT_CONNECTED)
        # Discord gives an empty list to whom may not read.
        if blind := without(("view_channel", *HISTORY), given):
            raise DeliveryFailed(f"{wants(place, blind)}; whoever manages the server can give it")
    after = discord.utils.time_snowflake(since - _SKEW)
    messages = _starters(reach, place, target, after) if place.is_forum else _messages(reach, place, target, after)
    async for each in messages:
        if key in _keys(each.get("components") or ()) and reach.is_ours(each["author"]["id"]):
            thread = each["channel_id"] if place.is_forum else (each.get("thread") or {}).get("id", "")
            return receipt(place, each["id"], thread)
    return None


def receipt(place: Place, number: str, thread: str = "") -> Receipt:
    """Return the receipt of a message in a place."""
    channel = thread if place.is_forum else str(place.number)
    link = f"https://discord.com/channels/{place.server or '@me'}/{channel}/{number}"
    return Receipt(channel, str(number), link, thread)


async def _messages(reach: Reach, place: Place, target: Target, after: int) -> AsyncIterator[dict[str, Any]]:
    """Give the messages of a channel, oldest first: what is looked for is near the time it was planned for."""
    for _ in range(_MOST_PAGES):
        params = {"limit": _PAGE, "after": after}
        page = await reach.ask(place, target, route("GET", place.number, "/messages"), params=params)
        for each in sorted(page, key=lambda each: int(each["id"])):
            after = int(each["id"])
            yield each
        if len(page) < _PAGE:
            return
    raise DeliveryFailed(TOO_MUCH.format(where=place.called))


async def _starters(reach: Reach, place: Place, target: Target, after: int) -> AsyncIterator[dict[str, Any]]:
    """Give the first messages of our own posts in a forum."""
    active = Route("GET", "/guilds/{guild_id}/threads/active", guild_id=place.server)
    threads = [
        each
        for each in (await reach.ask(place, target, active))["threads"]
        if str(each.get("parent_id")) == str(place.number)
    ]
    threads += await _archived(reach, place, target, after)
    for number in sorted({int(each["id"]) for each in threads if reach.is_ours(each.get("owner_id"))}):
        if number > after:
            params = {"limit": 1, "after": 0}
            for each in await reach.ask(place, target, route("GET", number, "/messages"), params=params):
                yield each


async def _archived(reach: Reach, place: Place, target: Target, after: int) -> list[dict[str, Any]]:
    """Return a forum's posts that were archived since; they come latest first."""
    found: list[dict[str, Any]] = []
    params: dict[str, Any] = {"limit": _PAGE}
    for _ in range(_MOST_PAGES):
        page = await reach.ask(place, target, route("GET", place.number, "/threads/archived/public"), params=params)
        found += page["threads"]
        last = page["threads"][-1]["thread_metadata"]["archive_timestamp"] if page["threads"] else ""
        if not page.get("has_more") or datetime.fromisoformat(last) < discord.utils.snowflake_time(after):
            return found
        params["before"] = last
    raise DeliveryFailed(TOO_MUCH.format(where=place.called))


def _keys(components: Iterable[dict[str, Any]]) -> set[str]:
    """Return the keys that a message's buttons carry."""
    found = set()
    for each in components:
        found |= {key_in(each.get("custom_id") or ""), *_keys(each.get("components") or ())}
    return found - {""}
