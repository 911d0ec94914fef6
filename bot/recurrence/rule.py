"""What recurs: one time of day on the days of a rule, or on one date; checked, and written alike for equal rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from itertools import groupby
from typing import NamedTuple

from bot.errors import UserError
from bot.recurrence.names import CODES, FREE, MONTHS, ORDINALS, WEEKDAYS, WORKING, listed, nth

MOST_TIMES = 1000
FIRST_YEAR, LAST_YEAR = 1970, 2199
"""Dates outside are slips; zone data begins with the first, and no promise of ours reaches the last."""
MONDAY, FRIDAY, SATURDAY, SUNDAY = 0, 4, 5, 6
_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_YEAR = frozenset(range(1, 13))
_WEEK = frozenset(range(7))
_MOST_IN_MONTH, _MOST_IN_YEAR = 5, 53
_MOST_POSITIONS, _MOST_DAYS = 12, 35


class Frequency(StrEnum):
    """How often, before the interval counts."""

    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


_LONGEST_INTERVAL = {Frequency.DAILY: 366, Frequency.WEEKLY: 104, Frequency.MONTHLY: 48, Frequency.YEARLY: 10}
"""With these the next occurrence is never many years away, and looking for it is never long."""
_UNITS = {Frequency.DAILY: "days", Frequency.WEEKLY: "weeks", Frequency.MONTHLY: "months", Frequency.YEARLY: "years"}


class Day(NamedTuple):
    """A weekday (Monday is 0); with an ordinal, that one of the month or year, the last being -1."""

    weekday: int
    ordinal: int = 0


@dataclass(frozen=True, slots=True)
class When:
    """One time of day, on the days of a rule or on one date.

    The fields are those of RFC 5545, but nothing is left to a start date: a weekly rule names its weekdays, and so on.
    Equal rules are equal values: "weekdays" is every day from Monday to Friday, however it was written.
    ``str`` gives the text that ``bot.recurrence.when.parse`` reads as the same value.

    Attributes:
        on: The date of what happens once.
        until: The last date, inclusive.
        week_start: Only kept where it makes a difference.

    Raises:
        UserError: The fields contradict one another, or the rule can never come.
    """

    frequency: Frequency
    time_of_day: time
    interval: int = 1
    by_day: tuple[Day, ...] = ()
    by_month_day: tuple[int, ...] = ()
    by_month: tuple[int, ...] = ()
    by_set_pos: tuple[int, ...] = ()
    week_start: int = MONDAY
    on: date | None = None
    until: date | None = None
    count: int | None = None

    def __post_init__(self) -> None:
        _set(
            self,
            by_day=tuple(sorted(set(self.by_day), key=lambda day: (day.weekday, _from_the_end(day.ordinal)))),
            by_month_day=_in_order(self.by_month_day),
            by_month=_in_order(self.by_month),
            by_set_pos=_in_order(self.by_set_pos),
        )
        _check_time_and_end(self)
        if self.frequency is Frequency.ONCE:
            return
        _check_ranges(self)
        _check_days(self)
        _simplify(self)

    def __str__(self) -> str:
        words = _in_words(self)
        if not words:
            return _rrule(self)
        end = ""
        if self.until:
            end = f" until {self.until}"
        elif self.count:
            end = f" {self.count} time{'s' if self.count > 1 else ''}"
        return f"{words} {self.time_of_day:%H:%M}{end}"


def _from_the_end(number: int) -> tuple[bool, int]:
    return number < 0, number


def _in_order(numbers: Iterable[int]) -> tuple[int, ...]:
    return tuple(sorted(set(numbers), key=_from_the_end))


def _set(when: When, **fields: object) -> None:
    for name, value in fields.items():
        object.__setattr__(when, name, value)


def _check_time_and_end(when: When) -> None:
    if when.time_of_day.second or when.time_of_day.microsecond or when.time_of_day.tzinfo:
        raise UserError("A time of day is hours and minutes, like 19:00.")
    for day in (when.on, when.until):
        if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise UserError(f"The year {day.year} is too far away: dates here are from {FIRST_YEAR} to {LAST_YEAR}.")
    if (when.on is not None) != (when.frequency is Frequency.ONCE):
        raise UserError("Give one date, or a rule, not both.")
    if when.on and (when.until or when.count is not None):
        raise UserError("A single date comes once: leave out “until” and the number of times.")
    if when.until and when.count is not None:
        raise UserError("Give either the last date or the number of times, not both.")
    if when.count is not None and not 1 <= when.count <= MOST_TIMES:
        raise UserError(f"The number of times is from 1 to {MOST_TIMES}.")


def _check_ranges(when: When) -> None:
    longest = _LONGEST_INTERVAL[when.frequency]
    if not 1 <= when.interval <= longest:
        raise UserError(f"It can come every 1 to {longest} {_UNITS[when.frequency]}, not every {when.interval}.")
    if any(not 1 <= abs(day) <= 31 for day in when.by_month_day):
        raise UserError("Days of the month are 1 to 31, or -1 to -31 counted from its end.")
    if any(not 1 <= month <= 12 for month in when.by_month):
        raise UserError("Months are 1 to 12.")
    if any(not 1 <= abs(position) <= 366 for position in when.by_set_pos):
        raise UserError("BYSETPOS is 1 to 366, or -1 to -366 counted from the end.")
    if len(when.by_set_pos) > _MOST_POSITIONS:
        raise UserError(f"BYSETPOS takes at most {_MOST_POSITIONS} positions.")
    if len(when.by_day) > _MOST_DAYS:
        raise UserError(f"BYDAY takes at most {_MOST_DAYS} weekdays.")
    in_year = when.frequency is Frequency.YEARLY and not when.by_month
    most = _MOST_IN_YEAR if in_year else _MOST_IN_MONTH
    if any(abs(day.ordinal) > most for day in when.by_day):
        raise UserError(f"A {'year' if in_year else 'month'} has at most {most} of a weekday: number them 1 to {most}.")


def _check_days(when: When) -> None:
    """Refuse what RFC 5545 forbids, leaves to a start date, or can never come."""
    numbered = [day for day in when.by_day if day.ordinal]
    frequency = when.frequency
    if numbered and frequency in (Frequency.DAILY, Frequency.WEEKLY):
        raise UserError("A numbered weekday, as in BYDAY=1MO, needs FREQ=MONTHLY or FREQ=YEARLY.")
    if numbered and len(numbered) < len(when.by_day):
        raise UserError("Number all the weekdays in BYDAY or none of them; make two schedules of it otherwise.")
    if numbered and when.by_month_day:
        raise UserError("Give a numbered weekday or a day of the month, not both.")
    if when.by_month_day and frequency is Frequency.WEEKLY:
        raise UserError("FREQ=WEEKLY takes no BYMONTHDAY; use FREQ=MONTHLY.")
    if frequency is Frequency.WEEKLY and not when.by_day:
        raise UserError("Say on which weekday, like thursdays 19:00 or BYDAY=TH.")
    if frequency in (Frequency.MONTHLY, Frequency.YEARLY) and not (when.by_day or when.by_month_day):
        raise UserError("Say on which day, like monthly on the 15th 20:00, BYMONTHDAY=15 or BYDAY=1MO.")
    if frequency is Frequency.DAILY and when.by_set_pos:
        raise UserError("BYSETPOS chooses among the days of a week, month or year: FREQ=DAILY takes none.")
    if frequency is Frequency.DAILY and when.by_month_day and when.interval > 1:
        raise UserError("FREQ=DAILY with an INTERVAL takes no BYMONTHDAY; use FREQ=MONTHLY.")
    months = when.by_month or _YEAR
    if when.by_month_day and not any(
        abs(day) <= _MONTH_DAYS[month - 1] for day in when.by_month_day for month in months
    ):
        raise UserError("That day never comes: no such month has so many days.")


def _simplify(when: When) -> None:
    """Write equal rules alike: with the shortest period that says the same."""
    if set(when.by_month) == _YEAR and not _numbered_by_month(when):
        _set(when, by_month=())
    _positions_as_ordinals(when)
    if when.interval == 1 and not when.by_set_pos:
        _set(when, frequency=_shortest_period(when))
        if when.frequency is Frequency.WEEKLY and {day.weekday for day in when.by_day} == _WEEK:
            _set(when, frequency=Frequency.DAILY, by_day=())
    spans_weeks = when.interval > 1 and len(when.by_day) > 1
    if when.frequency is not Frequency.WEEKLY or not (spans_weeks or when.by_set_pos):
        _set(when, week_start=MONDAY)


def _numbered_by_month(when: When) -> bool:
    """Whether leaving out all twelve months would number weekdays within the year instead."""
    if when.interval == 1 and not when.by_set_pos and when.frequency is Frequency.YEARLY and when.by_day[:1]:
        _set(when, frequency=Frequency.MONTHLY)
    return when.frequency is Frequency.YEARLY and any(day.ordinal for day in when.by_day)


def _positions_as_ordinals(when: When) -> None:
    """The first of the month's Thursdays is the first Thursday of the month."""
    if not when.by_set_pos or when.by_month_day or len(when.by_day) != 1 or when.by_day[0].ordinal:
        return
    if when.frequency is Frequency.MONTHLY:
        most = _MOST_IN_MONTH
    elif when.frequency is Frequency.YEARLY and not when.by_month:
        most = _MOST_IN_YEAR
    else:
        return
    positions = [position for position in when.by_set_pos if abs(position) <= most]
    if not positions:
        raise UserError(f"That never comes: there are at most {most} of a weekday for BYSETPOS to choose from.")
    _set(when, by_day=tuple(Day(when.by_day[0].weekday, position) for position in positions), by_set_pos=())


