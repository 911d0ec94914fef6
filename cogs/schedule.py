"""Discord's commands /schedule add, list, and the others, for moderators."""

from discord import app_commands
from discord.ext import commands

from bot.features.schedule import Scheduling
from bot.features.single_posts import SinglePosts
from bot.features.timetable import Timetable
from bot.platforms.discord.autocomplete import kinds, sections
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.documented import documented_by
from bot.platforms.discord.interaction import Interaction, caller
from bot.platforms.discord.moderators import ModeratorsGroup
from bot.platforms.discord.offering import answers, days, schedules, times, whats
from bot.platforms.discord.respond import respond


class ScheduleCog(commands.Cog):
    """What is posted when."""

    group = ModeratorsGroup("schedule", "What is posted in this circle, and when.")

    def __init__(self, timetable: Timetable, scheduling: Scheduling, single_posts: SinglePosts) -> None:
        self.timetable = timetable
        self.scheduling = scheduling
        self.single_posts = single_posts

    @group.command()
    @app_commands.autocomplete(what=whats, when=times, section=sections, kind=kinds)
    @documented_by(Scheduling.add)
    async def add(self, interaction: Interaction, what: str, when: str, section: str = "", kind: str = "") -> None:
        await respond(interaction, self.scheduling.add(caller(interaction), what, when, section, kind), private=True)

    @group.command()
    @documented_by(Timetable.list)
    async def list(self, interaction: Interaction) -> None:
        await respond(interaction, self.timetable.list(caller(interaction)), private=True)

    @group.command()
    @app_commands.autocomplete(number=schedules)
    @documented_by(Timetable.preview)
    async def preview(self, interaction: Interaction, number: int = 0) -> None:
        await respond(interaction, self.timetable.preview(caller(interaction), number), private=True)

    @group.command()
    @documented_by(Timetable.history)
    async def history(self, interaction: Interaction, page: int = 1) -> None:
        await respond(interaction, self.timetable.history(caller(interaction), page), private=True)

    @group.command()
    @app_commands.autocomplete(number=schedules)
    @documented_by(Scheduling.pause)
    async def pause(self, interaction: Interaction, number: int = 0) -> None:
        await respond(interaction, self.scheduling.pause(caller(interaction), number), private=True)

    @group.command()
    @app_commands.autocomplete(number=schedules)
    @documented_by(Scheduling.resume)
    async def resume(self, interaction: Interaction, number: int = 0) -> None:
        await respond(interaction, self.scheduling.resume(caller(interaction), number), private=True)

    @group.command()
    @app_commands.autocomplete(number=schedules)
    @app_commands.autocomplete(which=days)
    @documented_by(SinglePosts.skip)
    async def skip(self, interaction: Interaction, number: int = 0, which: str = "") -> None:
        await respond(interaction, self.single_posts.skip(caller(interaction), number, which), private=True)

    @group.command()
    @app_commands.autocomplete(number=schedules)
    @app_commands.autocomplete(which=days)
    @documented_by(SinglePosts.move)
    async def move(self, interaction: Interaction, number: int, to: str, which: str = "") -> None:
        await respond(interaction, self.single_posts.move(caller(interaction), number, to, which), private=True)

    @group.command()
    @app_commands.autocomplete(number=schedules)
    @app_commands.autocomplete(counted=answers)
    @documented_by(SinglePosts.run)
    async def run(self, interaction: Interaction, number: int = 0, counted: str = "yes") -> None:
        await respond(interaction, self.single_posts.run(caller(interaction), number, counted), private=True)

    @group.command()
    @app_commands.autocomplete(number=schedules)
    @documented_by(Scheduling.remove)
    async def remove(self, interaction: Interaction, number: int = 0) -> None:
        await respond(interaction, self.scheduling.remove(caller(interaction), number), private=True)


async def setup(bot: KruzhokBot) -> None:
    """Add the commands to the bot."""
    await bot.add_cog(ScheduleCog(bot.app.timetable, bot.app.scheduling, bot.app.single_posts))
