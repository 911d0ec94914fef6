"""Moderators' schedules: what is posted when, shown before it is posted and remembered afterwards."""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from bot.caller import Caller
from bot.errors import Refused, UserError
from bot.features.delivery.rounds import Delivery
from bot.features.delivery.targets import target_for
from bot.features.group_values import GroupValues
from bot.features.pages import page_of, turning
from bot.features.places import Places
from bot.features.planning import from_now, local_text, next_move, next_times
from bot.features.posts import QUOTE, Posts, What
from bot.recurrence.clock_changes import instant
from bot.recurrence.occurrences import Occurrence as Time
from bot.recurrence.occurrences import checked
from bot.recurrence.when import parse
from bot.recurrence.zones import zone
from bot.reply import Action, Bullets, Piece, PlannedTime, Prose, Question, Quote, Reply, Times, day_and_time
from bot.store.notices import Notices
from bot.store.occurrence import BY_HAND, FAILED, MISSED, POSTED, SKIPPED, WAITING, Occurrence, key_of
from bot.store.occurrences import Occurrences
from bot.store.schedules import Schedule, Schedules

MOST = 25
_TIMES_SHOWN = 5
_DAYS_OFFERED, _DAYS_NAMED = 10, 3
_MOST_HISTORY = 1000
_FARTHEST = timedelta(days=366)
_MOVED = re.compile(r"(?:(\d{4}-\d{2}-\d{2})[ T]+)?([0-2]?\d:[0-5]\d)")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_EMPTY = "Nothing is scheduled here. A beginning: /schedule add prompt thursdays 19:00"
_NOTHING = "There is nothing to post: all prompts that fit are set aside. /prompts list shows them."
_BY_CHANCE = "Which sentence is quoted is left to chance, and none comes twice before the others have. For example:"


