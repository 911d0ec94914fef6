"""One request to Discord, sent once and within a time; what its failure means for a delivery."""

import asyncio
import logging
from typing import Any

import aiohttp
import discord
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from discord.http import HTTPClient, Route

from bot.errors import DeliveryFailed

log = logging.getLogger(__name__)

# A post takes Discord a fraction of a second; and other requests in the same channel may have to be waited for.
SECONDS = 15.0
BUSY = "Discord asks to wait before more is sent"
UNWELL = "Discord has a disturbance and gave no answer"
UNREACHABLE = "Discord cannot be reached"
_TOO_MANY, _SERVER_ERRORS = 429, 500


class NotDone(Exception):
    """Discord refused a request, and nothing of it was done.

    Attributes:
        status: HTTP's code.
        code: Discord's own, more precise one.
    """

    def __init__(self, error: discord.HTTPException) -> None:
        super().__init__(str(error))
        self.status = error.status
        self.code = error.code


async def ask(http: HTTPClient, route: Route, **sent: Any) -> Any:
    """Send a request once, and return the answer.

    discord.py would send it again, five times, and sleep in between. After an answer that was lost this posts twice in
    forums, where nonces do not help; a refusal of the second time says nothing of the first; and a sleep during a
    global rate limit that is cut short, as by a timeout, leaves every later request of the process waiting for ever.

    Args:
        sent: ``json`` for the body, ``params`` for the query.

    Raises:
        DeliveryFailed: There was no answer, or a later try is asked for.
        NotDone: Discord refused.
    """
    try:
        async with asyncio.timeout(SECONDS):
            answer = await http.request(route, middlewares=(_once,), **sent)
    except discord.RateLimited as error:
        raise DeliveryFailed(BUSY, error.retry_after, is_certain=True) from error
    except discord.HTTPException as error:
        if error.status == _TOO_MANY:
            raise DeliveryFailed(BUSY, is_certain=True) from error
        if error.status >= _SERVER_ERRORS:
            raise DeliveryFailed(UNWELL) from error
        raise NotDone(error) from error
    except (aiohttp.ClientError, OSError, ValueError) as error:  # ValueError: an answer that is no JSON
        log.info("no answer from Discord: %s", error)
        raise DeliveryFailed(UNREACHABLE) from error
    if isinstance(answer, str):
        raise DeliveryFailed(UNWELL)
    return answer


async def _once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    """Let nothing come back to discord.py after which it would send the request again."""
    try:
        response = await handler(request)
    except OSError as error:
        log.info("no answer from Discord: %s", error)
        raise DeliveryFailed(UNREACHABLE) from error
    if response.status == _TOO_MANY:
        response.close()
        raise DeliveryFailed(BUSY, _seconds(response.headers.get("Retry-After", "")), is_certain=True)
    if response.status >= _SERVER_ERRORS:
        response.close()
        raise DeliveryFailed(UNWELL)
    return response


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
