"""Who asks on Discord, where, and what was typed."""

from typing import TYPE_CHECKING

import discord

from bot.caller import Caller
from bot.commands import Command

if TYPE_CHECKING:
    from bot.platforms.discord.bot import KruzhokBot

    Interaction = discord.Interaction[KruzhokBot]
else:
    Interaction = discord.Interaction

PLATFORM = "discord"


def caller(interaction: Interaction, reading: str | None = None) -> Caller:
    """Return who gave a command, in which circle, and what they may do there."""
    return Caller(
        user=f"{PLATFORM}:{interaction.user.id}",
        group=group(interaction),
        is_moderator=is_moderator(interaction),
        reading=reading,
    )


def group(interaction: Interaction) -> str:
    """Return the circle that an interaction belongs to: its channel; a thread belongs to the channel it is in."""
    channel = interaction.channel
    number = channel.parent_id if isinstance(channel, discord.Thread) else interaction.channel_id
    return f"{PLATFORM}:{number}"


def is_moderator(interaction: Interaction) -> bool:
    """Whether whoever asks may configure the circle: Manage Server; in a direct message with it, anyone."""
    if interaction.guild_id is not None:
        return interaction.permissions.manage_guild
    return interaction.context.dm_channel is True


def server(interaction: Interaction) -> discord.Guild | None:
    """Return the server that an interaction is in, if the bot is a member of it.

    For members who installed the bot for themselves, discord.py makes up a server with the bot in it.
    """
    return None if interaction.guild_id is None else interaction.client.get_guild(interaction.guild_id)


def typed_line(interaction: Interaction, command: Command) -> str:
    """Return a slash command as it would be typed: what takes the rest of the line first, the others by name."""
    given = {name: value for name, value in interaction.namespace}  # noqa: C416 - dict() takes it for a mapping
    rest, named = "", []
    for argument in command.arguments:
        value = given.get(argument.name)
        words = " ".join(str(value).split()) if value is not None else ""
        if argument.rest:
            rest = words
        elif words:
            named.append(f"{argument.name}:{words.replace(' ', '_')}")
    return " ".join([command.name, *([rest] if rest else []), *named])
