"""Moderators' schedules: added, paused, resumed and removed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import uuid4

from bot.caller import Caller
from bot.errors import UserError
from bot.features.delivery.rounds import Delivery
from bot.features.delivery.targets import refuse_without_permission
from bot.features.group_values import GroupValues
from bot.features.places import Places
from bot.features.planning import from_now, next_times
from bot.features.posts import Posts
from bot.features.timetable import Timetable
from bot.recurrence.occurrences import checked
from bot.recurrence.when import parse
from bot.recurrence.zones import zone
from bot.reply import Action, Prose, Reply
from bot.store.occurrences import Occurrences
from bot.store.schedules import Schedule, Schedules

MOST = 25


class Scheduling:
    """The schedules of groups, as moderators handle them."""

    def __init__(
        self,
        schedules: Schedules,
        occurrences: Occurrences,
        values: GroupValues,
        posts: Posts,
        places: Places,
        timetable: Timetable,
        delivery: Delivery,
        now: Callable[[], datetime],
    ) -> None:
        self._schedules = schedules
        self._occurrences = occurrences
        self._values = values
        self._posts = posts
        self._places = places
        self._timetable = timetable
        self._delivery = delivery
        self._now = now

    async def add(self, caller: Caller, what: str, when: str, section: str = "", kind: str = "") -> Reply:
        """Schedule a post, in the circle's time zone.

        Args:
            what: prompt, quote, summary or section.
            when: Such as thursdays 19:00, first monday 20:00, daily 08:00 or 2026-12-24 19:00.
            section: Prompts and quotes only from this section: its number or a word of its heading.
            kind: Prompts only of this kind: interpretive, evaluative, connecting, applying or factual.
        """
        wanted = await self._posts.what(caller, what, section, kind)
        rule = parse(when)
        values = await self._values.of(caller)
        now = self._now()
        there = zone(values["timezone"])
        start = checked(rule, there, now)
        shape = Schedule(
            id=uuid4().hex,
            group=caller.group,
            server=caller.server,
            number=0,
            what=str(wanted),
            rule=str(rule),
            zone=values["timezone"],
            start=start,
            handled=None,
            next_at=None,
        )
        await refuse_without_permission(self._places.of(caller), shape, values)
        move = from_now(shape, shape.zone, now)
        shape = replace(shape, handled=move.handled, next_at=move.next_at)
        added = await self._schedules.add(shape, caller.user, now, MOST)
        if added is None:
            raise UserError(f"A circle has at most {MOST} schedules. Remove one first: /schedule remove")
        self._delivery.wake()
        return await self._timetable.shown(f"Schedule {added.number} is set", added, caller)

    async def pause(self, caller: Caller, number: int = 0) -> Reply:
        """Let a schedule rest until it is resumed.

        Args:
            number: Which schedule, by its number in the list.
        """
        schedule = await self._timetable.one(caller, number)
        if schedule.paused:
            raise UserError(
                f"Schedule {schedule.number} is paused already. To go on: /schedule resume {schedule.number}"
            )
        await self._schedules.pause(schedule, "by a moderator", caller.user, self._now())
        text = (
            f"Schedule {schedule.number} ({schedule.what}, {schedule.rule}) rests. What it misses is not made up for."
        )
        resume = Action("Resume", f"schedule resume {schedule.number}")
        return Reply("Paused", (Prose(text),), private=True, actions=(resume,))

    async def resume(self, caller: Caller, number: int = 0) -> Reply:
        """Let a schedule go on that was paused or removed.

        Args:
            number: Which schedule, by its number in the list.
        """
        schedule = await self._numbered(caller, number) if number else await self._timetable.one(caller, 0)
        if not schedule.paused and schedule.removed_at is None:
            raise UserError(f"Schedule {schedule.number} is neither paused nor removed: /schedule list shows it.")
        if schedule.removed_at and len(await self._schedules.of(caller.group)) >= MOST:
            raise UserError(f"A circle has at most {MOST} schedules. Remove another first.")
        await refuse_without_permission(self._places.of(caller), schedule, await self._values.of(caller))
        if schedule.removed_at is None and (await self._posts.preview(schedule)).is_last:
            raise UserError(
                "Everything was posted, and schedules stop then here. To begin again: /config afterwards again, and "
                f"then /schedule resume {schedule.number}"
            )
        now = self._now()
        zone_name = (await self._values.of(caller))["timezone"]
        decided = await self._occurrences.decided(schedule.id)
        move = from_now(schedule, zone_name, now, decided)
        moved = [time for time in next_times(schedule, decided, 1) if time.at > now]
        if move.next_at is None and not moved and schedule.removed_at is None:
            raise UserError(
                f"Schedule {schedule.number} ({schedule.rule}) has no more times. Add another: /schedule add"
            )
        await self._schedules.resume(move, caller.user, now)
        self._delivery.wake()
        return await self._timetable.shown(
            f"Schedule {schedule.number} goes on", await self._timetable.one(caller, schedule.number), caller
        )

    async def remove(self, caller: Caller, number: int = 0) -> Reply:
        """Remove a schedule; for a week it can be brought back.

        Args:
            number: Which schedule, by its number in the list.
        """
        schedule = await self._timetable.one(caller, number)
        await self._schedules.remove(schedule, caller.user, self._now())
        text = f"Schedule {schedule.number} ({schedule.what}, {schedule.rule}) is removed. For a week it can come back."
        return Reply(
            "Removed", (Prose(text),), private=True, actions=(Action("Undo", f"schedule resume {schedule.number}"),)
        )

    async def _numbered(self, caller: Caller, number: int) -> Schedule:
        """Return a schedule by its number, also one that is removed but kept."""
        found = await self._schedules.numbered(caller.group, number)
        return found or await self._timetable.one(caller, number)
