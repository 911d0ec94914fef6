"""Discord's command /summary."""

from discord import app_commands
from discord.ext import commands

from bot.features.summaries import Summaries
from bot.platforms.discord.autocomplete import sections
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.respond import respond


class SummariesCog(commands.Cog):
    """Summaries of sections."""

    def __init__(self, summaries: Summaries) -> None:
        self.summaries = summaries

    @app_commands.command()
    @app_commands.autocomplete(section=sections)
    @documented_by(Summaries.summary)
    async def summary(self, interaction: Interaction, section: str, private: bool | None = None) -> None:
        await respond(interaction, self.summaries.summary(caller(interaction), section), private)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(SummariesCog(bot.app.summaries))
