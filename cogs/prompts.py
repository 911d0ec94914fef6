"""Discord's commands /prompts add, list, disable and enable, for moderators."""

from discord import app_commands
from discord.ext import commands

from bot.features.prompts import Prompts
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.moderators import ModeratorsGroup
from bot.platforms.discord.offering import prompt_ids
from bot.platforms.discord.respond import respond


class PromptsCog(commands.Cog):
    """The group's own prompts, and those set aside."""

    group = ModeratorsGroup("prompts", "Prompts of this circle, beside those of the reading.")

    def __init__(self, prompts: Prompts) -> None:
        self.prompts = prompts

    @group.command()
    @documented_by(Prompts.add)
    async def add(self, interaction: Interaction, question: str, passage: str = "") -> None:
        await respond(interaction, self.prompts.add(caller(interaction), question, passage), private=True)

    @group.command()
    @documented_by(Prompts.list)
    async def list(self, interaction: Interaction, page: int = 1) -> None:
        await respond(interaction, self.prompts.list(caller(interaction), page), private=True)

    @group.command()
    @app_commands.autocomplete(prompt=prompt_ids)
    @documented_by(Prompts.disable)
    async def disable(self, interaction: Interaction, prompt: str) -> None:
        await respond(interaction, self.prompts.disable(caller(interaction), prompt), private=True)

    @group.command()
    @app_commands.autocomplete(prompt=prompt_ids)
    @documented_by(Prompts.enable)
    async def enable(self, interaction: Interaction, prompt: str) -> None:
        await respond(interaction, self.prompts.enable(caller(interaction), prompt), private=True)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(PromptsCog(bot.app.prompts))
