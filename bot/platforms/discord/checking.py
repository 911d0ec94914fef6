"""Asks Discord, over REST alone, whether the bot can do its work there; nothing is sent and nothing changed."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import discord
from discord.http import Route

from bot.app import App
from bot.errors import CannotServe, DeliveryFailed
from bot.platforms.discord.bot import COGS, KruzhokBot
from bot.platforms.discord.places import Place, obstacles
from bot.platforms.discord.proxy import use_proxies
from bot.platforms.discord.rest import NotDone, ask
from bot.platforms.discord.serving import UNREACHABLE, refusals_told
from bot.platforms.discord.sync import hash_of
from bot.posting import Target
from bot.settings import DiscordSettings

log = logging.getLogger(__name__)

GONE = "It is gone, or Kruzhok cannot see it."
REMOVED = "Kruzhok is not in its server."
UNEXPECTED = "What answers in Discord's place says {status} to a bot. Is KRUZHOK_DISCORD_API right?"
# discord.py tries again for about half a minute.
_SECONDS = 15.0


def address(settings: DiscordSettings) -> str:
    """Return where Discord's REST is asked."""
    return settings.api or Route.BASE


async def commands_hash(app: App) -> str:
    """Return what tells the commands of this program from others; see ``Published``."""
    async with KruzhokBot(app) as bot:
        for name in COGS:
            await bot.load_extension(name)
        return hash_of(bot.tree)


@dataclass(frozen=True, slots=True)
class Server:
    """A server that the bot is in, with the numbers and names of channels in which it can post."""

    number: int
    name: str
    channels: tuple[tuple[int, str], ...]


@dataclass
class Discord:
    """Discord, as it was logged in to.

    Attributes:
        application: The application's number.
        name: What the bot is called.
    """

    client: discord.Client
    application: int
    name: str
    _guilds: dict[int, discord.Guild | None] = field(default_factory=dict)

    async def first_server(self, most: int) -> "Server | None":
        """Return the server that the bot is in first, with channels in which it can post; None if none can be seen."""
        try:
            guilds = await ask(self.client.http, Route("GET", "/users/@me/guilds"))
            if not guilds:
                return None
            number = int(guilds[0]["id"])
            guild = await self._fetched(number)
            channels = [(each.id, each.name) for each in guild.text_channels if self._can_post(guild, each)]
            return Server(number, guild.name, tuple(channels[:most]))
        except (DeliveryFailed, NotDone) as error:
            log.info("the first server cannot be seen: %s", error)
            return None

    def _can_post(self, guild: discord.Guild, channel: discord.TextChannel) -> bool:
        target = Target(f"discord:{channel.id}", f"discord:server:{guild.id}", str(channel.id))
        return not any(obstacles(Place.cached(channel), target, guild))

    async def missing(self, target: Target) -> list[str]:
        """Return what keeps the bot from posting somewhere, each as a sentence; nothing if all is well.

        Raises:
            DeliveryFailed: There was no answer.
        """
        route = Route("GET", "/channels/{channel_id}", channel_id=int(target.channel))
        try:
            place = Place.told(await ask(self.client.http, route))
        except NotDone:
            return [GONE]
        if not place.server:
            return []
        guild = await self._guild(place.server)
        return list(obstacles(place, target, guild)) if guild else [REMOVED]

    async def _guild(self, number: int) -> discord.Guild | None:
        """Return a server with its roles, its channels and the bot's own membership, from which permissions follow."""
        if number not in self._guilds:
            try:
                self._guilds[number] = await self._fetched(number)
            except NotDone:
                self._guilds[number] = None
        return self._guilds[number]

    async def _fetched(self, number: int) -> discord.Guild:
        http, us = self.client.http, self.application
        told: dict[str, Any] = await ask(http, Route("GET", "/guilds/{guild_id}", guild_id=number))
        channels = await ask(http, Route("GET", "/guilds/{guild_id}/channels", guild_id=number))
        member = Route("GET", "/guilds/{guild_id}/members/{user_id}", guild_id=number, user_id=us)
        members = [await ask(http, member)]
        # As the gateway would tell it.
        return discord.Guild(data=told | {"channels": channels, "members": members}, state=self.client._connection)  # type: ignore[arg-type]  # it is what Discord has told


@asynccontextmanager
async def logged_in(settings: DiscordSettings) -> AsyncIterator[Discord]:
    """Log in, without a connection to the gateway.

    Raises:
        CannotServe: Discord refuses the token, or cannot be reached.
    """
    use_proxies(settings)
    async with discord.Client(intents=discord.Intents(guilds=True)) as client:
        try:
            async with refusals_told(), asyncio.timeout(_SECONDS):
                await client.login(settings.token)
        except TimeoutError:
            raise CannotServe(UNREACHABLE, is_refusal=False) from None
        except discord.HTTPException as error:
            raise CannotServe(UNEXPECTED.format(status=error.status), is_refusal=False) from None
        us = client.user
        if us is None:
            raise CannotServe("Discord does not say who the bot is.", is_refusal=False)
        yield Discord(client, client.application_id or us.id, us.name)


async def missing_in(there: Discord, targets: Iterable[Target]) -> list[tuple[Target, list[str]]]:
    """Return what is missing in each of these places, one after the other; it ends where Discord does not answer."""
    found = []
    for target in targets:
        try:
            found.append((target, await there.missing(target)))
        except DeliveryFailed as error:
            found.append((target, [f"{error}."]))
            break
    return found
