"""Discord's command /discuss."""

from discord import app_commands
from discord.ext import commands

from bot.features.discussion import Discussion
from bot.platforms.discord.autocomplete import kinds, sections, words
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.respond import respond


class DiscussionCog(commands.Cog):
    """Discussion prompts."""

    def __init__(self, discussion: Discussion) -> None:
        self.discussion = discussion

    @app_commands.command()
    @app_commands.autocomplete(about=words, kind=kinds, section=sections)
    @documented_by(Discussion.discuss)
    async def discuss(
        self, interaction: Interaction, about: str = "", kind: str = "", section: str = "", private: bool | None = None
    ) -> None:
        await respond(interaction, self.discussion.discuss(caller(interaction), about, kind, section), private)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(DiscussionCog(bot.app.discussion))