def _shortest_period(when: When) -> Frequency:
    numbered = any(day.ordinal for day in when.by_day)
    if when.by_month_day or numbered:
        if when.by_month or (numbered and when.frequency is Frequency.YEARLY):
            return Frequency.YEARLY
        return Frequency.MONTHLY
    return Frequency.WEEKLY if when.by_day else Frequency.DAILY


def _in_words(when: When) -> str:
    if when.on:
        return when.on.isoformat()
    if when.by_set_pos or when.week_start:
        return ""
    if when.frequency is Frequency.YEARLY:
        return _yearly(when)
    if when.by_month:
        return ""
    if when.frequency is Frequency.MONTHLY:
        return _monthly(when)
    return _weekly(when) if when.frequency is Frequency.WEEKLY else _daily(when)


def _daily(when: When) -> str:
    if when.by_day:
        return ""
    return "daily" if when.interval == 1 else f"every {when.interval} days"


def _weekly(when: When) -> str:
    days = tuple(day.weekday for day in when.by_day)
    if when.interval > 1:
        return f"every {when.interval} weeks on {listed([WEEKDAYS[day] for day in days])}"
    if days in (WORKING, FREE):
        return "weekdays" if days == WORKING else "weekends"
    return listed([f"{WEEKDAYS[day]}s" for day in days])


