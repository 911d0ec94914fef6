"""Tries again what could not be posted, and gives up in the end: the schedule rests, and its moderators are told."""

import logging
from collections.abc import Callable
from datetime import timedelta
from random import Random

from bot.errors import DeliveryFailed
from bot.features.delivery.clocks import Clocks
from bot.features.delivery.looking import look
from bot.features.delivery.targets import target_for
from bot.features.group_values import GroupValues
from bot.posting import Platform, Receipt, Target
from bot.store.claims import Claims
from bot.store.occurrence import Occurrence
from bot.store.occurrences import Occurrences
from bot.store.schedules import Schedules

log = logging.getLogger(__name__)

# A target that fails is tried for an hour, and several times however far a clock jumps.
GIVE_UP_AFTER, _FEWEST_ATTEMPTS = timedelta(hours=1), 5
# Seconds until the second attempt, about twice as many until the third, and at last so many.
_FIRST_RETRY, LONGEST_RETRY = 5.0, 600.0
# What a mistake of ours keeps from being posted is tried whenever its lease ends, and given up after about as long.
_MOST_ATTEMPTS = 40


class Retries:
    """What becomes of attempts that failed.

    Args:
        step: Told the name of each step; tests end the process there.
    """

    def __init__(
        self,
        schedules: Schedules,
        occurrences: Occurrences,
        claims: Claims,
        values: GroupValues,
        clocks: Clocks,
        random: Random,
        step: Callable[[str], None],
    ) -> None:
        self._schedules = schedules
        self._occurrences = occurrences
        self._claims = claims
        self._values = values
        self._clocks = clocks
        self._random = random
        self._step = step

    async def after_failure(self, platform: Platform, occurrence: Occurrence, error: DeliveryFailed) -> None:
        """Try again later; after an hour give up."""
        now = self._clocks.now()
        occurrence = await self._occurrences.keyed(occurrence.key) or occurrence  # it may be posted by now
        began = occurrence.first_try_at or now
        if occurrence.attempts < _FEWEST_ATTEMPTS or now - began < GIVE_UP_AFTER:
            note = occurrence.note if occurrence.receipt else str(error)
            await self._claims.retry(occurrence, now + self._pause(occurrence, error), note)
            log.warning("a post in %s failed, and is tried again: %s", occurrence.group, error)
            self._step("to be tried again")
        else:
            await self._give_up(platform, occurrence, error)

    async def after_mistake(self, platform: Platform, occurrence: Occurrence) -> None:
        """Give up in the end on what a mistake of ours keeps from being posted; until then its lease ends each time."""
        if occurrence.attempts > _MOST_ATTEMPTS:
            mistake = DeliveryFailed("this is a mistake of Kruzhok’s; its log says more")
            await self._give_up(platform, occurrence, mistake)

    async def _give_up(self, platform: Platform, occurrence: Occurrence, error: DeliveryFailed) -> None:
        """Let the schedule rest with the reason, and tell its moderators once; what was posted stays posted."""
        now = self._clocks.now()
        schedule = (await self._schedules.identified([occurrence.schedule])).get(occurrence.schedule)
        number = schedule.number if schedule else 0
        log.warning("a post in %s failed for an hour, and is given up: %s", occurrence.group, error)
        self._step("given up")
        if schedule and not occurrence.receipt and not error.is_certain:
            values = await self._values.at(schedule.group, schedule.server)
            receipt = await self._last_look(platform, target_for(schedule, values), occurrence)
            if receipt is not None:
                await self._claims.record(occurrence, receipt, now, "", is_done=True)
                return
        if occurrence.receipt is not None:
            told = f"The post of schedule {number} is there, but it has no thread: {error}."
            await self._claims.stop(occurrence, None, str(error), told, now)
        elif occurrence.by_hand:
            told = f"Schedule {number} could not be run by hand: {error}."
            await self._claims.give_up(occurrence, None, str(error), told, now)
        else:
            told = f"Schedule {number} is paused: {error}. When that is put right: /schedule resume {number}"
            await self._claims.give_up(occurrence, schedule, str(error), told, now)

    async def _last_look(self, platform: Platform, target: Target, occurrence: Occurrence) -> Receipt | None:
        """Look whether the last attempt got through after all, as far as that can be seen."""
        try:
            self._step("before look")
            return await look(platform, target, occurrence)
        except Exception as error:  # a mistake of ours too: it must not keep us from giving up
            log.info("it cannot be seen whether the last attempt got through: %r", error)
            return None

    def _pause(self, occurrence: Occurrence, error: DeliveryFailed) -> timedelta:
        """Return how long to wait: twice as long each time, with jitter, and as long as the service asks for."""
        doubled = min(LONGEST_RETRY, _FIRST_RETRY * 2 ** max(0, occurrence.attempts - 1))
        jitter = 0.5 + self._random.random()
        return timedelta(seconds=max(doubled * jitter, error.retry_after or 0.0))
