"""Discord's commands /help and /about."""

from discord import app_commands
from discord.ext import commands

from bot.features.about import About
from bot.platforms.discord.autocomplete import command_names
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.respond import respond


class AboutCog(commands.Cog):
    """Help, and the reading."""

    def __init__(self, about: About) -> None:
        self.feature = about

    @app_commands.command()
    @app_commands.autocomplete(command=command_names)
    @documented_by(About.help)
    async def help(self, interaction: Interaction, command: str = "", private: bool | None = None) -> None:
        await respond(interaction, self.feature.help(caller(interaction), command), private)

    @app_commands.command()
    @documented_by(About.about)
    async def about(self, interaction: Interaction, private: bool | None = None) -> None:
        await respond(interaction, self.feature.about(caller(interaction)), private)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(AboutCog(bot.app.about))
