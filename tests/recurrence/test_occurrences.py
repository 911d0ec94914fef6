"""Properties of occurrences: over random rules, over all zones, beside a plain iteration, and for bounded work."""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise, takewhile
from types import FrameType
from typing import Any, Literal

import pytest
from dateutil import rrule
from hypothesis import assume, example, given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.recurrence.expansion import LOOK_AHEAD
from bot.recurrence.occurrences import checked, first_local, local_times, upcoming
from bot.recurrence.when import Frequency, When, parse
from bot.recurrence.zones import zone, zone_names
from tests.examples import examples
from tests.recurrence.rules import ACCEPTED, RULES, STARTS, TIMES, Fields

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
AFTER = NOW.replace(tzinfo=None)
FREQUENCIES: dict[Frequency, Literal[0, 1, 2, 3]] = {
    Frequency.DAILY: rrule.DAILY, Frequency.WEEKLY: rrule.WEEKLY,
    Frequency.MONTHLY: rrule.MONTHLY, Frequency.YEARLY: rrule.YEARLY,
}  # fmt: skip
MOST_STEPS = 1_500_000
"""Lines of Python that an answer may take: about 20 ms. To the year 9999, dateutil takes some hundred times as many."""


def period_begins(chosen: Fields, day: date) -> date:
    if chosen["frequency"] is Frequency.WEEKLY:
        return day - timedelta(days=(day.weekday() - chosen["week_start"]) % 7)
    if chosen["frequency"] is Frequency.MONTHLY:
        return day.replace(day=1)
    return day if chosen["frequency"] is Frequency.DAILY else day.replace(month=1, day=1)


def plain(chosen: Fields, start: date) -> Iterator[datetime]:
    """Iterate a rule with dateutil alone, from its beginning, with the fields as they were before any simplifying."""

    def iterate(since: date, interval: int) -> Iterator[datetime]:
        begins = datetime.combine(period_begins(chosen, since), chosen["time_of_day"])
        rule = rrule.rrule(
            FREQUENCIES[chosen["frequency"]],
            dtstart=begins,
            interval=interval,
            wkst=chosen["week_start"],
            byweekday=[rrule.weekday(day.weekday, day.ordinal or None) for day in chosen["by_day"]] or None,
            bymonthday=chosen.get("by_month_day") or None,
            bymonth=chosen["by_month"] or None,
            bysetpos=chosen["by_set_pos"] or None,
        )
        return (moment for moment in rule if moment.date() >= since)

    first = next(iterate(start, 1)).date()
    until = chosen.get("until") or date.max
    return takewhile(
        lambda moment: moment.date() <= until, islice(iterate(first, chosen["interval"]), chosen.get("count"))
    )


def near(times: Iterator[datetime], start: date) -> list[datetime]:
    """Return the first times, up to where the search may end."""
    return list(islice(takewhile(lambda moment: moment.date() - start < LOOK_AHEAD, times), 8))


@examples(250)
@given(ACCEPTED, STARTS)
def test_days_are_those_of_a_plain_iteration(rule: tuple[Fields, When], start: date) -> None:
    chosen, when = rule
    unending = When(**{name: value for name, value in chosen.items() if name not in ("count", "until")})
    assume(next(local_times(unending, start), None))  # what never comes, dateutil would seek for a long time
    assert near(local_times(when, start), start) == near(plain(chosen, start), start)


@examples(250)
@given(RULES, STARTS, st.integers(0, 30), st.timedeltas(-timedelta(days=40), timedelta(days=40)))
def test_the_next_from_any_point_is_that_of_the_whole_list(
    when: When, start: date, index: int, aside: timedelta
) -> None:
    times = list(islice(local_times(when, start), index + 20))
    assume(times)
    after = (times[min(index, len(times) - 1)] + aside).replace(second=0, microsecond=0)
    expected = [moment for moment in times if moment > after][:3]
    assume(len(times) < index + 20 or len(expected) == 3)
    assert list(islice(local_times(when, start, after), 3)) == expected


