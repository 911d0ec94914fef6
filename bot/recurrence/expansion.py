"""Expands a rule to its days: with dateutil, but never from years ago and never without an end."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from itertools import groupby, islice
from typing import Literal

from dateutil import rrule

from bot.recurrence.rule import Frequency, When

LOOK_AHEAD = timedelta(days=12 * 366)
"""A rule that comes no more within this time from the last occurrence, or from where the search begins, has ended."""
_FREQUENCIES: dict[Frequency, Literal[0, 1, 2, 3]] = {
    Frequency.DAILY: rrule.DAILY,
    Frequency.WEEKLY: rrule.WEEKLY,
    Frequency.MONTHLY: rrule.MONTHLY,
    Frequency.YEARLY: rrule.YEARLY,
}


def days(when: When, start: date, since: date | None = None) -> Iterator[date]:
    """Yield the days of a rule in order: of those that are counted from ``start``, the ones on or after ``since``."""
    since = start if since is None else max(start, since)
    if when.on:
        yield from [when.on] if when.on >= since else []
        return
    first, begin = start, since
    if when.interval > 1:
        found = next(_ahead(_candidates(when, _period(when, start), 1), start), None)
        if found is None:
            return
        first = found
    if when.count is not None:
        begin = first
    # Whole intervals lie between the first match's period and the one that the search begins with.
    skipped = (_period(when, begin) - _period(when, first)) // when.interval * when.interval
    search = _candidates(when, _period(when, first) + max(skipped, 0), when.interval)
    found_days = islice(_ahead(search, max(first, begin)), when.count)
    for day in found_days:
        if when.until and day > when.until:
            return
        if day >= since:
            yield day


def _ahead(candidates: Iterable[tuple[date, bool]], since: date) -> Iterator[date]:
    """Yield the chosen days on or after one, until none comes for too long."""
    last = since
    for day, is_chosen in candidates:
        if day - last > LOOK_AHEAD:
            return
        if is_chosen and day >= since:
            last = day
            yield day


def _candidates(when: When, period: int, interval: int) -> Iterator[tuple[date, bool]]:
    """Yield the days of every so many periods from one on, and whether BYSETPOS chooses them.

    Days that are not chosen are yielded too, so that whoever looks knows how far the search is. That dateutil itself
    finds another day soon is sure, because a rule whose months, days and weekdays never meet is refused when it is
    made. Of BYSETPOS that is not sure: dateutil would search to the year 9999 (and count a first week from its middle).
    """
    found = (moment.date() for moment in _rrule(when, period, interval))
    if not when.by_set_pos:
        yield from ((day, True) for day in found)
        return
    for _, group in groupby(found, key=lambda day: _period(when, day)):
        of_period = list(group)
        chosen = {of_period[place] for place in _places(when.by_set_pos, len(of_period))}
        yield from ((day, day in chosen) for day in of_period)


def _places(positions: Iterable[int], length: int) -> Iterator[int]:
    return (position - (position > 0) for position in positions if abs(position) <= length)


def _rrule(when: When, period: int, interval: int) -> rrule.rrule:
    return rrule.rrule(
        _FREQUENCIES[when.frequency],
        dtstart=datetime.combine(_first_day(when, period), time()),
        interval=interval,
        wkst=when.week_start,
        byweekday=[rrule.weekday(day.weekday, day.ordinal or None) for day in when.by_day] or None,
        bymonthday=when.by_month_day or None,
        bymonth=when.by_month or None,
    )


def _period(when: When, day: date) -> int:
    """Return the number of the day, week, month or year that a day lies in."""
    if when.frequency is Frequency.DAILY:
        return day.toordinal()
    if when.frequency is Frequency.WEEKLY:
        return (day.toordinal() - 1 - when.week_start) // 7  # day 1 was a Monday
    return day.year * 12 + day.month - 1 if when.frequency is Frequency.MONTHLY else day.year


def _first_day(when: When, period: int) -> date:
    """Return the day that a period begins with."""
    if when.frequency is Frequency.DAILY:
        return date.fromordinal(period)
    if when.frequency is Frequency.WEEKLY:
        return date.fromordinal(period * 7 + 1 + when.week_start)
    if when.frequency is Frequency.MONTHLY:
        return date(period // 12, period % 12 + 1, 1)
    return date(period, 1, 1)
