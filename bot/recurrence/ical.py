"""Reads a rule in the notation of RFC 5545, FREQ=WEEKLY;BYDAY=TH, with one time of day."""

import re
from collections.abc import Callable
from datetime import date, time
from typing import Any

from bot.errors import UserError
from bot.recurrence.names import CODES
from bot.recurrence.refusals import NO_TIME, NOT_FINER, ONE_TIME, not_a_date, not_a_time, shown
from bot.recurrence.rule import Day, Frequency, When

_EXAMPLE = "RRULE:FREQ=WEEKLY;BYDAY=TH;BYHOUR=19;BYMINUTE=0"
_LOOKS_SO = re.compile(r"[A-Z-]*=|(?:RRULE|DTSTART|DTEND|DURATION|EXDATE|RDATE|EXRULE|FREQ|BEGIN)\b", re.IGNORECASE)
_AROUND = re.compile(r"\s*([;,=:])\s*")
_TIME_BEHIND = re.compile(r"(.*?)\s+(?:AT )?([0-9]+:[0-9:]*)", re.DOTALL)
_NUMBER = re.compile(r"[+-]?[0-9]{1,4}")
_DAY = re.compile(rf"([+-]?[0-9]{{1,2}})?({'|'.join(CODES)})")
_UNTIL = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:T[0-9]{6}Z?)?")
_FREQUENCIES = {each.upper(): each for each in Frequency if each is not Frequency.ONCE}
_FINER = ("HOURLY", "MINUTELY", "SECONDLY")
_NOT_TAKEN = {
    "DTSTART": "A schedule begins when it is added: leave DTSTART out.",
    "EXDATE": "Leave EXDATE out, and skip single occurrences of the schedule instead.",
    "RDATE": "Leave RDATE out, and add a schedule for each single date instead.",
    "EXRULE": "Leave EXRULE out: a schedule is one rule.",
    "BYWEEKNO": "BYWEEKNO is not taken here. Use BYMONTH, BYMONTHDAY or BYDAY.",
    "BYYEARDAY": "BYYEARDAY is not taken here. Use BYMONTH and BYMONTHDAY.",
    "BYEASTER": "BYEASTER is not taken here. Add a schedule for each date instead.",
}


def is_rrule(text: str) -> bool:
    """Whether a text is meant in this notation."""
    return bool(_LOOKS_SO.match(text)) or "FREQ=" in text.upper()


def read_rrule(text: str) -> When:
    """Return the rule that a text in the notation of RFC 5545 says.

    The time of day stands in BYHOUR and BYMINUTE, or behind the rule. Of UNTIL, the date is kept.

    Raises:
        UserError: It is not allowed, or means something that a schedule cannot do.
    """
    rule, behind = text.upper(), ""
    for name, sentence in _NOT_TAKEN.items():
        if re.search(rf"\b{name}\b", rule):
            raise UserError(sentence)
    if match := _TIME_BEHIND.fullmatch(rule):
        rule, behind = match[1], match[2]
    rule = _AROUND.sub(r"\1", rule).removeprefix("RRULE:").removesuffix(";")
    if " " in rule:
        raise _between(rule)
    parts = _parts(rule)
    if "FREQ" not in parts:
        raise UserError(f"FREQ is missing. Write a rule like {_EXAMPLE}.")
    fields: dict[str, Any] = {"frequency": _frequency(parts.pop("FREQ")), "time_of_day": _time_of_day(parts, behind)}
    for name, value in parts.items():
        field, read = _READ[name]
        fields[field] = read(name, value)
    return When(**fields)


def _between(rule: str) -> UserError:
    behind = rule.partition(" ")[2]
    return UserError(f"Write ; between the parts of a rule, like {_EXAMPLE}.") if "=" in behind else not_a_time(behind)


def _parts(rule: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in rule.split(";"):
        if not part:
            raise UserError("Nothing stands before or behind a ; of the rule. Leave one ; out.")
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise UserError(f"“{shown(part)}” is no part of a rule. Write it like {_EXAMPLE}.")
        if name not in _READ and name not in ("FREQ", "BYHOUR", "BYMINUTE", "BYSECOND"):
            raise UserError(f"“{shown(name)}” is not known in a rule here. Write it like {_EXAMPLE}.")
        if name in parts:
            raise UserError(f"{name} stands twice. Give it once, with commas between its values.")
        parts[name] = value
    return parts


def _frequency(value: str) -> Frequency:
    if value in _FINER:
        raise UserError(NOT_FINER)
    if value not in _FREQUENCIES:
        raise UserError(f"“FREQ={shown(value)}” is not known: it is DAILY, WEEKLY, MONTHLY or YEARLY.")
    return _FREQUENCIES[value]


def _time_of_day(parts: dict[str, str], behind: str) -> time:
    hour, minute, second = (parts.pop(name, None) for name in ("BYHOUR", "BYMINUTE", "BYSECOND"))
    if second is not None and second.lstrip("0"):
        raise UserError("BYSECOND can only be 0: a time of day is hours and minutes.")
    if hour is None and minute is None:
        if not behind:
            raise UserError(NO_TIME if second is None else "BYSECOND needs BYHOUR and BYMINUTE.")
        return _clock(behind, behind)
    if behind or "," in f"{hour}{minute}":
        raise UserError(ONE_TIME)
    if hour is None or minute is None:
        raise UserError("BYHOUR and BYMINUTE go together, like BYHOUR=19;BYMINUTE=0.")
    return _clock(f"{hour}:{minute:0>2}", f"BYHOUR={hour};BYMINUTE={minute}")


def _clock(text: str, typed: str) -> time:
    match = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", text)
    if not match or int(match[1]) > 23 or int(match[2]) > 59:
        raise not_a_time(typed)
    return time(int(match[1]), int(match[2]))


def _number(name: str, value: str) -> int:
    if not _NUMBER.fullmatch(value):
        raise UserError(f"“{name}={shown(value)}” is not understood: it takes numbers of at most four digits.")
    return int(value)


def _numbers(name: str, value: str) -> tuple[int, ...]:
    return tuple(_number(name, each) for each in value.split(","))


def _weekdays(name: str, value: str) -> tuple[Day, ...]:
    return tuple(_weekday(name, each) for each in value.split(","))


def _weekday(name: str, value: str) -> Day:
    match = _DAY.fullmatch(value)
    if not match or (match[1] and not int(match[1])):
        raise UserError(
            f"“{name}={shown(value)}” is not understood: weekdays are {', '.join(CODES)}, numbered like 1MO or -1FR."
        )
    return Day(CODES.index(match[2]), int(match[1] or 0))


def _week_start(name: str, value: str) -> int:
    if value not in CODES:
        raise UserError(f"“{name}={shown(value)}” is not understood: it is one of {', '.join(CODES)}.")
    return CODES.index(value)


def _until(name: str, value: str) -> date:
    match = _UNTIL.fullmatch(value)
    if not match:
        raise not_a_date(f"{name}={value}")
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise not_a_date(f"{name}={value}") from None


_READ: dict[str, tuple[str, Callable[[str, str], object]]] = {
    "INTERVAL": ("interval", _number),
    "COUNT": ("count", _number),
    "UNTIL": ("until", _until),
    "WKST": ("week_start", _week_start),
    "BYDAY": ("by_day", _weekdays),
    "BYMONTH": ("by_month", _numbers),
    "BYMONTHDAY": ("by_month_day", _numbers),
    "BYSETPOS": ("by_set_pos", _numbers),
}