def _monthly(when: When) -> str:
    every = "" if when.interval == 1 else f"every {when.interval} months on the "
    if not when.by_day:
        if any(day < -1 for day in when.by_month_day):
            return ""
        days = [nth(day) if day > 0 else "last day" for day in when.by_month_day]
        return (every or "monthly on the ") + listed(days)
    if when.by_month_day or any(day.ordinal not in ORDINALS for day in when.by_day):
        return ""
    weekdays = [
        f"{listed([ORDINALS[day.ordinal] for day in days])} {WEEKDAYS[weekday]}"
        for weekday, days in groupby(when.by_day, _weekday)
    ]
    return every + listed(weekdays)


def _weekday(day: Day) -> int:
    return day.weekday


def _yearly(when: When) -> str:
    if when.by_day or len(when.by_month) != 1 or len(when.by_month_day) != 1 or when.by_month_day[0] < 0:
        return ""
    every = "yearly" if when.interval == 1 else f"every {when.interval} years"
    return f"{every} on {when.by_month_day[0]} {MONTHS[when.by_month[0] - 1]}"


def _rrule(when: When) -> str:
    lists = {
        "BYMONTH": when.by_month,
        "BYMONTHDAY": when.by_month_day,
        "BYDAY": [f"{day.ordinal or ''}{CODES[day.weekday]}" for day in when.by_day],
        "BYSETPOS": when.by_set_pos,
    }
    parts = [f"FREQ={when.frequency.upper()}"]
    parts += [f"INTERVAL={when.interval}"] if when.interval > 1 else []
    parts += [f"WKST={CODES[when.week_start]}"] if when.week_start else []
    parts += [f"{name}={','.join(map(str, values))}" for name, values in lists.items() if values]
    parts += [f"BYHOUR={when.time_of_day.hour}", f"BYMINUTE={when.time_of_day.minute}"]
    parts += [f"UNTIL={when.until:%Y%m%d}"] if when.until else []
    parts += [f"COUNT={when.count}"] if when.count else []
    return f"RRULE:{';'.join(parts)}"
