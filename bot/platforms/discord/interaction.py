"""Who asks on Discord, where, and what was typed."""

import discord

from bot.caller import Caller
from bot.commands import Command
from bot.features.group_values import DEFAULTS, Values
from bot.platforms.discord.client import KruzhokClient

Interaction = discord.Interaction[KruzhokClient]

PLATFORM = "discord"
_VALUES = "values"
_MOST_SAID = 1_000


async def look_up(interaction: Interaction) -> Values:
    """Read what holds in the circle of an interaction, once; what comes after finds it in the interaction."""
    if _VALUES not in interaction.extras:
        found = await interaction.client.app.values.at(group(interaction), server_scope(interaction))
        interaction.extras[_VALUES] = found
    return values(interaction)


def values(interaction: Interaction) -> Values:
    """Return what holds in the circle of an interaction, as it was looked up."""
    found: Values = interaction.extras.get(_VALUES, DEFAULTS)
    return found


def caller(interaction: Interaction, reading: str | None = None) -> Caller:
    """Return who gave a command, in which circle, and what they may do there."""
    manages = manages_server(interaction)
    return Caller(
        user=f"{PLATFORM}:{interaction.user.id}",
        group=group(interaction),
        is_moderator=manages or has_moderators_role(interaction),
        reading=reading,
        server=server_scope(interaction),
        by_role=not manages and has_moderators_role(interaction),
    )


def server_scope(interaction: Interaction) -> str:
    """Return the name of the server that an interaction is in, as settings of a whole server have it."""
    return server_named(interaction.guild_id) if interaction.guild_id is not None else ""


def server_named(number: int) -> str:
    """Return the name of a server, by its number at Discord."""
    return f"{PLATFORM}:server:{number}"


def group(interaction: Interaction) -> str:
    """Return the circle that an interaction belongs to: its channel; a thread belongs to the channel it is in."""
    channel = interaction.channel
    number = channel.parent_id if isinstance(channel, discord.Thread) else interaction.channel_id
    return f"{PLATFORM}:{number}"


def manages_server(interaction: Interaction) -> bool:
    """Whether whoever asks has the permission Manage Server; in a direct message with the bot, anyone."""
    if interaction.guild_id is not None:
        return interaction.permissions.manage_guild
    return interaction.context.dm_channel is True


def has_moderators_role(interaction: Interaction) -> bool:
    """Whether whoever asks has the role that was chosen for moderators."""
    role = values(interaction).number("moderators")
    return bool(role) and any(str(each.id) == role for each in getattr(interaction.user, "roles", ()))


def server(interaction: Interaction) -> discord.Guild | None:
    """Return the server that an interaction is in, if the bot is a member of it.

    For members who installed the bot for themselves, discord.py makes up a server with the bot in it.
    """
    return None if interaction.guild_id is None else interaction.client.get_guild(interaction.guild_id)


def said(interaction: Interaction) -> str:
    """Return everything that a member gave with an interaction."""
    return texts(interaction.data)


def texts(data: object) -> str:
    """Return every text within data that came from Discord, in no order."""
    found: list[str] = []
    left = [data]
    while left and len(found) < _MOST_SAID:
        match left.pop():
            case str() as text:
                found.append(text)
            case dict() as more:
                left += more.values()
            case list() as more:
                left += more
    return " ".join(found)


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
