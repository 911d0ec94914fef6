"""The connection to Discord, with no privileged intent, and what is at hand wherever something is answered."""

from collections.abc import Callable
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.app import App
from bot.platforms.discord.flood import Flood
from bot.platforms.discord.in_flight import InFlight
from bot.platforms.discord.vocabulary import Vocabularies

# After the last server has come in; discord.py waits 2 seconds by default.
_READY_SECONDS = 0.2


class KruzhokClient(commands.AutoShardedBot):
    """What is connected to Discord, and carries what every answer needs.

    Interactions are typed by the class of their client. This is the one that whoever answers names; the bot, which
    names all of those, is built on it.

    Args:
        tree: What slash commands come through.
        clock: Seconds that never go back, by which floods are noticed.
        shard_count: How many shards; by default as many as Discord recommends.

    Attributes:
        mentions: The ids that Discord gave to the commands, by what is typed.
    """

    def __init__(
        self,
        app: App,
        tree: type[app_commands.CommandTree[Any]],
        clock: Callable[[], float],
        shard_count: int | None,
    ) -> None:
        options: dict[str, Any] = {} if shard_count is None else {"shard_count": shard_count}
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=tree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=_READY_SECONDS,
            **options,
        )
        self.app = app
        self.flood = Flood(clock)
        self.in_flight = InFlight()
        self.vocabularies = Vocabularies(app)
        self.mentions: dict[str, int] = {}
