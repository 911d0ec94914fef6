"""Looks before posting: whether a post of ours is there already."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from bot.errors import DeliveryFailed
from bot.posting import Platform, Receipt, Target
from bot.store.occurrence import Occurrence

_SECONDS = 60.0
# A post is looked for from well before it was planned: our clock may have been ahead by an hour when it was made.
_BACK = timedelta(hours=2)


async def look(platform: Platform, target: Target, occurrence: Occurrence) -> Receipt | None:
    """Look for the post of an occurrence where it goes, and where it went at an earlier attempt.

    Raises:
        DeliveryFailed: It cannot be seen whether it is there.
        TimeoutError: Likewise, after a minute.
    """
    since = min(occurrence.planned_at, occurrence.first_try_at or occurrence.planned_at) - _BACK
    for channel in dict.fromkeys((occurrence.channel or target.channel, target.channel)):
        try:
            async with asyncio.timeout(_SECONDS):
                found = await platform.find(replace(target, channel=channel), occurrence.key, since)
        except DeliveryFailed as error:
            # One that is gone must not keep posts from the one that moderators chose instead.
            if channel == target.channel or not error.is_certain:
                raise
            continue
        if found is not None:
            return found
    return None
