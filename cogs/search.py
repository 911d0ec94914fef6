"""Discord's command /search."""

from discord import app_commands
from discord.ext import commands

from bot.features.search import Search
from bot.platforms.discord.autocomplete import sections, words
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.respond import respond


class SearchCog(commands.Cog):
    """Search in the reading."""

    def __init__(self, search: Search) -> None:
        self.feature = search

    @app_commands.command()
    @app_commands.autocomplete(words=words, section=sections)
    @documented_by(Search.search)
    async def search(
        self, interaction: Interaction, words: str, section: str = "", page: int = 1, private: bool | None = None
    ) -> None:
        await respond(interaction, self.feature.search(caller(interaction), words, section, page), private)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(SearchCog(bot.app.search))
