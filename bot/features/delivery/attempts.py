"""One attempt to post an occurrence: look, choose, hold, send, record, and open its thread."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from bot.errors import DeliveryFailed, UserError
from bot.features.delivery.clocks import Clocks
from bot.features.delivery.looking import look
from bot.features.delivery.retries import GIVE_UP_AFTER
from bot.features.delivery.targets import target_for
from bot.features.delivery.watch import Watch
from bot.features.group_values import GroupValues, Values
from bot.features.planning import LATE
from bot.features.posts import QUOTE, THE_END, Made, Posts, What
from bot.posting import Platform, Post, Receipt, Target
from bot.recurrence.zones import zone
from bot.reply import Prose, Reply, day_and_time
from bot.store.claims import LEASE, Claims
from bot.store.occurrence import Occurrence
from bot.store.occurrences import Occurrences
from bot.store.schedules import Schedule, Schedules

# How long a chat service has for a post, or for its thread.
_POST_SECONDS = 30.0
# Between holding an occurrence and sending it no more than this may pass, or the process was stopped meanwhile.
_FRESH_SECONDS = 10.0


class Lost(Exception):
    """Another process has taken the occurrence over."""


class Attempts:
    """Attempts to post what this process has claimed.

    Args:
        step: Told the name of each step; tests end the process there.
    """

    def __init__(
        self,
        schedules: Schedules,
        occurrences: Occurrences,
        claims: Claims,
        values: GroupValues,
        posts: Posts,
        watch: Watch,
        clocks: Clocks,
        step: Callable[[str], None],
    ) -> None:
        self._schedules = schedules
        self._occurrences = occurrences
        self._claims = claims
        self._values = values
        self._posts = posts
        self._watch = watch
        self._clocks = clocks
        self._step = step

    async def post_once(self, platform: Platform, occurrence: Occurrence) -> None:
        """Take a delivery from where an earlier attempt left it to its end.

        Raises:
            DeliveryFailed: It must be tried again.
            Lost: Somebody else has it now.
            TimeoutError: The service does not answer; it must be tried again.
            UserError: There is nothing to post, as the reading is no longer what it was.
        """
        schedule = (await self._schedules.identified([occurrence.schedule])).get(occurrence.schedule)
        if schedule is None:
            await self._claims.miss(occurrence, "its schedule is no longer there", "", self._clocks.now())
            return
        values = await self._values.at(schedule.group, schedule.server)
        target = target_for(schedule, values)
        receipt = occurrence.receipt
        if receipt is None:
            receipt = await self._found(platform, target, occurrence)
            if receipt is None:
                receipt = await self._sent(platform, target, schedule, occurrence, values)
            else:
                await self._choose_again(schedule, occurrence)
            if receipt is None:
                return
        is_end = await self._item(occurrence) == THE_END
        wants_thread = target.threads and not receipt.thread and not is_end
        if occurrence.receipt is None:
            note = self._lateness(schedule, occurrence)
            is_done = not wants_thread and not is_end
            await self._claims.record(occurrence, receipt, self._clocks.now(), note, is_done)
            self._step("after record")
        if is_end:
            await self._claims.stop(occurrence, schedule, "everything was posted", "", self._clocks.now())
        elif wants_thread:
            there = replace(target, channel=receipt.channel)
            await self._open_thread(platform, there, schedule, occurrence, receipt)
        elif occurrence.receipt is not None:  # its thread is not wanted any more
            await self._claims.record_thread(occurrence, receipt.thread)

    async def _choose_again(self, schedule: Schedule, occurrence: Occurrence) -> None:
        """Use up what was posted, where an older copy of the database does not know it.

        The choice is the same as it was, but for quotes, which are chosen by chance.
        """
        if occurrence.item or What.parse(schedule.what).kind == QUOTE:
            return
        with suppress(UserError):
            if (await self._made(schedule, occurrence)).is_last:
                await self._claims.settle(occurrence, THE_END)

    async def _found(self, platform: Platform, target: Target, occurrence: Occurrence) -> Receipt | None:
        """Look before posting wherever a post may be there already.

        That is after any attempt; and where it was planned before this process watched, as an older copy of the
        database may have been put back.
        """
        if occurrence.attempts <= 1 and occurrence.planned_at >= self._watch.since(platform):
            return None
        self._step("before look")
        return await look(platform, target, occurrence)

    async def _sent(
        self, platform: Platform, target: Target, schedule: Schedule, occurrence: Occurrence, values: Values
    ) -> Receipt | None:
        """Choose and post; returns None if it is not to be posted any more."""
        if await self._is_passed_over(schedule, occurrence, values):
            return None
        made = await self._made(schedule, occurrence)
        if made.post is None:
            raise DeliveryFailed("no prompt is left: all are set aside", is_certain=True)
        if made.is_last:
            await self._claims.settle(occurrence, THE_END)
        self._step("after choice")
        post = _with_note(made.post, self._lateness(schedule, occurrence))
        await self._hold(occurrence, target)
        async with asyncio.timeout(_POST_SECONDS):
            receipt = await platform.post(target, post, occurrence.key)
        self._step("after send")
        return receipt

    async def _is_passed_over(self, schedule: Schedule, occurrence: Occurrence, values: Values) -> bool:
        """Pass over an occurrence that is not to be posted any more, and tell its moderators."""
        now = self._clocks.now()
        why = _withdrawn(schedule, occurrence, now, values)
        if not why and now - occurrence.planned_at > LATE and await self._occurrences.is_superseded(occurrence, now):
            why = "the next one has come meanwhile"
        if not why:
            return False
        told = f"Schedule {schedule.number} ({schedule.what}): the post of {occurrence.local} was not made: {why}."
        await self._claims.miss(occurrence, why, "" if schedule.paused else told, now)
        return True

    async def _hold(self, occurrence: Occurrence, target: Target) -> None:
        """Make sure, right before it is sent, that nobody else has taken the occurrence over.

        Raises:
            Lost: Somebody has, or may have, as this process was stopped meanwhile.
        """
        if not await self._claims.hold(occurrence.key, self._clocks.now() + LEASE, target.channel):
            raise Lost
        held_at, held = self._clocks.now(), self._clocks.monotonic()
        self._step("before send")
        # While a machine sleeps, seconds are not counted, but its clock goes on.
        passed = (self._clocks.now() - held_at).total_seconds()
        if max(passed, self._clocks.monotonic() - held) > _FRESH_SECONDS:
            raise Lost

    async def _made(self, schedule: Schedule, occurrence: Occurrence) -> Made:
        """Make the post: what was decided before, or else what is decided now."""

        async def choose(reading: str, kind: str, choices: Sequence[str]) -> tuple[str, bool]:
            return await self._claims.choose(occurrence, reading, kind, choices, self._clocks.now())

        return await self._posts.make(schedule, choose, await self._item(occurrence))

    async def _item(self, occurrence: Occurrence) -> str:
        """Return what was decided to be posted, by whichever attempt."""
        kept = await self._occurrences.keyed(occurrence.key)
        return kept.item if kept else ""

    async def _open_thread(
        self, platform: Platform, target: Target, schedule: Schedule, occurrence: Occurrence, receipt: Receipt
    ) -> None:
        """Open the thread of a post, a step of its own."""
        made = await self._made(schedule, occurrence)
        thread = ""
        self._step("before thread")
        if made.post and made.post.subject:
            async with asyncio.timeout(_POST_SECONDS):
                thread = await platform.open_thread(target, receipt, made.post)
        self._step("after thread")
        await self._claims.record_thread(occurrence, thread)

    def _lateness(self, schedule: Schedule, occurrence: Occurrence) -> str:
        """Say that a post is late, if it is."""
        if occurrence.by_hand or self._clocks.now() - occurrence.planned_at <= LATE:
            return ""
        return f"Late: planned for {day_and_time(occurrence.planned_at.astimezone(zone(schedule.zone)))}."


def _withdrawn(schedule: Schedule, occurrence: Occurrence, now: datetime, values: Values) -> str:
    """Return why an occurrence is not posted any more, if so."""
    if schedule.removed_at is not None:
        return "the schedule was removed"
    if schedule.paused and not occurrence.by_hand:
        return "the schedule was paused"
    if now - occurrence.planned_at > values.grace + GIVE_UP_AFTER:
        return "it would have come too late"
    return ""


def _with_note(post: Post, note: str) -> Post:
    """Return a post that begins with a note, if there is one."""
    if not note:
        return post
    reply = post.reply
    return replace(post, reply=Reply(reply.title, (Prose(note), *reply.pieces), actions=reply.actions))
