"""Says hello to a server, once, where the bot may write; nowhere else."""

import logging
from collections.abc import Iterator, Mapping

import discord

from bot.platforms.discord.permissions import WRITING

log = logging.getLogger(__name__)


async def welcome(guild: discord.Guild, mentions: Mapping[str, int]) -> None:
    """Say in one short message how to begin."""
    channel = next(_writable(guild), None)
    if channel is None:
        return
    try:
        await channel.send(hello(mentions))
    except discord.HTTPException as error:
        log.warning("no welcome in server %s: %s", guild.id, error)


def hello(mentions: Mapping[str, int]) -> str:
    """Return the message, with commands to click on where their ids are known."""

    def named(name: str) -> str:
        return f"</{name}:{mentions[name]}>" if name in mentions else f"/{name}"

    return (
        "Hello. Kruzhok is a study circle for this server: it quotes its reading word for word and gives questions "
        f"to discuss. Begin with {named('about')}, {named('quote')} or {named('discuss')}; {named('help')} lists "
        f"everything. Moderators: {named('config show')}, {named('schedule add')}. It reads no messages."
    )


def _writable(guild: discord.Guild) -> Iterator[discord.TextChannel]:
    """Give the channels in which the bot may write: first the one for such messages, then from the top."""
    preferred = [guild.system_channel] if guild.system_channel else []
    for channel in (*preferred, *guild.text_channels):
        given = channel.permissions_for(guild.me)
        if all(getattr(given, name) for name in WRITING):
            yield channel
