"""Serves several chat services at once: what befalls one does not befall the others."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random
from time import monotonic

from bot.condition import Condition
from bot.errors import CannotServe

log = logging.getLogger(__name__)

# Between two tries to reach a chat service: longer each time, and spread, so that not all bots come back at once.
FIRST_RETRY, LONGEST_RETRY = 2.0, 300.0
# Whoever was served for so long is tried again soon.
_LONG = 600.0
_BUG = "Serving {name} failed, which is a mistake of Kruzhok's."


@dataclass(frozen=True, slots=True)
class Service:
    """A chat service.

    Attributes:
        serve: Serves it until the event is set; raises CannotServe.
        condition: How the connection to it is; whoever serves it says when there is one.
    """

    name: str
    serve: Callable[[asyncio.Event], Awaitable[None]]
    condition: Condition


async def serve_all(services: Sequence[Service], stop: asyncio.Event, dice: Random) -> list[str]:
    """Serve until ``stop`` is set, or all refuse the bot; returns the sentences of those that refuse it.

    What cannot be reached is tried again.
    """
    serving = [asyncio.ensure_future(_keep_serving(each, stop, dice)) for each in services]
    refusals: list[str] = []
    try:
        pending = set(serving)
        while pending:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for refusal in [each.result() for each in serving if each in done and each.result()]:
                refusals.append(refusal)
                # Where all do, whoever asked tells why.
                if len(refusals) < len(services):
                    log.error("%s", refusal)
    finally:
        for each in serving:
            each.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
    return refusals


async def _keep_serving(service: Service, stop: asyncio.Event, dice: Random) -> str:
    """Serve one service, again and again if need be; returns why it refuses the bot, or nothing."""
    seconds = FIRST_RETRY
    while True:
        begun = monotonic()
        try:
            await service.serve(stop)
            why = f"{service.name} has ended."
        except CannotServe as error:
            if error.is_refusal:
                service.condition.disconnected(str(error), is_refused=True)
                return str(error)
            why = str(error)
        except Exception:  # a bug: logged whole, and the other services do not suffer
            why = _BUG.format(name=service.name)
            log.exception(why)
        service.condition.disconnected(why)
        if stop.is_set():
            return ""
        if monotonic() - begun > _LONG:
            seconds = FIRST_RETRY
        pause = seconds * dice.uniform(0.5, 1.5)
        seconds = min(seconds * 2, LONGEST_RETRY)
        log.warning("%s It is tried again in %.0f s.", why, pause)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        if stop.is_set():
            return ""
