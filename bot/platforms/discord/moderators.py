"""The seam for moderators' commands: only in servers, hidden from others, and refused on our side too."""

from typing import Any

import discord
from discord import app_commands

from bot.errors import Refused
from bot.platforms.discord.interaction import caller, look_up

ONLY_IN_SERVERS = "This belongs to a server. Use it in the channel where your circle meets."
ONLY_MODERATORS = (
    "Only moderators may do this: members with the permission “Manage Server”, or with the role that was chosen for it "
    "by /config moderators."
)


class NotAllowed(Refused, app_commands.CheckFailure):
    """A moderators' command that was refused; discord.py lets only its own errors through."""


class ModeratorsGroup(app_commands.Group):
    """A group of commands for moderators.

    Where a tree allows direct messages, ``guild_only`` alone does not keep a group out of them: the contexts must be
    named. ``default_permissions`` only hides, and servers can change it.
    """

    def __init__(self, name: str, description: str) -> None:
        super().__init__(
            name=name,
            description=description,
            guild_only=True,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            default_permissions=discord.Permissions(manage_guild=True),
        )

    async def interaction_check(self, interaction: discord.Interaction[Any]) -> bool:
        """Let moderators pass, in servers.

        Raises:
            NotAllowed: It is somebody else, or somewhere else.
        """
        if interaction.guild_id is None:
            raise NotAllowed(ONLY_IN_SERVERS)
        await look_up(interaction)
        who = caller(interaction)
        if not who.is_moderator:
            raise NotAllowed(ONLY_MODERATORS)
        try:
            await interaction.client.app.groups.seen(who.group, who.server)
        except Exception as error:  # the database cannot be written: told as any bug; discord.py passes only its own on
            raise app_commands.CheckFailure("a circle could not be remembered") from error
        return True
