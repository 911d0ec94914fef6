"""Reads a rule as people type it, "every 2 weeks on sunday 18:00": a closed grammar, which must consume every word."""

import re
from datetime import date, time
from typing import Any

from bot.errors import UserError
from bot.recurrence.line import Line
from bot.recurrence.names import FREE, MONTHS, ORDINALS, WEEKDAYS, WORKING
from bot.recurrence.refusals import (
    NO_DAY,
    NO_TIME,
    ONE_TIME,
    not_a_date,
    not_a_time,
    not_understood,
    nth_or_every_nth,
    once_or_weekly,
)
from bot.recurrence.rule import Day, Frequency, When

_SINGULAR = {"tues": 1, "thur": 3, "thurs": 3} | {
    word: number for number, name in enumerate(WEEKDAYS) for word in (name, name[:3])
}
_PLURAL = {f"{name}s": number for number, name in enumerate(WEEKDAYS)}
_WEEKDAY = _SINGULAR | _PLURAL
_EVERY_WEEK = {"weekdays": WORKING, "weekends": FREE} | {name: (number,) for name, number in _PLURAL.items()}
_MONTHS = {"sept": 9} | {word: number for number, name in enumerate(MONTHS, 1) for word in (name, name[:3])}
_ORDINALS = {name: number for number, name in ORDINALS.items()}
_COUNTS = {word: number for number, word in enumerate("one two three four five six seven eight nine ten".split(), 1)}
_UNITS = {
    "day": Frequency.DAILY, "week": Frequency.WEEKLY, "month": Frequency.MONTHLY, "year": Frequency.YEARLY,
}  # fmt: skip
_UNITS |= {f"{name}s": frequency for name, frequency in _UNITS.items()}
_OF_THE_MONTH = ("of the month", "of every month", "of each month", "every month", "each month")
_NUMBERED = re.compile(r"([1-9][0-9]?)(?:st|nd|rd|th)")
_NUMBER = re.compile(r"[0-9]{1,5}")
_TIME = re.compile(r"([0-9]{1,2}):([0-9]{2})")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

_Fields = dict[str, Any]  # of When, which checks them itself


def read_words(text: str) -> When:
    """Return the rule that a text in words says.

    Raises:
        UserError: Not all of it was understood.
    """
    line = Line(text)
    times = [line.attempt(_time)]
    fields = _days(line)
    times.append(line.attempt(_time))
    fields |= _ends(line)
    times.append(line.attempt(_time))
    if line.rest:
        raise not_understood(line.rest)
    given = [each for each in times if each is not None]
    if len(given) != 1:
        raise UserError(ONE_TIME if given else NO_TIME)
    return When(time_of_day=given[0], **fields)


def _time(line: Line) -> time | None:
    line.skip(",", "at")
    match = _TIME.fullmatch(line.word)
    if not match:
        return None
    hour, minute = int(match[1]), int(match[2])
    if hour > 23 or minute > 59:
        raise not_a_time(match[0])
    line.next()
    return time(hour, minute)


def _date(line: Line) -> date:
    word = line.next()
    if not _DATE.fullmatch(word):
        raise not_a_date(word)
    try:
        return date.fromisoformat(word)
    except ValueError:
        raise not_a_date(word) from None


def _count(line: Line) -> int | None:
    if _NUMBER.fullmatch(line.word):
        return int(line.next())
    return line.take_from(_COUNTS)


def _ends(line: Line) -> _Fields:
    """Read "until 2027-03-01" or "5 times"; that both do not go together is When's to say."""
    fields: _Fields = {}
    while end := line.attempt(_end):
        if end.keys() & fields.keys():
            raise UserError("Say only once when it ends.")
        fields |= end
    return fields


def _end(line: Line) -> _Fields | None:
    line.skip(",")
    if line.take("until"):
        return {"until": _date(line)}
    line.skip("for")
    count = _count(line)
    return {"count": count} if count is not None and line.take_one("times", "time") else None


def _days(line: Line) -> _Fields:
    line.skip("on", "the")
    if _DATE.fullmatch(line.word):
        return {"frequency": Frequency.ONCE, "on": _date(line)}
    if line.take_one("every", "each"):
        return _every(line)
    if line.take("daily"):
        return {"frequency": Frequency.DAILY}
    if line.take("weekly"):
        return _weekly(line, 1)
    if line.take("monthly"):
        return _monthly(line, 1)
    if line.take_one("yearly", "annually"):
        return _yearly(line, 1)
    if weekdays := line.listed(lambda each: each.take_from(_EVERY_WEEK)):
        return _on(1, [day for days in weekdays for day in days])
    if singular := line.listed(lambda each: each.take_from(_SINGULAR)):
        raise once_or_weekly(singular)
    return _in_month(line)


def _on(interval: int, weekdays: list[int]) -> _Fields:
    return {"frequency": Frequency.WEEKLY, "interval": interval, "by_day": tuple(map(Day, weekdays))}