class Scheduling:
    """The schedules of groups, as moderators handle them."""

    def __init__(
        self,
        schedules: Schedules,
        occurrences: Occurrences,
        notices: Notices,
        values: GroupValues,
        posts: Posts,
        places: Places,
        delivery: Delivery,
        now: Callable[[], datetime],
    ) -> None:
        self._schedules = schedules
        self._occurrences = occurrences
        self._notices = notices
        self._values = values
        self._posts = posts
        self._places = places
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
        await self._refuse_without_permission(caller, shape)
        move = from_now(shape, shape.zone, now)
        shape = replace(shape, handled=move.handled, next_at=move.next_at)
        added = await self._schedules.add(shape, caller.user, now, MOST)
        if added is None:
            raise UserError(f"A circle has at most {MOST} schedules. Remove one first: /schedule remove")
        self._delivery.wake()
        return await self._shown(f"Schedule {added.number} is set", added, caller)

    async def _refuse_without_permission(self, caller: Caller, schedule: Schedule) -> None:
        """Refuse where a post could not be made, or not be found again after a crash."""
        values = await self._values.of(caller)
        missing = await self._places.of(caller).missing(target_for(schedule, values))
        if missing:
            raise Refused(" ".join(missing))

    async def _shown(self, title: str, schedule: Schedule, caller: Caller) -> Reply:
        """Show a schedule with its next times, and what would be posted next."""
        number = schedule.number
        following = await self._upcoming(schedule, 1)
        return Reply(
            title,
            (
                Prose(await self._described(schedule, caller)),
                await self._times(schedule),
                *(await self._next_post(schedule)),
            ),
            private=True,
            actions=(
                Action("Preview", f"schedule preview {number}"),
                # It names the day: pressed twice it does not skip two.
                *(Action("Skip the next", f"schedule skip {number} {time.local:%Y-%m-%d}") for time in following),
                Action("Pause", f"schedule pause {number}"),
                Action("Remove", f"schedule remove {number}"),
            ),
        )

    async def _described(self, schedule: Schedule, caller: Caller) -> str:
        values = await self._values.of(caller)
        channel = target_for(schedule, values).channel
        where = self._places.of(caller).called("channel", channel, caller.server)
        utc = " Its time zone is UTC until /config timezone says otherwise." * (values.origins["timezone"] == "default")
        return f"{schedule.what}, {schedule.rule}, {schedule.zone}, in {where}.{utc}"

    async def _times(self, schedule: Schedule) -> Piece:
        times = await self._upcoming(schedule, _TIMES_SHOWN)
        if not times:
            return Prose("It has no more times.")
        there = zone(schedule.zone)
        planned = tuple(PlannedTime(time.at.astimezone(there), time.note) for time in times)
        return Times(planned, f"Next times, {schedule.zone}")

    async def _upcoming(self, schedule: Schedule, most: int) -> list[Time]:
        """Return the next times of a schedule, with those that were moved in their new places."""
        return next_times(schedule, await self._occurrences.decided(schedule.id), most)

    async def _next_post(self, schedule: Schedule) -> tuple[Piece, ...]:
        """Return what would be posted next, shortly."""
        made = await self._posts.preview(schedule)
        if made.post is None:
            return (Prose(_NOTHING),)
        first = next((piece for piece in made.post.reply.pieces if isinstance(piece, (Question, Quote))), None)
        if isinstance(first, Question):
            return (Prose("Next would be posted:"), first)
        quoted = (first,) if isinstance(first, Quote) else ()
        if What.parse(schedule.what).kind == QUOTE:
            return (Prose(_BY_CHANCE), *quoted)
        if made.is_last:
            return (Prose("Everything was used: its next post says so, and the schedule ends with that."),)
        return (Prose(f"Next would be posted ({schedule.what}): {made.post.reply.title}."), *quoted)

    async def running(self, caller: Caller) -> Sequence[Schedule]:
        """Return the schedules of a circle."""
        return await self._schedules.of(caller.group)

    async def days(self, caller: Caller, number: int) -> Sequence[str]:
        """Return the days of a schedule's next times.

        Raises:
            UserError: There is no such schedule.
        """
        schedule = await self._one(caller, number)
        return [f"{time.local:%Y-%m-%d}" for time in await self._upcoming(schedule, _DAYS_OFFERED)]

    async def list(self, caller: Caller) -> Reply:
        """List the schedules of this circle: what is posted, when next, and what went wrong."""
        schedules = await self._schedules.of(caller.group)
        notices = await self._notices.of(caller.group)
        failing = {each.schedule: each for each in await self._occurrences.failing(caller.group)}
        items = tuple([await self._line(each, failing.get(each.id)) for each in schedules])
        if notices:
            await self._notices.told([each.number for each in notices], self._now())
        news = (Bullets(tuple(each.text for each in notices), "New since you last looked"),) if notices else ()
        listed = Bullets(items) if items else Prose(_EMPTY)
        actions = (Action("History", "schedule history"), Action("Settings", "config show"))
        return Reply("Schedules", (*news, listed), private=True, actions=actions)

    async def _line(self, schedule: Schedule, failing: Occurrence | None) -> str:
        begun = f"{schedule.number}. {schedule.what}, {schedule.rule} ({schedule.zone})"
        if schedule.paused:
            return f"{begun}: paused ({schedule.paused}). To go on: /schedule resume {schedule.number}"
        times = await self._upcoming(schedule, 1)
        following = f"no more times. To be rid of it: /schedule remove {schedule.number}"
        if times:
            following = f"next {day_and_time(times[0].at.astimezone(zone(schedule.zone)))}"
        wrong = f"; the last post failed and is tried again: {failing.note}" if failing else ""
        return f"{begun}: {following}{wrong}"

    async def preview(self, caller: Caller, number: int = 0) -> Reply:
        """Show what a schedule would post next; only you see it.

        Args:
            number: Which schedule, by its number in the list.
        """
        schedule = await self._one(caller, number)
        made = await self._posts.preview(schedule)
        times = await self._upcoming(schedule, 1)
        when = day_and_time(times[0].at.astimezone(zone(schedule.zone))) if times else "never"
        if made.post is None:
            return Reply("Preview", (Prose(_NOTHING),), private=True, actions=(Action("Prompts", "prompts list"),))
        about = f"Schedule {schedule.number} would post this next ({when}), unless it is given to the circle before:"
        said = _BY_CHANCE if What.parse(schedule.what).kind == QUOTE else about
        now = Action("Post now", f"schedule run {schedule.number}")
        return Reply(made.post.reply.title, (Prose(said), *made.post.reply.pieces), private=True, actions=(now,))

    async def pause(self, caller: Caller, number: int = 0) -> Reply:
        """Let a schedule rest until it is resumed.

        Args:
            number: Which schedule, by its number in the list.
        """
        schedule = await self._one(caller, number)
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
        schedule = await self._numbered(caller, number) if number else await self._one(caller, 0)
        if not schedule.paused and schedule.removed_at is None:
            raise UserError(f"Schedule {schedule.number} is neither paused nor removed: /schedule list shows it.")
        if schedule.removed_at and len(await self._schedules.of(caller.group)) >= MOST:
            raise UserError(f"A circle has at most {MOST} schedules. Remove another first.")
        await self._refuse_without_permission(caller, schedule)
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
        return await self._shown(
            f"Schedule {schedule.number} goes on", await self._one(caller, schedule.number), caller
        )

    async def remove(self, caller: Caller, number: int = 0) -> Reply:
        """Remove a schedule; for a week it can be brought back.

        Args:
            number: Which schedule, by its number in the list.
        """
        schedule = await self._one(caller, number)
        await self._schedules.remove(schedule, caller.user, self._now())
        text = f"Schedule {schedule.number} ({schedule.what}, {schedule.rule}) is removed. For a week it can come back."
        return Reply(
            "Removed", (Prose(text),), private=True, actions=(Action("Undo", f"schedule resume {schedule.number}"),)
        )

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
        after = await self._one(caller, schedule.number)
        return Reply("Skipped", (Prose(text), await self._times(after)), private=True, actions=(Action("Undo", undo),))

    async def move(self, caller: Caller, number: int, to: str, which: str = "") -> Reply:
        """Move one post of a schedule to another time.

        Args:
            number: Which schedule, by its number in the list.
            to: The new day and time, such as 2026-12-04 20:00, or only a time.
            which: The day it is planned for, such as 2026-12-03; without it, the next.
        """
        schedule, time = await self._time(caller, number, which)
        there = zone(schedule.zone)
        match = _MOVED.fullmatch(to.strip())
        if match is None:
            raise UserError(
                f"“{to.strip()[:40]}” is not a day and time. Write it like 2026-12-04 20:00, or only 20:00."
            )
        text = f"{match[1] or time.at.astimezone(there).date()} {match[2].zfill(5)}"
        try:
            local = datetime.strptime(text, "%Y-%m-%d %H:%M")  # noqa: DTZ007 - a local time, of the schedule's zone
        except ValueError:
            raise UserError(f"There is no {text}. Write it like 2026-12-04 20:00.") from None
        at = local.replace(tzinfo=there).astimezone(zone("UTC"))
        now = self._now()
        if not now < at <= now + _FARTHEST:
            which_is = "past" if at <= now else "more than a year from now"
            raise UserError(f"{text} is {which_is}. Choose another time.")
        is_planned = at == instant(time.local, there)
        note = "" if is_planned else f"moved from {day_and_time(time.local)}"
        before = time.at.astimezone(there)
        await self._decide(schedule, time, caller, WAITING, at, note)
        self._delivery.wake()
        new = day_and_time(at.astimezone(there))
        instead = ", as planned" if is_planned else f" instead of {day_and_time(before)}"
        said = Prose(f"Schedule {schedule.number} posts on {new}{instead}.")
        after = await self._one(caller, schedule.number)
        line = f"schedule move {schedule.number} {before:%Y-%m-%d %H:%M} which:{time.local:%Y-%m-%d}"
        undo = (Action("Undo", line),) if at != time.at else ()
        return Reply("As planned" if is_planned else "Moved", (said, await self._times(after)), True, undo)

    async def _time(self, caller: Caller, number: int, which: str) -> tuple[Schedule, Time]:
        """Find one time that is still to come, by the day that the rule or a moderator planned it for."""
        schedule = await self._one(caller, number)
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
        times = await self._upcoming(schedule, 1 if not day else _FARTHEST.days)
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

    async def run(self, caller: Caller, number: int = 0, counted: str = "yes") -> Reply:
        """Post what a schedule would post next, now.

        Args:
            number: Which schedule, by its number in the list.
            counted: yes, or no: whether it uses up what it posts, and one of the times of a schedule that has so many.
        """
        if counted.strip().casefold() not in ("yes", "no"):
            raise UserError(f"counted is yes or no, not “{counted.strip()[:40]}”.")
        counts = counted.strip().casefold() == "yes"
        schedule = await self._one(caller, number)
        await self._refuse_without_permission(caller, schedule)
        if (await self._posts.preview(schedule)).post is None:
            raise UserError(_NOTHING)
        platform = self._places.of(caller)
        now = self._now()
        local = f"{BY_HAND}{now:%Y-%m-%dT%H:%M:%S.%f} {uuid4().hex[:8]}"
        key = key_of(schedule.id, local)
        occurrence = Occurrence(key, schedule.id, schedule.group, local, now, now, counted=counts, note="run by hand")
        rule = parse(schedule.rule)
        left = replace(rule, count=rule.count - 1) if counts and rule.count and rule.count > 1 else rule
        if counts and rule.count == 1:  # no rule comes 0 times
            for time in await self._upcoming(schedule, 1):
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

    async def history(self, caller: Caller, page: int = 1) -> Reply:
        """Show what was posted where and when, and what was not.

        Args:
            page: Which page of the history.
        """
        every = await self._occurrences.history(caller.group, _MOST_HISTORY)
        shown = page_of(every, page)
        schedules = await self._schedules.identified(sorted({each.schedule for each in shown}))
        there = (await self._values.of(caller))["timezone"]
        items = tuple([await self._past(each, schedules.get(each.schedule), there, caller) for each in shown])
        listed = Bullets(items) if items else Prose("Nothing was posted here yet.")
        actions = turning(every, page, "schedule history", "Earlier", "Later")
        return Reply("History", (listed,), private=True, actions=actions)

    async def _past(self, occurrence: Occurrence, schedule: Schedule | None, zone_name: str, caller: Caller) -> str:
        there = zone(schedule.zone if schedule else zone_name)
        at = occurrence.posted_at or occurrence.planned_at
        what = f"{schedule.number}. {schedule.what}" if schedule else "a schedule that was removed"
        begun = f"{day_and_time(at.astimezone(there))}: {what}"
        if occurrence.state == POSTED:
            platform = self._places.of(caller)
            where = platform.called("channel", occurrence.channel, caller.server)
            item = f" ({occurrence.item})" if occurrence.item else ""
            receipt = occurrence.receipt
            notes = (occurrence.link, occurrence.note, await platform.results(receipt) if receipt else "")
            return " ".join([f"{begun}{item}, posted in {where}.", *filter(None, notes)])
        said = {SKIPPED: "skipped", MISSED: "missed", FAILED: "not posted"}[occurrence.state]
        return f"{begun}, {said}: {occurrence.note}"

    async def _one(self, caller: Caller, number: int) -> Schedule:
        """Return a schedule by its number; without one, the only one that there is.

        Raises:
            UserError: There is none, or there are several.
        """
        schedules = await self._schedules.of(caller.group)
        if not schedules:
            raise UserError(_EMPTY)
        if not number and len(schedules) == 1:
            return schedules[0]
        for schedule in schedules:
            if schedule.number == number:
                return schedule
        numbers = ", ".join(str(each.number) for each in schedules)
        which = f"There is no schedule {number}." if number else "Say which."
        raise UserError(f"{which} There {'is' if len(schedules) == 1 else 'are'} {numbers}: /schedule list shows them.")

    async def _numbered(self, caller: Caller, number: int) -> Schedule:
        found = await self._schedules.numbered(caller.group, number)
        return found or await self._one(caller, number)
