"""What Discord offers on a message, under Apps: to find it in the reading, and to discuss it."""

import discord
from discord import app_commands
from discord.ext import commands

from bot.features.messages import Messages
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.messages import said
from bot.platforms.discord.respond import respond
from bot.platforms.discord.threads import discuss_message

FIND, DISCUSS = "Find in the reading", "Discuss this"


class MenusCog(commands.Cog):
    """Context menus."""

    def __init__(self, messages: Messages, tree: app_commands.CommandTree[KruzhokBot]) -> None:
        self.messages = messages
        self.tree = tree
        self.menus = (
            app_commands.ContextMenu(name=FIND, callback=self.find),
            app_commands.ContextMenu(name=DISCUSS, callback=self.discuss),
        )

    async def cog_load(self) -> None:
        """Add the menus; discord.py knows no decorator for them in a cog."""
        for menu in self.menus:
            self.tree.add_command(menu)

    async def cog_unload(self) -> None:
        """Take the menus away."""
        for menu in self.menus:
            self.tree.remove_command(menu.name, type=menu.type)

    async def find(self, interaction: Interaction, message: discord.Message) -> None:
        await respond(interaction, self.messages.find(caller(interaction), said(message)), private=True)

    async def discuss(self, interaction: Interaction, message: discord.Message) -> None:
        await discuss_message(interaction, self.messages.discuss(caller(interaction), said(message)), message)


async def setup(bot: KruzhokBot) -> None:
    """Add the menus to the bot."""
    await bot.add_cog(MenusCog(bot.app.messages, bot.tree))
