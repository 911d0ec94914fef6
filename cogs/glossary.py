"""Discord's command /glossary."""

from discord import app_commands
from discord.ext import commands

from bot.features.glossary import Glossary
from bot.platforms.discord.autocomplete import terms
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.respond import respond


class GlossaryCog(commands.Cog):
    """Who and what is in the text."""

    def __init__(self, glossary: Glossary) -> None:
        self.feature = glossary

    @app_commands.command()
    @app_commands.autocomplete(term=terms)
    @documented_by(Glossary.glossary)
    async def glossary(self, interaction: Interaction, term: str = "", private: bool | None = None) -> None:
        await respond(interaction, self.feature.glossary(caller(interaction), term), private)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(GlossaryCog(bot.app.glossary))
