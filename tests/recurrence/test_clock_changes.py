"""Each edge at which clocks change, with the instant that RFC 5545 §3.3.5 gives, worked out by hand.

A local time in a gap has the offset before the gap; of a local time that comes twice, the first is meant.
"""

from datetime import UTC, date, datetime, time
from itertools import islice

import pytest

from bot.recurrence.occurrences import Occurrence, upcoming
from bot.recurrence.when import parse
from bot.recurrence.zones import zone

GAP, TWICE, PLAIN = "clocks go forward", "clocks go back", ""

# zone, local time promised, the same in UTC, what the clocks do, what they show when it is posted
EDGES = [
    # One hour, at night: the last minute before, the gap's first and last, the first after; and the same in autumn.
    ("Europe/Berlin", "2026-03-29 01:59", "2026-03-29 00:59", PLAIN, "2026-03-29 01:59"),
    ("Europe/Berlin", "2026-03-29 02:00", "2026-03-29 01:00", GAP, "2026-03-29 03:00"),
    ("Europe/Berlin", "2026-03-29 02:30", "2026-03-29 01:30", GAP, "2026-03-29 03:30"),
    ("Europe/Berlin", "2026-03-29 02:59", "2026-03-29 01:59", GAP, "2026-03-29 03:59"),
    ("Europe/Berlin", "2026-03-29 03:00", "2026-03-29 01:00", PLAIN, "2026-03-29 03:00"),
    ("Europe/Berlin", "2026-10-25 01:59", "2026-10-24 23:59", PLAIN, "2026-10-25 01:59"),
    ("Europe/Berlin", "2026-10-25 02:00", "2026-10-25 00:00", TWICE, "2026-10-25 02:00"),
    ("Europe/Berlin", "2026-10-25 02:59", "2026-10-25 00:59", TWICE, "2026-10-25 02:59"),
    ("Europe/Berlin", "2026-10-25 03:00", "2026-10-25 02:00", PLAIN, "2026-10-25 03:00"),
    # The two examples of the RFC itself.
    ("America/New_York", "2007-03-11 02:30", "2007-03-11 07:30", GAP, "2007-03-11 03:30"),
    ("America/New_York", "2007-11-04 01:30", "2007-11-04 05:30", TWICE, "2007-11-04 01:30"),
    # Half an hour; two hours; three quarters beside the hour; a minute past midnight; an odd 44 minutes 30 seconds.
    ("Australia/Lord_Howe", "2026-10-04 02:15", "2026-10-03 15:45", GAP, "2026-10-04 02:45"),
    ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45", TWICE, "2026-04-05 01:45"),
    ("Antarctica/Troll", "2026-03-29 02:30", "2026-03-29 02:30", GAP, "2026-03-29 04:30"),
    ("Antarctica/Troll", "2026-10-25 01:30", "2026-10-24 23:30", TWICE, "2026-10-25 01:30"),
    ("Antarctica/Troll", "2026-10-25 02:30", "2026-10-25 00:30", TWICE, "2026-10-25 02:30"),
    ("Pacific/Chatham", "2026-09-27 03:00", "2026-09-26 14:15", GAP, "2026-09-27 04:00"),
    ("Pacific/Chatham", "2026-04-05 03:00", "2026-04-04 13:15", TWICE, "2026-04-05 03:00"),
    ("America/St_Johns", "2010-03-14 00:30", "2010-03-14 04:00", GAP, "2010-03-14 01:30"),
    ("Africa/Monrovia", "1972-01-07 00:20", "1972-01-07 01:04:30", GAP, "1972-01-07 01:04:30"),
    # At midnight: a day that begins at one, and a day whose last hour comes twice.
    ("America/Sao_Paulo", "2018-11-04 00:00", "2018-11-04 03:00", GAP, "2018-11-04 01:00"),
    ("America/Sao_Paulo", "2018-11-04 00:30", "2018-11-04 03:30", GAP, "2018-11-04 01:30"),
    ("America/Sao_Paulo", "2018-02-17 23:30", "2018-02-18 01:30", TWICE, "2018-02-17 23:30"),
    ("Asia/Beirut", "2026-03-29 00:30", "2026-03-28 22:30", GAP, "2026-03-29 01:30"),
    ("Asia/Beirut", "2026-10-24 23:30", "2026-10-24 20:30", TWICE, "2026-10-24 23:30"),
    ("Africa/Cairo", "2026-04-24 00:30", "2026-04-23 22:30", GAP, "2026-04-24 01:30"),
    ("Africa/Cairo", "2026-10-29 23:30", "2026-10-29 20:30", TWICE, "2026-10-29 23:30"),
    ("America/Havana", "2019-03-10 00:30", "2019-03-10 05:30", GAP, "2019-03-10 01:30"),
    ("America/Havana", "2019-11-03 00:30", "2019-11-03 04:30", TWICE, "2019-11-03 00:30"),
    ("Asia/Tehran", "2022-03-22 00:30", "2022-03-21 21:00", GAP, "2022-03-22 01:30"),
    # Before midnight, so that the gap reaches into the next day.
    ("America/Nuuk", "2024-03-30 23:30", "2024-03-31 01:30", GAP, "2024-03-31 00:30"),
    ("Asia/Pyongyang", "2018-05-04 23:45", "2018-05-04 15:15", GAP, "2018-05-05 00:15"),
    # A whole day that never was.
    ("Pacific/Apia", "2011-12-29 12:00", "2011-12-29 22:00", PLAIN, "2011-12-29 12:00"),
    ("Pacific/Apia", "2011-12-30 12:00", "2011-12-30 22:00", GAP, "2011-12-31 12:00"),
    ("Pacific/Apia", "2011-12-31 12:00", "2011-12-30 22:00", PLAIN, "2011-12-31 12:00"),
    ("Pacific/Kwajalein", "1993-08-21 12:00", "1993-08-22 00:00", GAP, "1993-08-22 12:00"),
    # Standard time itself moves.
    ("Asia/Kathmandu", "1986-01-01 00:10", "1985-12-31 18:40", GAP, "1986-01-01 00:25"),
    ("America/Caracas", "2007-12-09 02:45", "2007-12-09 06:45", TWICE, "2007-12-09 02:45"),
    ("America/Caracas", "2016-05-01 02:45", "2016-05-01 07:15", GAP, "2016-05-01 03:15"),
    ("Asia/Almaty", "2024-02-29 23:30", "2024-02-29 17:30", TWICE, "2024-02-29 23:30"),
    ("America/Nuuk", "2023-03-25 22:30", "2023-03-26 01:30", GAP, "2023-03-25 23:30"),
    ("America/Nuuk", "2023-10-28 22:30", "2023-10-29 00:30", PLAIN, "2023-10-28 22:30"),
    # Summer time is abolished: the year before, and the same day after.
    ("Europe/Istanbul", "2015-11-15 12:00", "2015-11-15 10:00", PLAIN, "2015-11-15 12:00"),
    ("Europe/Istanbul", "2016-10-30 03:30", "2016-10-30 00:30", PLAIN, "2016-10-30 03:30"),
    ("Europe/Istanbul", "2016-11-15 12:00", "2016-11-15 09:00", PLAIN, "2016-11-15 12:00"),
    ("America/Mexico_City", "2022-10-30 01:30", "2022-10-30 06:30", TWICE, "2022-10-30 01:30"),
    ("America/Mexico_City", "2023-04-02 02:30", "2023-04-02 08:30", PLAIN, "2023-04-02 02:30"),
    ("Asia/Amman", "2021-11-15 12:00", "2021-11-15 10:00", PLAIN, "2021-11-15 12:00"),
    ("Asia/Amman", "2022-10-28 00:30", "2022-10-27 21:30", PLAIN, "2022-10-28 00:30"),
    ("Asia/Amman", "2022-11-15 12:00", "2022-11-15 09:00", PLAIN, "2022-11-15 12:00"),
    # Winter time is the exception (Ireland, by law), and Ramadan is (Morocco).
    ("Europe/Dublin", "2026-03-29 01:30", "2026-03-29 01:30", GAP, "2026-03-29 02:30"),
    ("Europe/Dublin", "2026-10-25 01:30", "2026-10-25 00:30", TWICE, "2026-10-25 01:30"),
    ("Africa/Casablanca", "2023-03-19 02:30", "2023-03-19 01:30", TWICE, "2023-03-19 02:30"),
    ("Africa/Casablanca", "2023-04-01 12:00", "2023-04-01 12:00", PLAIN, "2023-04-01 12:00"),
    ("Africa/Casablanca", "2023-04-23 02:30", "2023-04-23 02:30", GAP, "2023-04-23 03:30"),
]


