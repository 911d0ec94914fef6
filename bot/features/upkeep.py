"""Forgets what was promised not to be kept, once a day."""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from bot.store.button_lines import ButtonLines
from bot.store.changes import KEPT as CHANGES_KEPT
from bot.store.changes import Changes
from bot.store.groups import Groups
from bot.store.inbox import Inbox
from bot.store.notices import Notices
from bot.store.occurrences import Occurrences
from bot.store.outbox import Outbox
from bot.store.schedules import Schedules

log = logging.getLogger(__name__)

NOTICES_KEPT = timedelta(days=90)
HISTORY_KEPT = timedelta(days=400)
REMOVED_KEPT = timedelta(days=7)
LEFT_KEPT = timedelta(days=30)
LINES_KEPT = timedelta(days=365)
UNREADABLE_KEPT = timedelta(days=7)
ANSWERS_KEPT = timedelta(days=30)
_A_DAY = 24 * 60 * 60.0


class Upkeep:
    """What is forgotten, and when."""

    def __init__(
        self,
        changes: Changes,
        notices: Notices,
        occurrences: Occurrences,
        schedules: Schedules,
        groups: Groups,
        button_lines: ButtonLines,
        inbox: Inbox,
        outbox: Outbox,
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self._changes = changes
        self._notices = notices
        self._occurrences = occurrences
        self._schedules = schedules
        self._groups = groups
        self._button_lines = button_lines
        self._inbox = inbox
        self._outbox = outbox
        self._now = now
        self._sleep = sleep

    async def run(self) -> None:
        """Forget every day, until cancelled."""
        while True:
            try:
                await self.forget()
            except Exception:  # a full disk, a bug: it must not end anything else
                log.exception("what is old could not be forgotten; it is tried again tomorrow")
            await self._sleep(_A_DAY)

    async def forget(self) -> None:
        """Forget what is too old now."""
        now = self._now()
        await self._changes.forget_before(now - CHANGES_KEPT)
        await self._notices.forget_before(now - NOTICES_KEPT)
        await self._occurrences.forget_before(now - HISTORY_KEPT)
        await self._schedules.forget_removed_before(now - REMOVED_KEPT)
        await self._button_lines.forget_before(now - LINES_KEPT)
        await self._inbox.forget_before(now - UNREADABLE_KEPT)
        await self._outbox.forget_before(now - ANSWERS_KEPT, now - HISTORY_KEPT)
        number = await self._groups.forget_left_before(now - LEFT_KEPT)
        if number:
            log.info("%d groups that Kruzhok was removed from are forgotten", number)
