"""Discord's commands /config: one for each setting, and what concerns all of them."""

from typing import Any

from discord import app_commands
from discord.ext import commands

from bot.features.group_settings import GroupSettings
from bot.features.group_values import SETTINGS, Setting
from bot.features.settings_file import SettingsFile
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.dashboard import ask_for_text, show_dashboard
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.moderators import ModeratorsGroup
from bot.platforms.discord.offering import answers, scopes, setting_values
from bot.platforms.discord.respond import respond

# Slash commands have no prefix to be chosen.
ELSEWHERE = {"prefix"}


class ConfigCog(commands.Cog):
    """Settings of the circle."""

    group = ModeratorsGroup("config", "Settings of this circle.")

    def __init__(self, settings: GroupSettings, file: SettingsFile) -> None:
        self.settings = settings
        self.file = file

    async def cog_load(self) -> None:
        """Add one command for each setting."""
        for setting in SETTINGS:
            if setting.name not in ELSEWHERE:
                self.group.add_command(self._changing(setting), override=True)

    def _changing(self, setting: Setting) -> app_commands.Command[Any, ..., None]:
        @app_commands.autocomplete(value=setting_values(setting), scope=scopes)
        @app_commands.describe(value=setting.values, scope="here, or server.")
        async def change(interaction: Interaction, value: str = "", scope: str = "here") -> None:
            answer = self.settings.change(caller(interaction), value, scope, setting=setting)
            await respond(interaction, answer, private=True)

        return app_commands.Command(name=setting.name, description=setting.about, callback=change)

    @group.command()
    @documented_by(GroupSettings.show)
    async def show(self, interaction: Interaction) -> None:
        await show_dashboard(interaction)

    @group.command()
    @documented_by(GroupSettings.log)
    async def log(self, interaction: Interaction, page: int = 1) -> None:
        await respond(interaction, self.settings.log(caller(interaction), page), private=True)

    @group.command()
    @app_commands.autocomplete(scope=scopes)
    @documented_by(SettingsFile.export)
    async def export(self, interaction: Interaction, scope: str = "here") -> None:
        await respond(interaction, self.file.export(caller(interaction), scope), private=True)

    @group.command(name="import")
    @app_commands.autocomplete(scope=scopes, apply=answers)
    @documented_by(SettingsFile.take_in)
    async def take_in(self, interaction: Interaction, text: str = "", scope: str = "here", apply: str = "no") -> None:
        if text:
            await respond(interaction, self.file.take_in(caller(interaction), text, scope, apply), private=True)
        else:
            await ask_for_text(interaction, scope)

    @group.command()
    @documented_by(GroupSettings.check)
    async def check(self, interaction: Interaction) -> None:
        await respond(interaction, self.settings.check(caller(interaction)), private=True)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(ConfigCog(bot.app.group_settings, bot.app.settings_file))