@pytest.mark.parametrize(("name", "local", "utc", "clocks", "shown"), EDGES)
@pytest.mark.parametrize("rule", ["{0:%Y-%m-%d} {0:%H:%M}", "daily {0:%H:%M}", "every 5 days {0:%H:%M}"])
def test_a_local_time_is_kept_as_rfc_5545_reads_it(
    rule: str, name: str, local: str, utc: str, clocks: str, shown: str
) -> None:
    promised = datetime.fromisoformat(local)
    found = next(upcoming(parse(rule.format(promised)), promised.date(), zone(name)))
    assert (found.local, found.at) == (promised, datetime.fromisoformat(utc).replace(tzinfo=UTC))
    assert found.shown(zone(name)).replace(tzinfo=None, fold=0) == datetime.fromisoformat(shown)
    assert found.note.startswith(clocks)
    assert bool(found.note) == bool(clocks)


def first(rule: str, name: str, start: date, number: int) -> list[Occurrence]:
    return list(islice(upcoming(parse(rule), start, zone(name)), number))


def days(rule: str, start: date, number: int) -> list[str]:
    return [f"{found.local:%Y-%m-%d}" for found in first(rule, "UTC", start, number)]


def test_notes_say_what_the_clocks_do() -> None:
    spring = [found.note for found in first("daily 02:30", "Europe/Paris", date(2026, 3, 28), 3)]
    assert spring == ["", "clocks go forward: 02:30 does not exist that day, posted at 03:30", ""]
    autumn = [found.note for found in first("daily 02:30", "Europe/Paris", date(2026, 10, 24), 4)]
    assert autumn[1:] == [
        "clocks go back: 02:30 comes twice, posted at the first", "clocks went back 1 h on 25 October", "",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "name", "start", "notes"),
    [
        ("thursdays 19:00", "Europe/Paris", date(2026, 10, 22), ["", "clocks went back 1 h on 25 October", ""]),
        ("thursdays 19:00", "Europe/Paris", date(2026, 3, 26), ["", "clocks went forward 1 h on 29 March", ""]),
        ("daily 12:00", "Australia/Lord_Howe", date(2026, 10, 3), ["", "clocks went forward 30 min on 4 October", ""]),
        ("daily 12:00", "America/Sao_Paulo", date(2018, 2, 17), ["", "clocks went back 1 h on 18 February", ""]),
        ("daily 12:00", "Africa/Monrovia", date(1972, 1, 6), ["", "clocks went forward 44 min 30 s on 7 January", ""]),
        (
            "yearly on 1 july 12:00",
            "America/Mexico_City",
            date(2022, 1, 1),
            ["", "clocks went back 1 h on 30 October", ""],
        ),
        ("yearly on 1 july 12:00", "Europe/Paris", date(2022, 1, 1), ["", "", ""]),
    ],
)
def test_the_first_occurrence_after_a_change_says_so(rule: str, name: str, start: date, notes: list[str]) -> None:
    assert [found.note for found in first(rule, name, start, 3)] == notes


