"""Single posts of a schedule, as moderators decide about them: one left out, one moved, one made now."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from uuid import uuid4

from bot.caller import Caller
from bot.errors import UserError
from bot.features.delivery.rounds import Delivery
from bot.features.delivery.targets import refuse_without_permission
from bot.features.group_values import GroupValues
from bot.features.places import Places
from bot.features.planning import local_text, next_move
from bot.features.posts import Posts
from bot.features.timetable import NOTHING_TO_POST, Timetable
from bot.recurrence.clock_changes import instant
from bot.recurrence.occurrences import Occurrence as Time
from bot.recurrence.when import parse
from bot.recurrence.zones import zone
from bot.reply import Action, Prose, Reply, day_and_time
from bot.store.occurrence import BY_HAND, POSTED, SKIPPED, WAITING, Occurrence, key_of
from bot.store.occurrences import Occurrences
from bot.store.schedules import Schedule

_DAYS_NAMED = 3
# A post is moved no farther than about a year from now.
_FARTHEST = timedelta(days=366)
_DAY_AND_TIME = re.compile(r"(?:(\d{4}-\d{2}-\d{2})[ T]+)?([0-2]?\d:[0-5]\d)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class SinglePosts:
    """Posts of schedules, one by one."""

    def __init__(
        self,
        occurrences: Occurrences,
        values: GroupValues,
        posts: Posts,
        places: Places,
        timetable: Timetable,
        delivery: Delivery,
        now: Callable[[], datetime],
    ) -> None:
        self._occurrences = occurrences
        self._values = values
        self._posts = posts
        self._places = places
        self._timetable = timetable
        self._delivery = delivery
        self._now = now

    async def skip(self, caller: Caller, number: int = 0, which: str = "") -> Reply:
        """Leave out one post of a schedule.

        Args:
            number: Which schedule, by its number in the list.
            which: The day it is planned for, such as 2026-12-03; without it, the next.
        """
        schedule, time = await self._time(caller, number, which)
        await self._decide(schedule, time, caller, SKIPPED, time.at, "skipped by a moderator")
        shown = time.at.astimezone(zone(schedule.zone))
        text = f"Schedule {schedule.number} does not post on {day_and_time(shown)}."
        undo = f"schedule move {schedule.number} {time.local:%Y-%m-%d %H:%M} which:{time.local:%Y-%m-%d}"
        after = await self._timetable.one(caller, schedule.number)
        return Reply(
            "Skipped", (Prose(text), await self._timetable.times(after)), private=True, actions=(Action("Undo", undo),)
        )

    async def move(self, caller: Caller, number: int, to: str, which: str = "") -> Reply:
        """Move one post of a schedule to another time.

        Args:
            number: Which schedule, by its number in the list.
            to: The new day and time, such as 2026-12-04 20:00, or only a time.
            which: The day it is planned for, such as 2026-12-03; without it, the next.
        """
        schedule, time = await self._time(caller, number, which)
        there = zone(schedule.zone)
        before = time.at.astimezone(there)
        local = _read_time(to, before.date())
        at = local.replace(tzinfo=there).astimezone(zone("UTC"))
        now = self._now()
        if not now < at <= now + _FARTHEST:
            which_is = "past" if at <= now else "more than a year from now"
            raise UserError(f"{local.isoformat(' ', 'minutes')} is {which_is}. Choose another time.")
        is_planned = at == instant(time.local, there)
        note = "" if is_planned else f"moved from {day_and_time(time.local)}"
        await self._decide(schedule, time, caller, WAITING, at, note)
        self._delivery.wake()
        new = day_and_time(at.astimezone(there))
        instead = ", as planned" if is_planned else f" instead of {day_and_time(before)}"
        said = Prose(f"Schedule {schedule.number} posts on {new}{instead}.")
        after = await self._timetable.one(caller, schedule.number)
        line = f"schedule move {schedule.number} {before:%Y-%m-%d %H:%M} which:{time.local:%Y-%m-%d}"
        undo = (Action("Undo", line),) if at != time.at else ()
        return Reply("As planned" if is_planned else "Moved", (said, await self._timetable.times(after)), True, undo)

    async def run(self, caller: Caller, number: int = 0, counted: str = "yes") -> Reply:
        """Post what a schedule would post next, now.

        Args:
            number: Which schedule, by its number in the list.
            counted: yes, or no: whether it uses up what it posts, and one of the times of a schedule that has so many.
        """
        if counted.strip().casefold() not in ("yes", "no"):
            raise UserError(f"counted is yes or no, not “{counted.strip()[:40]}”.")
        counts = counted.strip().casefold() == "yes"
        schedule = await self._timetable.one(caller, number)
        platform = self._places.of(caller)
        await refuse_without_permission(platform, schedule, await self._values.of(caller))
        if (await self._posts.preview(schedule)).post is None:
            raise UserError(NOTHING_TO_POST)
        now = self._now()
        local = f"{BY_HAND}{now:%Y-%m-%dT%H:%M:%S.%f} {uuid4().hex[:8]}"
        key = key_of(schedule.id, local)
        occurrence = Occurrence(key, schedule.id, schedule.group, local, now, now, counted=counts, note="run by hand")
        rule = parse(schedule.rule)
        left = replace(rule, count=rule.count - 1) if counts and rule.count and rule.count > 1 else rule
        if counts and rule.count == 1:  # no rule comes 0 times
            for time in await self._timetable.upcoming(schedule, 1):
                await self._decide(schedule, time, caller, SKIPPED, time.at, "run by hand before")
        await self._occurrences.run_by_hand(occurrence, schedule, str(left), caller.user)
        await self._delivery.deliver_one(platform, key)
        done = await self._occurrences.keyed(key)
        if done is None or done.state != POSTED:
            why = f": {done.note}" if done and done.note else ""
            said = f"It could not be posted{why}. It is tried again for an hour; /schedule list says how it goes."
            return Reply("Not posted yet", (Prose(said),), private=True)
        where = platform.called("channel", done.channel, caller.server)
        history = Action("History", "schedule history")
        return Reply("Posted", (Prose(f"Posted in {where}. {done.link}".strip()),), private=True, actions=(history,))

    async def _time(self, caller: Caller, number: int, which: str) -> tuple[Schedule, Time]:
        """Find one time that is still to come, by the day that the rule or a moderator planned it for.

        Raises:
            UserError: There is no such time, or the schedule is paused.
        """
        schedule = await self._timetable.one(caller, number)
        if schedule.paused:
            raise UserError(f"Schedule {schedule.number} is paused. To go on: /schedule resume {schedule.number}")
        day = which.strip()
        if day and not _DAY.fullmatch(day):
            raise UserError(f"“{day[:40]}” is not a day. Write it like 2026-12-03.")
        decided = await self._occurrences.decided(schedule.id)
        there = zone(schedule.zone)
        skipped = [
            Time(datetime.fromisoformat(local), each.planned_at, "")
            for local, each in decided.items()
            if each.state == SKIPPED and not each.by_hand and each.planned_at > self._now()
        ]
        times = await self._timetable.upcoming(schedule, 1 if not day else _FARTHEST.days)
        for time in [*times, *(skipped if day else [])]:
            if not day or day in (f"{time.local:%Y-%m-%d}", f"{time.at.astimezone(there):%Y-%m-%d}"):
                return schedule, time
        if not times:
            raise UserError(f"Schedule {schedule.number} has no more times. Add another: /schedule add")
        days = ", ".join(f"{time.at.astimezone(there):%Y-%m-%d}" for time in times[:_DAYS_NAMED])
        raise UserError(f"Nothing of schedule {schedule.number} is planned for {day}. Its next days are: {days}.")

    async def _decide(
        self, schedule: Schedule, time: Time, caller: Caller, state: str, at: datetime, note: str
    ) -> None:
        """Keep what a moderator decided about one time.

        Args:
            state: Whether it is posted after all, or skipped.
            at: When it is posted, or would have been (UTC).
            note: For moderators; nothing if it is posted as planned.

        Raises:
            UserError: Somebody has begun to post it.
        """
        local = local_text(time.local)
        occurrence = Occurrence(
            key=key_of(schedule.id, local),
            schedule=schedule.id,
            group=schedule.group,
            local=local,
            planned_at=at,
            due_at=at if state == WAITING else None,
            state=state,
            note=note,
        )
        decided = {*(await self._occurrences.decided(schedule.id)), local}
        moved = f"moved to {day_and_time(at.astimezone(zone(schedule.zone)))}" if note else "as planned"
        told = note if state == SKIPPED else moved
        move = next_move(schedule, decided)
        kept = await self._occurrences.decide(move, occurrence, told, caller.user, self._now())
        if not kept:
            raise UserError("This post is being made just now. It can no longer be skipped or moved.")


def _read_time(typed: str, day: date) -> datetime:
    """Read a local day and time; if only a time is given, it is one of ``day``.

    Raises:
        UserError: It is neither, or there is no such day or time.
    """
    match = _DAY_AND_TIME.fullmatch(typed.strip())
    if match is None:
        raise UserError(f"“{typed.strip()[:40]}” is not a day and time. Write it like 2026-12-04 20:00, or only 20:00.")
    text = f"{match[1] or day} {match[2].zfill(5)}"
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - a local time, of the schedule's zone
    except ValueError:
        raise UserError(f"There is no {text}. Write it like 2026-12-04 20:00.") from None
