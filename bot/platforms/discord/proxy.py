"""Points discord.py at proxies for Discord's REST and gateway, in every way in which it finds them."""

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from bot.settings import DiscordSettings

# Discord's own answer, however often it was replaced.
_ASK = HTTPClient.get_bot_gateway


def use_proxies(settings: DiscordSettings) -> None:
    """Use these addresses from now on, in the whole process.

    Must be called before a client is made.
    """
    if settings.api:
        Route.BASE = settings.api
    if settings.gateway:
        _use_gateway(settings.gateway)


def _use_gateway(address: str) -> None:
    """Replace the default gateway, what ``/gateway/bot`` tells, and what READY tells to resume at."""
    url = yarl.URL(f"{address}/")
    DiscordWebSocket.DEFAULT_GATEWAY = url

    async def through_proxy(self: HTTPClient):  # type: ignore[no-untyped-def]  # the tuple's last type is not public
        shards, _, limits = await _ASK(self)
        return shards, str(url), limits

    HTTPClient.get_bot_gateway = through_proxy  # type: ignore[method-assign]
    # Each READY writes the address there by which Discord itself would be asked to resume.
    DiscordWebSocket.gateway = property(lambda self: url, lambda self, value: None)  # type: ignore[assignment]
