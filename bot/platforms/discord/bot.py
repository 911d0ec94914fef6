"""The bot on Discord: real cogs, no privileged intent, nothing kept in memory that a restart would lose."""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import Any

import discord
from discord import app_commands

from bot.answers import mark
from bot.app import App
from bot.commands import BUG
from bot.errors import UserError
from bot.features.group_values import switched_off
from bot.platforms.discord.client import KruzhokClient
from bot.platforms.discord.dashboard import ChooseSetting, submitted
from bot.platforms.discord.flood import TOO_MANY
from bot.platforms.discord.interaction import PLATFORM, Interaction, look_up, said, server_named, texts
from bot.platforms.discord.presses import PRESSED
from bot.platforms.discord.respond import tell
from bot.platforms.discord.sync import sync
from bot.platforms.discord.welcome import welcome

log = logging.getLogger(__name__)

COGS = (
    "cogs.quotes",
    "cogs.search",
    "cogs.reader",
    "cogs.summaries",
    "cogs.discussion",
    "cogs.glossary",
    "cogs.citation",
    "cogs.verification",
    "cogs.about",
    "cogs.privacy",
    "cogs.config",
    "cogs.schedule",
    "cogs.prompts",
    "cogs.menus",
)

# Menus go on what commands go on: where these are switched off, so are they.
STANDING_FOR = {"Find in the reading": "quote", "Discuss this": "discuss"}
UNKNOWN_COMMAND = "This command is from another version of Kruzhok. Restart Discord to see the present ones."
# Without these there is no connection; it is better to end.
_VITAL = {"READY", "RESUMED"}


class Tree(app_commands.CommandTree[KruzhokClient]):
    """The slash commands, counted by member, with answers for whatever goes wrong."""

    async def interaction_check(self, interaction: Interaction) -> bool:
        """Whether a command is to be answered; a member who floods, or asks for what is switched off, is told so."""
        if interaction.type is discord.InteractionType.autocomplete:
            return True
        if not interaction.client.flood.allows(interaction.user.id):
            await tell(interaction, TOO_MANY)
            return False
        try:
            off = (await look_up(interaction)).off
        except Exception:  # the database cannot be asked: told as any bug
            log.exception("the settings of a circle could not be read")
            await tell(interaction, BUG)
            return False
        name = interaction.command.qualified_name if interaction.command else ""
        name = STANDING_FOR.get(name, name)
        if name in off:
            await tell(interaction, switched_off(name))
        return name not in off

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError) -> None:
        """Answer what did not reach a command, or failed outside of it."""
        if isinstance(error, UserError):
            await tell(interaction, str(error))
        elif isinstance(error, (app_commands.CommandNotFound, app_commands.CommandSignatureMismatch)):
            await tell(interaction, UNKNOWN_COMMAND)
        else:
            mark(error, said(interaction))
            log.error("a command failed", exc_info=error)
            await tell(interaction, BUG)


class KruzhokBot(KruzhokClient):
    """Kruzhok on Discord.

    Args:
        clock: Seconds that never go back, by which floods are noticed.
        shard_count: How many shards; by default as many as Discord recommends.
    """

    def __init__(self, app: App, clock: Callable[[], float] = monotonic, shard_count: int | None = None) -> None:
        super().__init__(app, Tree, clock, shard_count)
        self._connection.parsers = {name: _passing_over(name, read) for name, read in self._connection.parsers.items()}
        self.begun = asyncio.Event()
        self._condition = app.conditions.of(PLATFORM)
        self._broken_shards: set[int] = set()

    async def setup_hook(self) -> None:
        """Load the cogs and the buttons, and tell Discord about the commands if they changed."""
        self.begun.set()
        for name in COGS:
            await self.load_extension(name)
        self.add_dynamic_items(*PRESSED, ChooseSetting)
        try:
            self.mentions = await sync(self.tree, self.app.published, self.application_id or 0)
        except discord.HTTPException:
            log.exception("the commands could not be sent to Discord; those that it knows go on working")

    async def on_interaction(self, interaction: Interaction) -> None:
        """Take in forms; discord.py knows only those that it opened since it was started."""
        if interaction.type is discord.InteractionType.modal_submit:
            await submitted(interaction)

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Say hello."""
        with self.in_flight.one():
            await welcome(guild, self.mentions)
            await self.app.groups.joined([server_named(guild.id)])

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Remember when the bot was removed; what is kept about the server is forgotten after a while."""
        with self.in_flight.one():
            await self.app.groups.left([server_named(guild.id)], self.app.now())

    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Remember when a circle's channel was deleted."""
        with self.in_flight.one():
            await self.app.groups.gone(f"{PLATFORM}:{channel.id}", self.app.now())

    async def on_socket_event_type(self, name: str) -> None:
        """Note that something came from Discord."""
        self._condition.progress()

    async def on_shard_disconnect(self, shard: int) -> None:
        """Note that a connection broke; discord.py resumes it."""
        self._broken_shards.add(shard)
        self._condition.disconnected("a connection to Discord broke, and is resumed")

    async def on_shard_resumed(self, shard: int) -> None:
        """Note that a connection was resumed."""
        self._broken_shards.discard(shard)
        if not self._broken_shards and self.is_ready():
            self._condition.connected()

    async def on_shard_ready(self, shard: int) -> None:
        """Note that a connection was begun anew."""
        await self.on_shard_resumed(shard)

    async def on_ready(self) -> None:
        """See which servers the bot was added to or removed from while it did not run."""
        self._broken_shards.clear()
        self._condition.connected()
        here = {server_named(guild.id) for guild in self.guilds}
        with self.in_flight.one():
            known = await self.app.groups.servers(PLATFORM)
            await self.app.groups.left(known - here, self.app.now())
            await self.app.groups.joined(known & here)


def _passing_over(name: str, read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Let an event of the gateway that cannot be read be logged and passed over; discord.py would end at it."""

    def guarded(data: Any) -> Any:
        try:
            return read(data)
        except Exception as error:  # one malformed event must not end the gateway's loop
            mark(error, texts(data))
            log.exception("an event could not be read: %s", name)
            return None

    return read if name in _VITAL else guarded
