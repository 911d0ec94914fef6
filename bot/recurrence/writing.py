"""Writes a rule down: in words where the words that people type can say it, else as an RRULE."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.recurrence.rule import Day, When

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
ORDINALS = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
CODES = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
WORKING, FREE = (0, 1, 2, 3, 4), (5, 6)


def written(when: When) -> str:
    """Return the canonical text of a rule."""
    words = _in_words(when)
    if not words:
        return _rrule(when)
    end = ""
    if when.until:
        end = f" until {when.until}"
    elif when.count:
        end = f" {when.count} time{'s' if when.count > 1 else ''}"
    return f"{words} {when.time_of_day:%H:%M}{end}"


def numbered(number: int) -> str:
    """Return 1st, 2nd, 3rd, 4th, …"""
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"


def listed(words: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _in_words(when: When) -> str:
    if when.on:
        return when.on.isoformat()
    if when.by_set_pos or when.week_start:
        return ""
    if when.frequency == "yearly":
        return _yearly(when)
    if when.by_month:
        return ""
    if when.frequency == "monthly":
        return _monthly(when)
    return _weekly(when) if when.frequency == "weekly" else _daily(when)


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
        days = [numbered(day) if day > 0 else "last day" for day in when.by_month_day]
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
