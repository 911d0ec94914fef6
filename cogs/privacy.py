"""Discord's commands /privacy show, /privacy export and /privacy delete, whose answers nobody else sees."""

from discord import app_commands
from discord.ext import commands

from bot.features.privacy import Privacy
from bot.platforms.discord.autocomplete import whose
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.respond import respond


class PrivacyCog(commands.GroupCog, group_name="privacy", group_description="What is stored, and how to be rid of it."):
    """What is stored, and how to be rid of it."""

    def __init__(self, privacy: Privacy) -> None:
        self.privacy = privacy

    @app_commands.command()
    @documented_by(Privacy.show)
    async def show(self, interaction: Interaction) -> None:
        await respond(interaction, self.privacy.show(caller(interaction)), private=True)

    @app_commands.command()
    @documented_by(Privacy.export)
    async def export(self, interaction: Interaction) -> None:
        await respond(interaction, self.privacy.export(caller(interaction)), private=True)

    @app_commands.command()
    @app_commands.autocomplete(what=whose)
    @documented_by(Privacy.delete)
    async def delete(self, interaction: Interaction, what: str = "me") -> None:
        await respond(interaction, self.privacy.delete(caller(interaction), what), private=True)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(PrivacyCog(bot.app.privacy))
