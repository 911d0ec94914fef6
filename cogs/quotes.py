"""Discord's command /quote."""

from discord import app_commands
from discord.ext import commands

from bot.features.quotes import Quotes
from bot.platforms.discord.autocomplete import sections, words
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.respond import respond


class QuotesCog(commands.Cog):
    """Quotes from the reading."""

    def __init__(self, quotes: Quotes) -> None:
        self.quotes = quotes

    @app_commands.command()
    @app_commands.autocomplete(words=words, section=sections)
    @documented_by(Quotes.quote)
    async def quote(
        self, interaction: Interaction, words: str = "", section: str = "", after: str = "", private: bool | None = None
    ) -> None:
        await respond(interaction, self.quotes.quote(caller(interaction), words, section, after), private)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(QuotesCog(bot.app.quotes))
