"""Reaches the channels that posts go to, and says in words what keeps the bot from it."""

from typing import Any

import discord
from discord.http import Route

from bot.errors import DeliveryFailed
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.naming import guild_of
from bot.platforms.discord.places import Place, lacking, needed, permissions
from bot.platforms.discord.refusals import GONE, REMOVED, refused
from bot.platforms.discord.rest import NotDone, ask
from bot.posting import Target


def route(method: str, channel: int, rest: str = "") -> Route:
    """Return what is asked of a channel."""
    return Route(method, "/channels/{channel_id}" + rest, channel_id=channel)


class Reach:
    """What the bot can see and ask on the way to a target.

    Requests carry numbers only, so that any process may send them; kinds of channels and permissions are the gateway's.
    """

    def __init__(self, bot: KruzhokBot) -> None:
        self.bot = bot

    def guild(self, target: Target) -> discord.Guild | None:
        """Return the server of a target, if the gateway has told of it."""
        return guild_of(self.bot, target.server)

    def is_ours(self, author: object) -> bool:
        """Whether an author's number is the bot's own."""
        return self.bot.user is not None and str(author) == str(self.bot.user.id)

    async def place(self, target: Target) -> Place:
        """Return where a target is: from the cache, which has no archived threads, or else from Discord.

        Raises:
            DeliveryFailed: It is gone, or hidden from the bot.
        """
        number = int(target.channel)
        guild = self.guild(target)
        channel = guild.get_channel_or_thread(number) if guild else self.bot.get_channel(number)
        if channel is not None:
            return Place.cached(channel)
        unknown = Place(number, discord.ChannelType.text, server=guild.id if guild else 0)
        place = Place.told(await self.ask(unknown, target, route("GET", number)))
        if target.server and str(place.server) != target.server.rpartition(":")[2]:
            raise DeliveryFailed(GONE, is_certain=True)
        return place

    async def ask(self, place: Place, target: Target, what: Route, **sent: Any) -> Any:
        """Send a request once, on the way to a target, and return the answer.

        Raises:
            DeliveryFailed: It was refused, which is its cause then, or there was no answer.
        """
        try:
            return await ask(self.bot.http, what, **sent)
        except NotDone as error:
            raise await self._refusal(place, target, error) from error

    async def _refusal(self, place: Place, target: Target, error: NotDone) -> DeliveryFailed:
        guild = self.guild(target)
        if target.server and guild is None and await self._is_removed(target):
            return DeliveryFailed(REMOVED, is_certain=True)
        given = permissions(guild, place)
        names = lacking(place, target, given) if given is not None else []
        return refused(error, place, names or list(needed(place, target)), is_known=bool(names))

    async def _is_removed(self, target: Target) -> bool:
        """Whether the bot is no longer in a server; that the cache lacks it may also mean that it is not there yet."""
        number = int(target.server.rpartition(":")[2])
        try:
            await ask(self.bot.http, Route("GET", "/guilds/{guild_id}", guild_id=number))
        except NotDone:
            return True
        except DeliveryFailed:
            return False
        return False


def code_of(error: DeliveryFailed) -> int:
    """Return Discord's code of a refusal; 0 if it was none."""
    return error.__cause__.code if isinstance(error.__cause__, NotDone) else 0