@examples(200)
@given(RULES, STARTS, st.sampled_from(zone_names()))
@example(parse("daily 12:00"), date(2011, 12, 28), "Pacific/Apia")
def test_an_occurrence_keeps_its_wall_clock_time_and_comes_after_the_one_before(
    when: When, start: date, name: str
) -> None:
    found = list(islice(upcoming(when, start, zone(name)), 12))
    assert all(one.at < other.at and one.local < other.local for one, other in pairwise(found))
    for each in found:
        shown = each.shown(zone(name)).replace(tzinfo=None, fold=0)
        before, after = (each.local.replace(tzinfo=zone(name), fold=fold).utcoffset() for fold in (0, 1))
        assert before is not None
        assert after is not None
        gap = max(after - before, timedelta())
        assert shown == each.local + gap
        assert ("clocks go forward" in each.note) == bool(gap)
        assert ("clocks go back" in each.note) == (after < before)
        assert each.local.time() == when.time_of_day


@examples(100)
@given(RULES, STARTS, st.sampled_from(zone_names()), st.integers(0, 10))
def test_going_on_after_any_occurrence_gives_the_same_ones(when: When, start: date, name: str, index: int) -> None:
    found = list(islice(upcoming(when, start, zone(name)), index + 4))
    assume(len(found) > index)
    assert list(islice(upcoming(when, start, zone(name), found[index].local), 3)) == found[index + 1 :]


def changes_of(name: str, since: int) -> list[tuple[date, time]]:
    """Return the local days and times of the offset changes of a zone since a year."""
    changes = []
    day = datetime(since, 1, 1, tzinfo=UTC)
    while day.year < 2027:
        later = day + timedelta(days=7)
        if day.astimezone(zone(name)).utcoffset() != later.astimezone(zone(name)).utcoffset():
            early, late = day, later
            while late - early > timedelta(minutes=1):
                middle = (early + (late - early) / 2).replace(second=0, microsecond=0)
                if middle == early:
                    break
                same = middle.astimezone(zone(name)).utcoffset() == day.astimezone(zone(name)).utcoffset()
                early, late = (middle, late) if same else (early, middle)
            shown = early.astimezone(zone(name))
            changes.append((shown.date(), shown.time()))
        day = later
    return changes


@pytest.mark.parametrize("part", range(4))
def test_at_the_clock_changes_of_all_zones_every_day_is_kept_once(part: int) -> None:
    """At the latest change of each zone; in the extended run at all since 2005."""
    for name in zone_names()[part::4]:
        for day, around in changes_of(name, 2021)[-1:]:
            _check_around(name, day, around)


@pytest.mark.extended
@pytest.mark.parametrize("name", zone_names())
def test_at_all_clock_changes_of_all_zones_every_day_is_kept_once(name: str) -> None:
    for day, around in changes_of(name, 2005):
        _check_around(name, day, around)


def _check_around(name: str, day: date, around: time) -> None:
    for minutes in (-31, -1, 0, 29, 59):
        at = (datetime.combine(day, around) + timedelta(minutes=minutes)).time().replace(second=0, microsecond=0)
        when = When(Frequency.DAILY, at)
        found = list(islice(upcoming(when, day - timedelta(days=2), zone(name)), 5))
        assert all(one.at < other.at for one, other in pairwise(found))
        assert len({each.local.date() for each in found}) == 5
        skipped = sum((other.local - one.local).days - 1 for one, other in pairwise(found))
        assert skipped == 0 or any("on" in each.note for each in found)


