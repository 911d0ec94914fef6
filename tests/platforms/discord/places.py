"""Posts, and the places they are meant for: channels, threads and forums, and what the bot may not do there."""

from datetime import UTC, datetime
from typing import Any

import discord
import pytest
import simcord

from bot.errors import DeliveryFailed
from bot.platforms.discord.delivery import DiscordPlatform
from bot.posting import Post, Target
from bot.reading import Prompt
from bot.reply import Action, Question, Reply
from tests.platforms.discord.circle import Circle
from tests.platforms.discord.test_render import quotation

KEY = "kQ9_-aZ01234"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def platform(circle: Circle) -> DiscordPlatform:
    return DiscordPlatform(circle.bot)


def post(words: str = "Words.", subject: str = "Why?") -> Post:
    asked = Prompt("id", "Why?", "evaluative", "core", 20, quotation(words), ("And then?",), ("Yes", "No"))
    return Post(Reply("1. Heading", (Question(asked),), actions=(Action("Another", "quote Cheka"),)), subject)


def about(subject: str) -> Post:
    """Return a post whose thread is called like that."""
    return Post(Reply(""), subject)


def target(circle: Circle, channel: Any = None, **more: Any) -> Target:
    """Return the circle's channel, or another, as the place for posts."""
    where = (channel or circle.channel).id
    return Target(f"discord:{circle.channel.id}", f"discord:server:{circle.guild.id}", str(where), **more)


async def forum(circle: Circle, *tags: discord.ForumTag, demands: bool = False) -> discord.ForumChannel:
    handle = circle.guild.create_forum_channel("forum")
    channel = circle.bot.get_channel(handle.id)
    assert isinstance(channel, discord.ForumChannel)
    await channel.edit(available_tags=tags)
    await circle.env.settle()
    found = circle.bot.get_channel(handle.id)
    assert isinstance(found, discord.ForumChannel)
    # Discord's simulation does not know the flag.
    found._flags = discord.ChannelFlags(require_tag=demands).value
    return found


async def made_thread(circle: Circle) -> simcord.ChannelHandle:
    receipt = await platform(circle).post(target(circle), post(), "first")
    await platform(circle).open_thread(target(circle), receipt, about("Meeting"))
    (thread,) = circle.threads()
    return thread


async def denied(circle: Circle, channel: Any, *names: str) -> None:
    """Take permissions from the bot in a channel."""
    assert circle.bot.user is not None
    deny = discord.Permissions(**dict.fromkeys(names, True)).value
    overwrite = simcord.backend.models.Overwrite(circle.bot.user.id, simcord.enums.OverwriteType.MEMBER, 0, deny)
    circle.env.backend.set_overwrite(channel.id, overwrite)
    await circle.env.settle()


def sent(circle: Circle, method: str, ending: str) -> list[Any]:
    """Return the bodies of the requests that the bot sent."""
    return [each.json for each in circle.env.http_requests if each.method == method and each.path.endswith(ending)]


async def refusal(work: Any) -> DeliveryFailed:
    """Return how a delivery failed; nothing else may come of it."""
    with pytest.raises(DeliveryFailed) as raised:
        await work
    assert not str(raised.value).endswith(".")
    return raised.value
