"""A bot on discord.py that does nothing but send a fixed message: what any bot costs, to compare with."""

import os
import sys
from typing import Any

import discord
from discord import app_commands, ui
from discord.ext import commands

from bot.platforms.discord.proxy import use_proxies
from bot.settings import read_configuration

_TITLE = "## From the reading"
_QUOTATION = "> In 1918, the Bolshevik regime created the Cheka (later the GPU, then the NKVD, then the KGB). " * 3
_SOURCE = "-# 2. A section with a heading · ¶ 7.1–3 · somebody, quoting somebody else (in a book, p. 7)"
_CHOICES = [app_commands.Choice(name=f"word {number} · {number}", value=f"word {number}") for number in range(25)]


class FixedBot(commands.AutoShardedBot):
    """Keeps what Kruzhok keeps of a server, and no more."""

    def __init__(self) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            guild_ready_timeout=0.2,
        )


class FixedView(ui.LayoutView):
    """A title, a quotation and where it is from, over buttons."""

    def __init__(self, buttons: int) -> None:
        super().__init__(timeout=None)
        row: ui.ActionRow[Any] = ui.ActionRow(
            *(ui.Button(label=f"Button {number}", custom_id=f"fixed:{number}") for number in range(buttons))
        )
        texts: list[ui.Item[Any]] = [ui.TextDisplay(each) for each in (_TITLE, _QUOTATION, _SOURCE)]
        self.add_item(ui.Container(*texts, ui.Separator(), row))


def main(buttons: int) -> None:
    """Run it."""
    settings = read_configuration(os.environ).discord
    assert settings
    use_proxies(settings)
    bot = FixedBot()

    @bot.tree.command()
    async def quote(interaction: discord.Interaction, words: str = "") -> None:
        """Send the message."""
        view = FixedView(buttons)
        # As Kruzhok's: nothing of them is kept in memory.
        view.stop()
        await interaction.response.send_message(view=view)

    @quote.autocomplete("words")
    async def complete(interaction: discord.Interaction, current: str) -> list[app_commands.Choice[str]]:
        return _CHOICES

    bot.run(settings.token, log_handler=None)


if __name__ == "__main__":
    main(int(sys.argv[1]))
