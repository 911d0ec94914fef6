"""Tells moderators what they are to know, in their channel for notices."""

import asyncio
import logging
from datetime import timedelta

from bot.errors import DeliveryFailed
from bot.features.delivery.clocks import Clocks
from bot.features.group_values import GroupValues
from bot.posting import Platform, Post, Target
from bot.reply import Prose, Reply
from bot.store.notices import Notices
from bot.store.schedules import Schedules

log = logging.getLogger(__name__)

_SECONDS = 30.0
# Clocks of chat services and ours differ.
_SKEW = timedelta(minutes=2)


class Telling:
    """What moderators were not told yet, told."""

    def __init__(self, schedules: Schedules, notices: Notices, values: GroupValues, clocks: Clocks) -> None:
        self._schedules = schedules
        self._notices = notices
        self._values = values
        self._clocks = clocks
        # By platform: the number of the latest notice that was tried; this process tries none twice.
        self._tried: dict[str, int] = {}

    async def tell_moderators(self, platform: Platform) -> None:
        """Tell moderators in their channel for notices what is new; without one they read it in the schedules' list."""
        for notice in await self._notices.after(platform.name, self._tried.get(platform.name, 0)):
            self._tried[platform.name] = notice.number
            schedules = await self._schedules.of(notice.group)
            server = schedules[0].server if schedules else ""
            channel = (await self._values.at(notice.group, server)).number("notices")
            if not channel:
                continue
            target = Target(notice.group, server, channel, threads=False)
            key = f"notice-{notice.number}"
            try:
                async with asyncio.timeout(_SECONDS):
                    if not await platform.find(target, key, notice.noticed_at - _SKEW):
                        await platform.post(target, Post(Reply("For moderators", (Prose(notice.text),))), key)
            except (DeliveryFailed, TimeoutError) as error:
                log.warning("moderators of %s could not be told: %s", notice.group, error)
            else:
                await self._notices.told([notice.number], self._clocks.now())