def steps(call: Callable[[], object]) -> int:
    """Count the lines of Python that run, in the bot and in dateutil."""
    count = 0

    def line(_frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return line

    before = sys.gettrace()
    sys.settrace(line)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def answered(text: str) -> list[datetime] | str:
    """Return what a moderator is shown who adds this: the next times, or why not."""
    try:
        when = parse(text)
        start = checked(when, zone("Europe/Paris"), NOW)
        return [each.local for each in islice(upcoming(when, start, zone("Europe/Paris")), 5)]
    except UserError as error:
        return str(error)


HOSTILE = (
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30 19:00",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=-30 19:00",
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=366 19:00",
    "FREQ=MONTHLY;BYMONTHDAY=1,15;BYSETPOS=3 19:00",
    "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366 19:00",
    "FREQ=YEARLY;BYMONTH=3;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366 19:00",
    "FREQ=YEARLY;BYMONTHDAY=29;BYMONTH=2;BYDAY=MO;INTERVAL=7 19:00",
    "FREQ=YEARLY;BYMONTH=2;BYDAY=5MO;INTERVAL=9 19:00",
    "FREQ=YEARLY;BYDAY=53MO;INTERVAL=10 19:00",
    "FREQ=MONTHLY;INTERVAL=13;BYMONTH=2;BYDAY=5SU;BYSETPOS=1,31 19:00",
    "FREQ=MONTHLY;INTERVAL=47;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO 19:00",
    "FREQ=WEEKLY;INTERVAL=103;BYMONTH=2;BYDAY=MO 19:00",
    "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2 19:00",
    "FREQ=DAILY;INTERVAL=300;BYMONTH=8;BYDAY=SU 19:00",
    "FREQ=DAILY;INTERVAL=359;BYMONTH=2;BYDAY=MO;COUNT=1000 19:00",
    "FREQ=DAILY;INTERVAL=2147483647 19:00",
    "FREQ=DAILY;COUNT=999999999999999999999999 19:00",
    "FREQ=MONTHLY;BYMONTHDAY=" + ",".join(map(str, range(1, 32))) + ";BYSETPOS=31 19:00",
    "FREQ=YEARLY;BYSETPOS=" + ",".join(map(str, range(1, 100))) + ";BYDAY=MO 19:00",
    "FREQ=DAILY " * 50,
    "monday and " * 50 + "19:00",
    "first, " * 80 + "monday 19:00",
    "5 times " * 70,
    "every " * 99,
    ";" * 600,
    " " * 599,
    "1:" * 299,
    "daily 08:00" + "\N{ARABIC-INDIC DIGIT NINE}" * 500,
    "thursdays 19:00 " + "x" * 1_000_000,
)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:60])
def test_a_hostile_rule_costs_little(text: str) -> None:
    assert steps(lambda: answered(text)) < MOST_STEPS
    assert answered(text)


@examples(40)
@given(RULES)
def test_any_rule_costs_little(when: When) -> None:
    assert steps(lambda: answered(str(when))) < MOST_STEPS


@pytest.mark.parametrize(
    "text",
    [
        "daily 08:00", "every 3 days 08:00", "thursdays 19:00", "every 2 weeks on sunday 18:00", "first monday 20:00",
        "every 2 months on the 15th 20:00", "yearly on 1 may 10:00", "every 2 years on 1 may 10:00",
    ],
)  # fmt: skip
def test_the_next_costs_the_same_however_old_the_rule_is(text: str) -> None:
    def following(begun: int) -> int:
        return steps(lambda: next(local_times(parse(text), date(begun, 1, 1), AFTER)))

    following(2026)  # what is read once and kept
    assert following(1976) < following(2024) * 1.5 + 500


@given(RULES, TIMES)
@examples(60)
def test_what_is_added_now_comes_later_than_now(when: When, at: time) -> None:
    now = datetime.combine(date(2026, 10, 24), at, UTC)
    try:
        start = checked(when, zone("Europe/Paris"), now)
    except UserError:
        return
    assert next(upcoming(when, start, zone("Europe/Paris"))).at > now


def test_the_start_is_today_while_the_time_is_to_come() -> None:
    paris = zone("Europe/Paris")
    assert first_local(parse("daily 14:00"), paris, NOW) == date(2026, 11, 23)
    assert first_local(parse("daily 13:00"), paris, NOW) == date(2026, 11, 24)  # it is 13:00 in Paris
    assert first_local(parse("2030-01-01 10:00"), paris, NOW) == date(2030, 1, 1)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-11-23 13:00", "is past: it is 2026-11-23 13:00 in Europe/Paris"),
        ("daily 13:00 until 2026-11-23", "its first day could be 2026-11-24"),
        ("thursdays 19:00 until 2026-11-25", "never comes by 2026-11-25"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15;BYSETPOS=3 19:00", "never comes within"),
    ],
)
def test_what_would_never_come_is_refused(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words):
        checked(parse(text), zone("Europe/Paris"), NOW)
