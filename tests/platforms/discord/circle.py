"""A server on a simulated Discord, with the bot in it as it is shipped, and what can be read off its messages."""

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import discord
import simcord
from discord import app_commands
from simcord.results import InteractionResult, ResponseMessage

from bot.app import App, open_app
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.delivery import DiscordPlatform
from bot.settings import SHIPPED_DATA, Settings

NOW = datetime(2026, 5, 1, 0, 30, tzinfo=UTC)

# What members and the bot may do in the circle's channel.
ALLOWED = discord.PermissionOverwrite(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    send_polls=True,
)

EXPECTED = (app_commands.CommandNotFound, app_commands.CheckFailure)

Message = ResponseMessage | discord.Message


@dataclass
class Circle:
    """A reading group in a channel: ``anna`` and ``boris`` read, ``clara`` moderates."""

    stack: AsyncExitStack
    state: Path
    app: App
    env: simcord.Env
    guild: simcord.GuildHandle
    channel: simcord.ChannelHandle
    anna: simcord.MemberActor
    boris: simcord.MemberActor
    clara: simcord.MemberActor
    seconds: float = 0.0

    @property
    def bot(self) -> KruzhokBot:
        """The bot that runs now."""
        assert isinstance(self.env.bot, KruzhokBot)
        return self.env.bot

    async def ask(self, name: str, /, by: simcord.MemberActor | None = None, **options: Any) -> ResponseMessage:
        """Give a slash command, and return the answer."""
        return answer(await (by or self.anna).slash(self.channel, name, **options))

    async def press(self, message: Message, label: str, by: simcord.MemberActor | None = None) -> ResponseMessage:
        """Press a button, and return the answer; for one that edits, the message as it is then."""
        return answer(await (by or self.anna).click(message, label=label), message)

    async def menu(self, name: str, message: Message, by: simcord.MemberActor | None = None) -> ResponseMessage:
        """Use a context menu on a message, and return the answer."""
        return answer(await (by or self.anna).context_menu(self.channel, name, message))

    def threads(self) -> list[simcord.ChannelHandle]:
        """Return the threads of the channel."""
        return self.channel.threads

    async def restart(self) -> None:
        """End the bot, and start it anew over the same state folder."""
        self.app = await self.stack.enter_async_context(opened(self.state))
        bot = KruzhokBot(self.app, clock=lambda: self.seconds)
        self.app.places.add(DiscordPlatform(bot))
        await self.env.restart_bot(bot)

    def posted(self) -> list[discord.Message]:
        """Return what everybody sees in the channel."""
        return self.channel.history()


@asynccontextmanager
async def opened(state: Path, data: Path = SHIPPED_DATA) -> AsyncIterator[App]:
    """Open the bot by its composition root, with dice that fall the same each time."""
    async with open_app(Settings(state, (data,)), now=lambda: NOW, random=Random(1)) as app:
        yield app


@asynccontextmanager
async def discord_with(bot: KruzhokBot, shards: int = 1) -> AsyncIterator[simcord.Env]:
    """Start a Discord with the bot in it; what the bot did not catch is raised at the end.

    Unlike ``simcord.run``, it can be a fixture: it sets no context variable, which pytest would unset elsewhere.
    """
    env = simcord.Env(bot, shard_count=shards, approved_intents=discord.Intents(guilds=True))
    await env.start()
    try:
        yield env
    finally:
        await env.shutdown()
    # What the tree answers itself, Discord's simulation notes all the same.
    wrong = [error for error in env.errors if not isinstance(error, EXPECTED)]
    assert not wrong, wrong


@asynccontextmanager
async def meeting(state: Path, data: Path = SHIPPED_DATA) -> AsyncIterator[Circle]:
    """Bring a circle together, over these readings."""
    async with AsyncExitStack() as stack:
        app = await stack.enter_async_context(opened(state, data))
        bot = KruzhokBot(app, clock=lambda: circle.seconds)
        app.places.add(DiscordPlatform(bot))
        env = await stack.enter_async_context(discord_with(bot))
        guild = env.create_guild("Reading group")
        circle = Circle(
            stack=stack,
            state=state,
            app=app,
            env=env,
            guild=guild,
            channel=guild.create_text_channel("circle", overwrites={guild.default_role: ALLOWED}),
            anna=guild.add_member(env.create_user("anna")),
            boris=guild.add_member(env.create_user("boris")),
            clara=guild.add_member(
                env.create_user("clara"),
                roles=[guild.create_role("Moderators", permissions=discord.Permissions(manage_guild=True))],
            ),
        )
        yield circle


def answer(result: InteractionResult, edited: Message | None = None) -> ResponseMessage:
    """Return the one message that answers an interaction.

    Args:
        edited: The message that was edited, if there is no other answer.
    """
    assert result.acknowledged, "Discord would say that the interaction failed"
    found = [each for each in (result.response, *result.followups) if each is not None]
    if not found and isinstance(edited, ResponseMessage):
        return edited
    assert len(found) == 1, f"{len(found)} answers"
    return found[0]


def components(message: Message) -> Iterator[dict[str, Any]]:
    """Give every component of a message, those within others too."""
    raw = [dict(each) if isinstance(each, dict) else _raw(each) for each in message.components]
    while raw:
        first = raw.pop(0)
        yield first
        raw = [*first.get("components", ()), *raw]


def _raw(component: discord.Component) -> dict[str, Any]:
    return dict(component.to_dict())


def text(message: Message) -> str:
    """Return all text of a message, as it was sent."""
    return "\n".join(str(each["content"]) for each in components(message) if each["type"] == 10)


def spelled(message: Message) -> str:
    """Return all text of a message as people read it: commands as they are typed, and nothing escaped."""
    return re.sub(r"\\([^\w\s])", r"\1", re.sub(r"</([\w ]+):\d+>", r"/\1", text(message)))


def buttons(message: Message) -> dict[str, str]:
    """Return the custom ids of a message's buttons by their labels."""
    return {str(each["label"]): str(each["custom_id"]) for each in components(message) if each["type"] == 2}
