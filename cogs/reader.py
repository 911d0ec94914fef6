"""Discord's commands /read and /contents."""

from discord import app_commands
from discord.ext import commands

from bot.features.reader import Reader
from bot.platforms.discord.autocomplete import sections
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.respond import respond


class ReaderCog(commands.Cog):
    """The text as it stands."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader

    @app_commands.command()
    @app_commands.autocomplete(place=sections)
    @documented_by(Reader.read)
    async def read(
        self, interaction: Interaction, place: str = "1", page: int = 1, private: bool | None = None
    ) -> None:
        await respond(interaction, self.reader.read(caller(interaction), place, page), private)

    @app_commands.command()
    @documented_by(Reader.contents)
    async def contents(self, interaction: Interaction, private: bool | None = None) -> None:
        await respond(interaction, self.reader.contents(caller(interaction)), private)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(ReaderCog(bot.app.reader))