def _every(line: Line) -> _Fields:
    """Read on after "every"."""
    other = line.take("other")
    number = None if other else _count(line)
    interval = 2 if other else 1 if number is None else number
    unit = line.take_from(_UNITS)
    if unit is Frequency.DAILY:
        return {"frequency": unit, "interval": interval}
    if unit is not None:
        return {Frequency.WEEKLY: _weekly, Frequency.MONTHLY: _monthly, Frequency.YEARLY: _yearly}[unit](line, interval)
    if number is not None and line.word in _WEEKDAY:
        raise UserError(f"Write every {number} weeks on {WEEKDAYS[_WEEKDAY[line.word]]} 18:00.")
    if number is None and not other and line.take("weekday"):
        return _on(1, list(WORKING))
    if number is None and (weekdays := line.listed(lambda each: each.take_from(_WEEKDAY))):
        return _on(interval, weekdays)
    if number is not None or other:
        raise not_understood([*([str(number)] if number is not None else []), *line.rest])
    return _in_month(line, after_every=True)


def _weekly(line: Line, interval: int) -> _Fields:
    weekdays = line.attempt(_on_weekdays)
    if not weekdays:
        raise UserError("Say on which weekday, like thursdays 19:00 or every 2 weeks on sunday 18:00.")
    return _on(interval, weekdays)


def _on_weekdays(line: Line) -> list[int] | None:
    line.skip(",", "on")
    return line.listed(lambda each: each.take_from(_WEEKDAY)) or None


def _monthly(line: Line, interval: int) -> _Fields:
    line.skip(",", "on", "the")
    return _in_month(line, interval, monthly=True)


def _in_month(line: Line, interval: int = 1, *, monthly: bool = False, after_every: bool = False) -> _Fields:
    """Read weekdays with ordinals, or days of the month.

    Args:
        monthly: Whether it was said already that this is about months.
        after_every: Whether "every" stands before, so that "second" may mean every other one.
    """
    groups = line.listed(_numbered_days)
    monthly = line.take_one(*_OF_THE_MONTH) or monthly
    if not groups:
        if line.word and not line.attempt(_time):
            raise not_understood(line.rest)
        raise UserError(
            "Say on which day, like monthly on the 15th 20:00 or first monday 20:00." if monthly else NO_DAY
        )
    fields: _Fields = {"frequency": Frequency.MONTHLY, "interval": interval}
    by_day = tuple(Day(weekday, number) for numbers, weekday in groups if weekday is not None for number in numbers)
    month_days = tuple(number for numbers, weekday in groups if weekday is None for number in numbers)
    if by_day and month_days:
        raise UserError("Make two schedules of it: one for weekdays such as first monday, one for days of the month.")
    if month_days and not monthly:
        if line.word and not line.attempt(_time):
            raise not_understood(line.rest)
        raise UserError("Once, or every month? Write monthly on the 15th 20:00, or a date such as 2026-12-24 19:00.")
    for day in by_day if after_every and not monthly else ():
        if 2 <= day.ordinal <= 5:
            raise nth_or_every_nth(ORDINALS[day.ordinal], day.ordinal, day.weekday)
    return fields | {"by_day": by_day, "by_month_day": month_days}


def _numbered_days(line: Line) -> tuple[list[int], int | None] | None:
    """Read "first and third monday" or "1st and 15th" or "last day"; a day of the month has no weekday."""
    line.skip("the")
    numbers = line.listed(_ordinal)
    if not numbers:
        return None
    if line.word in ("weekday", "weekdays", "weekend", "weekends"):
        raise UserError(f"Name one weekday instead of “{line.word}”, like first monday 20:00.")
    weekday = line.take_from(_WEEKDAY)
    if weekday is None and not line.take("day") and -1 in numbers:
        raise UserError("Say the last of what, like last friday 19:30 or monthly on the last day 20:00.")
    return numbers, weekday


def _ordinal(line: Line) -> int | None:
    if match := _NUMBERED.fullmatch(line.word):
        line.next()
        return int(match[1])
    return line.take_from(_ORDINALS)


def _yearly(line: Line, interval: int) -> _Fields:
    line.skip(",", "on", "the")
    found = line.attempt(_day_and_month) or line.attempt(_month_and_day)
    if not found:
        raise UserError("Say on which day, like yearly on 1 may 10:00.")
    day, month = found
    return {
        "frequency": Frequency.YEARLY, "interval": interval, "by_month": (month,), "by_month_day": (day,),
    }  # fmt: skip


def _day_and_month(line: Line) -> tuple[int, int] | None:
    day = line.attempt(_ordinal) or _count(line)
    line.skip("of")
    month = line.take_from(_MONTHS)
    return (day, month) if day and month else None


def _month_and_day(line: Line) -> tuple[int, int] | None:
    month = line.take_from(_MONTHS)
    day = line.attempt(_ordinal) or _count(line)
    return (day, month) if day and month else None
