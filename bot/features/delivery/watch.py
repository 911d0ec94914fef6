"""Watches for what comes due: plans it into the outbox, and puts right what a clock that jumped made of it."""

import logging
import math
from contextlib import suppress
from datetime import datetime, timedelta

from bot.features.delivery.clocks import Clocks
from bot.features.delivery.retries import LONGEST_RETRY
from bot.features.group_values import GroupValues
from bot.features.planning import LATE, plan, put_right
from bot.posting import Platform
from bot.store.claims import LEASE
from bot.store.occurrence import Planned
from bot.store.occurrences import Occurrences
from bot.store.schedules import Schedule, Schedules

log = logging.getLogger(__name__)

# A clock that is put back by less was only set right.
_SKEW = timedelta(minutes=2)
# Where rounds are further apart, the process or the machine was stopped, and may have been put back.
_GAP = timedelta(seconds=30)
# So many schedules are planned in one transaction.
_AT_ONCE = 200
# Where so many posts are due, the log says how long they take.
_MANY = 100


class Watch:
    """Due times of schedules, taken into the outbox, and the clock by which they are due."""

    def __init__(self, schedules: Schedules, occurrences: Occurrences, values: GroupValues, clocks: Clocks) -> None:
        self._schedules = schedules
        self._occurrences = occurrences
        self._values = values
        self._clocks = clocks
        # By platform: since when rounds came without a gap, and when the last one was.
        self._watched: dict[str, tuple[datetime, datetime | None]] = {}
        # Of how many due posts the log has spoken.
        self._reported = 0

    def since(self, platform: Platform) -> datetime:
        """Return since when this process has watched a platform without a gap; now, if it does not watch it."""
        since, _ = self._watched.get(platform.name, (self._clocks.now(), None))
        return since

    async def seconds_until_due(self, platform: Platform) -> float:
        """Return in how many seconds something may be due on a platform, as far as that is known now."""
        coming = (await self._schedules.next_due(platform.name), await self._occurrences.next_due(platform.name))
        now = self._clocks.now()
        return min((max(0.0, (time - now).total_seconds()) for time in coming if time), default=math.inf)

    async def plan_due(self, platform: Platform) -> int:
        """Take due times of schedules into the outbox; returns how many schedules were due."""
        now = self._clocks.now()
        await self._notice_clock(platform, now)
        due = await self._schedules.due(platform.name, now, _AT_ONCE)
        if due:
            await self._report(platform, now)
            decided = await self._occurrences.to_come([schedule.id for schedule in due])
            plans = [await self._planned(each, now, decided[each.id]) for each in due]
            await self._occurrences.plan([each for each in plans if each], now)
        return len(due)

    async def _planned(self, schedule: Schedule, now: datetime, decided: set[str]) -> Planned | None:
        """Plan what is due of a schedule; one that cannot be computed is paused, and keeps nobody else waiting."""
        grace = await self._grace(schedule, now)
        try:
            return plan(schedule, now, grace, decided)
        except Exception:  # a zone that the data no longer has, a rule of a newer version
            log.exception("schedule %d of %s cannot be computed, and is paused", schedule.number, schedule.group)
        why = f"when it comes can no longer be computed ({schedule.rule}, {schedule.zone})"
        told = f"Schedule {schedule.number} is paused: {why}. /schedule add makes another."
        await self._occurrences.set_aside(schedule, why, told, now)
        return None

    async def _grace(self, schedule: Schedule, now: datetime) -> timedelta:
        """Return how late a post may come; a little is never too late."""
        if schedule.next_at is not None and now - schedule.next_at <= LATE:
            return LATE
        return max(LATE, (await self._values.at(schedule.group, schedule.server)).grace)

    async def _notice_clock(self, platform: Platform, now: datetime) -> None:
        """See whether the clock went on evenly; compute anew what a clock that was ahead, or other data, made of it."""
        since, latest = self._watched.get(platform.name, (now, None))
        went_back = latest is None or now < latest - _SKEW
        if latest is None or not timedelta(0) <= now - latest <= _GAP:
            since = now
        if went_back:
            await self._put_right(platform, now)
        self._watched[platform.name] = (since, now)

    async def _put_right(self, platform: Platform, now: datetime) -> None:
        longest = LEASE + timedelta(seconds=LONGEST_RETRY * 2)
        await self._occurrences.put_right(platform.name, now, now + longest)
        outdated = await self._schedules.outdated(platform.name, now)
        for first in range(0, len(outdated), _AT_ONCE):
            some = outdated[first : first + _AT_ONCE]
            moves = []
            for each in some:
                decided = await self._occurrences.decided(each.id)
                with suppress(Exception):  # it is paused, and this is said, when it is due
                    moves.append(put_right(each, now, decided))
            await self._schedules.move(moves, now)

    async def _report(self, platform: Platform, now: datetime) -> None:
        """Say how long it takes where much is due at once."""
        number = await self._schedules.number_due(platform.name, now)
        number += await self._occurrences.number_due(platform.name, now)
        if number < _MANY:
            self._reported = 0
        elif number > self._reported:
            self._reported = number
            seconds = number / platform.posts_a_second
            log.info("%d posts are due on %s; the last goes out in about %.0f s", number, platform.name, seconds)
