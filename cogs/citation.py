"""Discord's command /cite."""

from discord import app_commands
from discord.ext import commands

from bot.features.citation import Citation
from bot.platforms.discord.autocomplete import sections, styles
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.respond import respond


class CitationCog(commands.Cog):
    """Citations of the reading."""

    def __init__(self, citation: Citation) -> None:
        self.citation = citation

    @app_commands.command()
    @app_commands.autocomplete(place=sections, style=styles)
    @documented_by(Citation.cite)
    async def cite(
        self, interaction: Interaction, place: str = "", style: str = "chicago", private: bool | None = None
    ) -> None:
        await respond(interaction, self.citation.cite(caller(interaction), place, style), private)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(CitationCog(bot.app.citation))
