"""Serves Discord until it is told to stop, or Discord does not want the bot any more."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import discord

from bot.app import App
from bot.errors import CannotServe
from bot.platforms.discord.bot import KruzhokBot
from bot.platforms.discord.delivery import DiscordPlatform
from bot.platforms.discord.proxy import use_proxies
from bot.settings import DiscordSettings

log = logging.getLogger(__name__)

# Nobody speaks here; discord.py would warn at every start that it could not.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

REFUSED = (
    "Discord does not accept the bot's token. Make a new one in the Developer Portal (your application, Bot, "
    "Reset Token), and put it into KRUZHOK_DISCORD_TOKEN or the file that KRUZHOK_DISCORD_TOKEN_FILE names."
)
UNREACHABLE = "Discord cannot be reached. Is there a network, and are KRUZHOK_DISCORD_API and _GATEWAY right?"
_TOKEN_REFUSED = 4004  # a close code of the gateway
# Of the 5 seconds that there are to stop.
_FINISHING_SECONDS, _CLOSING_SECONDS = 3.0, 1.0
# After a bug in deliveries.
_AGAIN_SECONDS = 5.0


@asynccontextmanager
async def refusals_told() -> AsyncIterator[None]:
    """Say in one sentence what it means when Discord does not let the bot in.

    Raises:
        CannotServe: It does not.
    """
    try:
        yield
    except discord.LoginFailure:
        raise CannotServe(REFUSED, is_refusal=True) from None
    except discord.ConnectionClosed as error:
        if error.code != _TOKEN_REFUSED:
            raise CannotServe(f"Discord closed the connection with code {error.code}.", is_refusal=False) from error
        raise CannotServe(REFUSED, is_refusal=True) from None
    except (aiohttp.ClientError, discord.GatewayNotFound, discord.DiscordServerError, OSError) as error:
        log.debug("no way to Discord", exc_info=error)
        raise CannotServe(UNREACHABLE, is_refusal=False) from None


async def serve(app: App, settings: DiscordSettings, stop: asyncio.Event) -> None:
    """Answer on Discord until ``stop`` is set; then finish what is being answered, and leave.

    Raises:
        CannotServe: Discord refuses the token, now or later, or cannot be reached.
    """
    use_proxies(settings)
    bot = KruzhokBot(app)
    platform = DiscordPlatform(bot)
    app.places.add(platform)
    running = asyncio.ensure_future(bot.start(settings.token))
    stopping = asyncio.ensure_future(stop.wait())
    ending = asyncio.Event()
    delivering = asyncio.ensure_future(_deliver(bot, platform, ending))
    try:
        async with refusals_told():
            await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
    finally:
        stopping.cancel()
        ending.set()
        await _leave(bot, running, delivering)


async def _deliver(bot: KruzhokBot, platform: DiscordPlatform, ending: asyncio.Event) -> None:
    """Deliver what is due from when the bot knows its servers; answering goes on, whatever becomes of it."""
    await bot.begun.wait()
    await bot.wait_until_ready()
    while True:
        try:
            await bot.app.delivery.run(platform, ending)
            return
        except Exception:  # a bug: logged whole, and what was being posted is looked for
            log.exception("deliveries have ended; they begin again")
            await asyncio.sleep(_AGAIN_SECONDS)


async def _leave(bot: KruzhokBot, running: asyncio.Future[None], delivering: asyncio.Future[None]) -> None:
    """Finish what is being answered and posted, close the gateway, and wait for no longer than there is time.

    What is not finished of a post is found again after the next start.
    """
    if not bot.is_ready():
        delivering.cancel()
    answering = asyncio.ensure_future(bot.in_flight.finished())
    _, unfinished = await asyncio.wait({answering, delivering}, timeout=_FINISHING_SECONDS)
    for each in unfinished:
        each.cancel()
    await asyncio.gather(*unfinished, return_exceptions=True)
    if answering in unfinished:
        log.warning("some answers were not finished")
    if delivering in unfinished:
        log.warning("some posts were not finished; they are looked for after the next start")
    try:
        async with asyncio.timeout(_CLOSING_SECONDS):
            await bot.close()
    except TimeoutError:
        log.warning("the gateway did not close in time")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
