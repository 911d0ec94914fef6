"""What is scheduled in a circle, shown to its moderators: what comes next, what it will be, and what was posted."""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.caller import Caller
from bot.errors import UserError
from bot.features.delivery.targets import target_for
from bot.features.group_values import GroupValues
from bot.features.pages import page_of, turning
from bot.features.places import Places
from bot.features.planning import next_times
from bot.features.posts import QUOTE, Posts, What
from bot.recurrence.occurrences import Occurrence as Time
from bot.recurrence.zones import zone
from bot.reply import Action, Bullets, Piece, PlannedTime, Prose, Question, Quote, Reply, Times, day_and_time
from bot.store.notices import Notices
from bot.store.occurrence import FAILED, MISSED, POSTED, SKIPPED, Occurrence
from bot.store.occurrences import Occurrences
from bot.store.schedules import Schedule, Schedules

NOTHING_TO_POST = "There is nothing to post: all prompts that fit are set aside. /prompts list shows them."
_TIMES_SHOWN = 5
_DAYS_OFFERED = 10
_MOST_HISTORY = 1000
_EMPTY = "Nothing is scheduled here. A beginning: /schedule add prompt thursdays 19:00"
_BY_CHANCE = "Which sentence is quoted is left to chance, and none comes twice before the others have. For example:"


class Timetable:
    """The schedules of circles, as their moderators look at them."""

    def __init__(
        self,
        schedules: Schedules,
        occurrences: Occurrences,
        notices: Notices,
        values: GroupValues,
        posts: Posts,
        places: Places,
        now: Callable[[], datetime],
    ) -> None:
        self._schedules = schedules
        self._occurrences = occurrences
        self._notices = notices
        self._values = values
        self._posts = posts
        self._places = places
        self._now = now

    async def one(self, caller: Caller, number: int) -> Schedule:
        """Return a schedule by its number; for 0, the only one that there is.

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

    async def upcoming(self, schedule: Schedule, most: int) -> list[Time]:
        """Return the next times of a schedule, with those that were moved in their new places."""
        return next_times(schedule, await self._occurrences.decided(schedule.id), most)

    async def schedules(self, caller: Caller) -> Sequence[Schedule]:
        """Return the schedules of a circle, also those that are paused."""
        return await self._schedules.of(caller.group)

    async def days(self, caller: Caller, number: int) -> Sequence[str]:
        """Return the days of a schedule's next times, such as 2026-12-03.

        Raises:
            UserError: There is no such schedule.
        """
        schedule = await self.one(caller, number)
        return [f"{time.local:%Y-%m-%d}" for time in await self.upcoming(schedule, _DAYS_OFFERED)]

    async def shown(self, title: str, schedule: Schedule, caller: Caller) -> Reply:
        """Show a schedule with its next times, and what would be posted next."""
        number = schedule.number
        following = await self.upcoming(schedule, 1)
        return Reply(
            title,
            (
                Prose(await self._described(schedule, caller)),
                await self.times(schedule),
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

    async def times(self, schedule: Schedule) -> Piece:
        """Show the next times of a schedule."""
        times = await self.upcoming(schedule, _TIMES_SHOWN)
        if not times:
            return Prose("It has no more times.")
        there = zone(schedule.zone)
        planned = tuple(PlannedTime(time.at.astimezone(there), time.note) for time in times)
        return Times(planned, f"Next times, {schedule.zone}")

    async def _next_post(self, schedule: Schedule) -> tuple[Piece, ...]:
        """Return what would be posted next, shortly."""
        made = await self._posts.preview(schedule)
        if made.post is None:
            return (Prose(NOTHING_TO_POST),)
        first = next((piece for piece in made.post.reply.pieces if isinstance(piece, (Question, Quote))), None)
        if isinstance(first, Question):
            return (Prose("Next would be posted:"), first)
        quoted = (first,) if isinstance(first, Quote) else ()
        if What.parse(schedule.what).kind == QUOTE:
            return (Prose(_BY_CHANCE), *quoted)
        if made.is_last:
            return (Prose("Everything was used: its next post says so, and the schedule ends with that."),)
        return (Prose(f"Next would be posted ({schedule.what}): {made.post.reply.title}."), *quoted)

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
        times = await self.upcoming(schedule, 1)
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
        schedule = await self.one(caller, number)
        made = await self._posts.preview(schedule)
        times = await self.upcoming(schedule, 1)
        when = day_and_time(times[0].at.astimezone(zone(schedule.zone))) if times else "never"
        if made.post is None:
            return Reply(
                "Preview", (Prose(NOTHING_TO_POST),), private=True, actions=(Action("Prompts", "prompts list"),)
            )
        about = f"Schedule {schedule.number} would post this next ({when}), unless it is given to the circle before:"
        said = _BY_CHANCE if What.parse(schedule.what).kind == QUOTE else about
        now = Action("Post now", f"schedule run {schedule.number}")
        return Reply(made.post.reply.title, (Prose(said), *made.post.reply.pieces), private=True, actions=(now,))

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
