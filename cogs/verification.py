"""Discord's command /verify."""

from discord import app_commands
from discord.ext import commands

from bot.features.verification import Verification
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.respond import respond


class VerificationCog(commands.Cog):
    """Whether words are in the text."""

    def __init__(self, verification: Verification) -> None:
        self.verification = verification

    @app_commands.command()
    @documented_by(Verification.verify)
    async def verify(self, interaction: Interaction, quotation: str, private: bool | None = None) -> None:
        await respond(interaction, self.verification.verify(caller(interaction), quotation), private)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(VerificationCog(bot.app.verification))