def test_a_skipped_day_is_kept_once() -> None:
    found = first("daily 12:00", "Pacific/Apia", date(2011, 12, 29), 4)
    assert [each.local.day for each in found] == [29, 30, 1, 2]
    assert found[1].note == "clocks go forward: 12:00 does not exist that day, posted at 12:00 on 31 December"
    resumed = upcoming(parse("daily 12:00"), date(2011, 12, 29), zone("Pacific/Apia"), after=found[1].local)
    assert next(resumed) == found[2]


def test_months_without_the_day_are_left_out() -> None:
    assert days("monthly on the 31st 19:00", date(2026, 1, 1), 4) == [
        "2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31",
    ]  # fmt: skip
    assert days("monthly on the last day 19:00", date(2028, 1, 1), 3) == ["2028-01-31", "2028-02-29", "2028-03-31"]
    assert days("fifth monday 19:00", date(2026, 1, 1), 3) == ["2026-03-30", "2026-06-29", "2026-08-31"]


def test_29_february_waits_for_leap_years() -> None:
    assert days("yearly on 29 february 19:00", date(2026, 1, 1), 2) == ["2028-02-29", "2032-02-29"]
    assert days("yearly on 29 february 19:00", date(2096, 1, 1), 2) == ["2096-02-29", "2104-02-29"]
    assert days("every 2 years on 29 february 19:00", date(2026, 1, 1), 2) == ["2028-02-29", "2032-02-29"]


def test_intervals_count_from_the_first_match() -> None:
    wednesday = date(2026, 11, 25)
    assert days("every 2 weeks on sunday 18:00", wednesday, 3) == ["2026-11-29", "2026-12-13", "2026-12-27"]
    assert days("every 2 weeks on monday and sunday 18:00", wednesday, 3) == ["2026-11-29", "2026-12-07", "2026-12-13"]
    assert days("every 2 weeks on monday 18:00", wednesday, 2) == ["2026-11-30", "2026-12-14"]
    assert days("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,SU 18:00", wednesday, 3) == [
        "2026-11-29", "2026-11-30", "2026-12-13",
    ]  # fmt: skip
    assert days("every 3 months on the 15th 20:00", date(2026, 11, 16), 2) == ["2026-12-15", "2027-03-15"]
    assert days("every 2 years on 1 may 10:00", date(2026, 11, 25), 2) == ["2027-05-01", "2029-05-01"]


def test_a_rule_ends_as_it_says() -> None:
    start = date(2026, 11, 25)
    assert days("daily 08:00 3 times", start, 9) == ["2026-11-25", "2026-11-26", "2026-11-27"]
    assert days("daily 08:00 until 2026-11-26", start, 9) == ["2026-11-25", "2026-11-26"]
    assert days("2026-12-24 19:00", start, 9) == ["2026-12-24"]
    late = datetime.combine(date(2026, 11, 26), time(8))
    assert [each.local.day for each in upcoming(parse("daily 08:00 3 times"), start, zone("UTC"), late)] == [27]
