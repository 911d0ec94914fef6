"""The times at which a rule comes: local times as promised, and the instants at which they are kept."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.errors import UserError
from bot.recurrence import clock_changes
from bot.recurrence.expansion import days
from bot.recurrence.rule import When


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time at which something recurs.

    Attributes:
        local: The wall-clock time that the rule promised, naive. It tells occurrences of a rule apart, for good.
        at: When it is posted, in UTC.
        note: What the clocks do about it, as a sentence for people; mostly empty.
    """

    local: datetime
    at: datetime
    note: str = ""

    def shown(self, zone: ZoneInfo) -> datetime:
        """Return what the clocks of a zone show when it is posted."""
        return self.at.astimezone(zone)


def local_times(when: When, start: date, after: datetime | None = None) -> Iterator[datetime]:
    """Yield the naive local times of a rule, in order.

    The first is the first match on or after ``start``. Intervals and the number of times count from it: "every 2 weeks"
    is its week (weeks begin on Monday, unless the rule says otherwise) and every second one after.

    Args:
        after: Only what is later; the cost does not grow with the time between (but with ``count``, by up to so many).
    """
    since = None if after is None else after.date()
    if after is not None and after.time() >= when.time_of_day:
        since = after.date() + timedelta(days=1)
    for day in days(when, start, since):
        yield datetime.combine(day, when.time_of_day)


def upcoming(when: When, start: date, zone: ZoneInfo, after: datetime | None = None) -> Iterator[Occurrence]:
    """Yield the occurrences of a rule in a zone, each later than the one before.

    A local time is read as RFC 5545 §3.3.5 says: one that a gap leaves out with the offset before the gap, so that it
    is posted after it; one that comes twice at the first. What would not be later than the occurrence before it is
    left out: where a whole day is skipped, it comes on the next day, which then has no second.

    Args:
        after: Naive and local, as ``Occurrence.local``: the last one that was dealt with.
    """
    before = None if after is None else clock_changes.instant(after, zone)
    for local in local_times(when, start, after):
        at = clock_changes.instant(local, zone)
        if before is None or at > before:
            yield Occurrence(local, at, clock_changes.note(local, zone, before))
            before = at


def first_local(when: When, zone: ZoneInfo, now: datetime) -> date:
    """Return the start of a rule that is added now: the first local day whose time of day is still to come."""
    if when.on:
        return when.on
    today = now.astimezone(zone).date()
    is_past = clock_changes.instant(datetime.combine(today, when.time_of_day), zone) <= now
    return today + timedelta(days=1) if is_past else today


def checked(when: When, zone: ZoneInfo, now: datetime) -> date:
    """Return the start of a rule that is added now, as ``first_local`` does.

    Raises:
        UserError: It would never come.
    """
    start = first_local(when, zone, now)
    if when.on and clock_changes.instant(datetime.combine(when.on, when.time_of_day), zone) <= now:
        clock = now.astimezone(zone)
        raise UserError(f"{when} is past: it is {clock:%Y-%m-%d %H:%M} in {zone.key}. Write a later date.")
    if when.until and when.until < start:
        raise UserError(f"{when.until} is past for this schedule: its first day could be {start}. Write a later date.")
    if next(local_times(when, start), None) is None:
        if when.until:
            raise UserError(f"It never comes by {when.until}. Write a later date behind “until”.")
        raise UserError("That never comes within the next 12 years. Look at the days of the rule.")
    return start
