"""The grammar: what is accepted and its canonical text, what is refused and why."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import UserError
from bot.recurrence.when import EXAMPLES, MOST_LETTERS, Day, Frequency, When, parse
from tests.examples import examples
from tests.recurrence.rules import RULES

ACCEPTED = [
    ("Thursdays 19:00", "thursdays 19:00"),
    ("  on\tthursdays  at 19:00 ", "thursdays 19:00"),
    ("19:00 thursdays", "thursdays 19:00"),
    ("every thursday 8:00", "thursdays 08:00"),
    ("every thu 19:00", "thursdays 19:00"),
    ("each Thursday at 19:00", "thursdays 19:00"),
    ("weekly on thursday 19:00", "thursdays 19:00"),
    ("every week on thursday, 19:00", "thursdays 19:00"),
    ("thursdays & mondays 19:00", "mondays and thursdays 19:00"),
    ("mondays, wednesdays, and fridays 19:00", "mondays, wednesdays and fridays 19:00"),
    ("every tue and thur 19:00", "tuesdays and thursdays 19:00"),
    ("every 2 weeks on sunday 18:00", "every 2 weeks on sunday 18:00"),
    ("every two weeks on sundays at 18:00", "every 2 weeks on sunday 18:00"),
    ("every other sunday 18:00", "every 2 weeks on sunday 18:00"),
    ("every 3 weeks on monday and thursday 18:00", "every 3 weeks on monday and thursday 18:00"),
    ("first monday 20:00", "first monday 20:00"),
    ("on the first Monday of the month at 20:00", "first monday 20:00"),
    ("every first monday 20:00", "first monday 20:00"),
    ("every month on the first monday 20:00", "first monday 20:00"),
    ("1st and 3rd monday 20:00", "first and third monday 20:00"),
    ("first monday and last friday 20:00", "first monday and last friday 20:00"),
    ("every second sunday of the month 18:00", "second sunday 18:00"),
    ("last friday 19:30", "last friday 19:30"),
    ("every 2 months on the first monday 20:00", "every 2 months on the first monday 20:00"),
    ("daily 08:00", "daily 08:00"),
    ("every day at 8:00", "daily 08:00"),
    ("every 1 day 08:00", "daily 08:00"),
    ("every other day 08:00", "every 2 days 08:00"),
    ("every 3 days 08:00", "every 3 days 08:00"),
    ("weekdays 12:00", "weekdays 12:00"),
    ("every weekday 12:00", "weekdays 12:00"),
    ("weekends 10:00", "weekends 10:00"),
    ("weekdays and weekends 10:00", "daily 10:00"),
    ("weekdays and saturdays 10:00", "mondays, tuesdays, wednesdays, thursdays, fridays and saturdays 10:00"),
    ("2026-12-24 19:00", "2026-12-24 19:00"),
    ("on 2026-12-24 at 19:00", "2026-12-24 19:00"),
    ("monthly on the 15th 20:00", "monthly on the 15th 20:00"),
    ("the 15th of every month at 20:00", "monthly on the 15th 20:00"),
    ("monthly on the 1st and 15th 20:00", "monthly on the 1st and 15th 20:00"),
    ("monthly on the last day 20:00", "monthly on the last day 20:00"),
    ("last day of the month 20:00", "monthly on the last day 20:00"),
    ("every 3 months on the 22nd 20:00", "every 3 months on the 22nd 20:00"),
    ("yearly on 1 may 10:00", "yearly on 1 may 10:00"),
    ("every year on May 1st, 10:00", "yearly on 1 may 10:00"),
    ("yearly on the 1st of may 10:00", "yearly on 1 may 10:00"),
    ("every 2 years on 29 feb 10:00", "every 2 years on 29 february 10:00"),
    ("thursdays 19:00 until 2027-03-01", "thursdays 19:00 until 2027-03-01"),
    ("thursdays until 2027-03-01 at 19:00", "thursdays 19:00 until 2027-03-01"),
    ("thursdays 19:00 5 times", "thursdays 19:00 5 times"),
    ("thursdays 19:00, for five times", "thursdays 19:00 5 times"),
    ("thursdays 19:00 1 time", "thursdays 19:00 1 time"),
    # RFC 5545, said in words where words can say it
    ("RRULE:FREQ=WEEKLY;BYDAY=TH;BYHOUR=19;BYMINUTE=0", "thursdays 19:00"),
    ("freq=weekly;byday=th 19:00", "thursdays 19:00"),
    ("FREQ=WEEKLY; BYDAY = MO, TH at 19:00", "mondays and thursdays 19:00"),
    ("FREQ=WEEKLY;BYDAY=TH;BYHOUR=19;BYMINUTE=5;BYSECOND=0;", "thursdays 19:05"),
    ("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR 12:00", "weekdays 12:00"),
    ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU 12:00", "daily 12:00"),
    ("FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU 18:00", "every 2 weeks on sunday 18:00"),
    ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=1 20:00", "first monday 20:00"),
    ("FREQ=MONTHLY;BYDAY=-1FR 19:30", "last friday 19:30"),
    ("FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=1MO 20:00", "first monday 20:00"),
    ("FREQ=MONTHLY;BYDAY=TH 19:00", "thursdays 19:00"),
    ("FREQ=YEARLY;BYDAY=TH 19:00", "thursdays 19:00"),
    ("FREQ=YEARLY;BYMONTHDAY=15 20:00", "monthly on the 15th 20:00"),
    ("FREQ=MONTHLY;BYMONTH=5;BYMONTHDAY=1 10:00", "yearly on 1 may 10:00"),
    ("FREQ=DAILY;UNTIL=20270301T180000Z 08:00", "daily 08:00 until 2027-03-01"),
    ("FREQ=DAILY;COUNT=5 08:00", "daily 08:00 5 times"),
    # and in its own notation where they cannot
    ("freq=monthly;byday=fr;bymonthday=13 20:00", "RRULE:FREQ=MONTHLY;BYMONTHDAY=13;BYDAY=FR;BYHOUR=20;BYMINUTE=0"),
    (
        "FREQ=MONTHLY;BYDAY=FR,TH,WE,TU,MO;BYSETPOS=-1;UNTIL=20270301 19:00",
        "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;BYHOUR=19;BYMINUTE=0;UNTIL=20270301",
    ),
    (
        "FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=SU,MO;COUNT=9 19:00",
        "RRULE:FREQ=WEEKLY;INTERVAL=2;WKST=SU;BYDAY=MO,SU;BYHOUR=19;BYMINUTE=0;COUNT=9",
    ),
    ("FREQ=YEARLY;BYMONTH=11;BYDAY=+4TH 19:00", "RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;BYHOUR=19;BYMINUTE=0"),
    (
        "FREQ=YEARLY;BYMONTH=5,6;BYDAY=MO;BYSETPOS=1 19:00",
        "RRULE:FREQ=YEARLY;BYMONTH=5,6;BYDAY=MO;BYSETPOS=1;BYHOUR=19;BYMINUTE=0",
    ),
    ("FREQ=YEARLY;BYDAY=-20MO 19:00", "RRULE:FREQ=YEARLY;BYDAY=-20MO;BYHOUR=19;BYMINUTE=0"),
    ("FREQ=MONTHLY;BYMONTHDAY=-2 19:00", "RRULE:FREQ=MONTHLY;BYMONTHDAY=-2;BYHOUR=19;BYMINUTE=0"),
]

REFUSED = [
    ("", "Say when"),
    ("thursdays", "Say at what time"),
    ("19:00", "Say when"),
    *(
        (f"thursdays {wrong}", "is not a time of day here. Write hours and minutes, 00:00 to 23:59, like 19:00")
        for wrong in (
            "99:30",
            "24:00",
            "12:60",
            "7pm",
            "7 pm",
            "7 p.m.",
            "19",
            "19.00",
            "19h",
            "19h30",
            "1:5",
            "19:00:00",
        )
    ),
    ("thursdays noon", "“noon” is not a time"),
    ("thursdays 19:00 and 20:00", "one time of day"),
    ("19:00 thursdays 19:00", "one time of day"),
    ("thursday 19:00", "Write thursdays 19:00 for every week, or a date such as 2026-12-24 19:00"),
    ("thu 19:00", "Write thursdays 19:00"),
    ("mon and thu 19:00", "Write mondays and thursdays 19:00"),
    ("mondays and thursday 19:00", "Did you mean thursdays"),
    ("every second sunday 18:00", "Write every 2 weeks on sunday 18:00, or second sunday of the month 18:00"),
    ("every 2 sundays 18:00", "Write every 2 weeks on sunday"),
    ("every 2 weeks 18:00", "on which weekday"),
    ("the 15th 20:00", "Once, or every month"),
    ("1 may 10:00", "Write yearly on 1 may 10:00"),
    ("monthly on the last 20:00", "the last of what"),
    ("monthly 20:00", "on which day"),
    ("every 20:00", "Say when"),
    ("every month", "on which day"),
    ("yearly 20:00", "on which day"),
    ("first weekday 20:00", "Name one weekday"),
    ("first monday and 15th of the month 20:00", "two schedules"),
    ("sixth monday 20:00", "“sixth” was not understood"),
    ("6th monday 20:00", "at most 5"),
    ("yearly on 31 april 20:00", "never comes"),
    ("monthly on the 32nd 20:00", "Days of the month are 1 to 31"),
    ("hourly", "more often than daily"),
    ("every 2 hours", "more often than daily"),
    ("every 30 minutes", "more often than daily"),
    ("twice a day", "more often than daily"),
    ("tomorrow 19:00", "depends on today"),
    ("next thursday 19:00", "depends on today"),
    ("biweekly thursdays 19:00", "does not say enough"),
    ("every weekend 19:00", "weekends 10:00"),
    ("thrusdays 19:00", "“thrusdays” was not understood. Did you mean thursdays?"),
    ("thursdays 19:00 except in august", "“except” was not understood"),
    ("thursdays 19:00 Europe/Paris", "group's own time zone"),
    ("thursdays 19:00 CET", "group's own time zone"),
    ("thursdays 19:00,", "Something is missing"),
    ("and thursdays 19:00", "Write it like"),
    ("0 19 * * 4", "Cron"),
    ("0 19 1 1 4", "Cron"),
    ("24.12.2026 19:00", "is not a date here"),
    ("24 december 2026 19:00", "is not a date here"),
    ("12/24/2026 19:00", "is not a date here"),
    ("2026-02-30 19:00", "is not a date here"),
    ("2026-12-24T19:00", "with a space"),
    ("0999-12-24 19:00", "too far away"),
    ("9999-12-31 23:59", "too far away"),
    ("thursdays 19:00 until 2027-03-01 5 times", "not both"),
    ("thursdays 19:00 until 2027-03-01 until 2027-03-02", "only once"),
    ("thursdays 19:00 until easter", "is not a date here"),
    ("thursdays 19:00 0 times", "from 1 to 1000"),
    ("thursdays 19:00 1001 times", "from 1 to 1000"),
    ("2026-12-24 19:00 5 times", "comes once"),
    ("every 0 days 08:00", "every 1 to 366 days"),
    ("every 99999 weeks on sunday 08:00", "every 1 to 104 weeks"),
    ("thursdays 19:00\0", "U\\+0000"),
    ("\N{RIGHT-TO-LEFT OVERRIDE}thursdays 19:00", "U\\+202E"),
    ("thursdays \N{ARABIC-INDIC DIGIT ONE}9:00", "Unusual characters"),
    ("thursdays \N{FULLWIDTH DIGIT ONE}9:00", "Unusual characters"),
    ("thur\N{LATIN SMALL LETTER LONG S}days 19:00", "Unusual characters"),
    ("\ud800", "U\\+D800"),
    ("x" * 1_000_000, "too long"),
    # RFC 5545
    ("FREQ=WEEKLY;BYDAY=TH", "Say at what time"),
    ("FREQ=WEEKLY;BYDAY=TH;BYHOUR=19;BYMINUTE=0 19:00", "one time of day"),
    ("FREQ=WEEKLY;BYDAY=TH;BYHOUR=19,20;BYMINUTE=0", "one time of day"),
    ("FREQ=WEEKLY;BYDAY=TH;BYHOUR=19;BYMINUTE=0,30", "one time of day"),
    ("FREQ=WEEKLY;BYDAY=TH;BYHOUR=19", "go together"),
    ("FREQ=WEEKLY;BYDAY=TH;BYHOUR=24;BYMINUTE=0", "is not a time of day"),
    ("FREQ=WEEKLY;BYDAY=TH;BYHOUR=19;BYMINUTE=0;BYSECOND=30", "BYSECOND can only be 0"),
    ("FREQ=WEEKLY;BYDAY=TH 7pm", "“7PM” is not a time"),
    ("FREQ=HOURLY 19:00", "more often than daily"),
    ("FREQ=SECONDLY;BYHOUR=1;BYMINUTE=1", "more often than daily"),
    ("FREQ=NEVER 19:00", "DAILY, WEEKLY, MONTHLY or YEARLY"),
    ("BYDAY=TH 19:00", "FREQ is missing"),
    ("FREQ=DAILY;FREQ=DAILY 19:00", "FREQ stands twice"),
    ("FREQ=DAILY;;INTERVAL=2 19:00", "Leave one ; out"),
    ("FREQ=DAILY;INTERVAL 19:00", "is no part of a rule"),
    ("FREQ=DAILY;X-FOO=1 19:00", "“X-FOO” is not known"),
    ("FREQ=DAILY INTERVAL=2 19:00", "Write ; between"),
    ("DTSTART:20260101T190000 RRULE:FREQ=DAILY", "leave DTSTART out"),
    ("RRULE:FREQ=DAILY;BYHOUR=1;BYMINUTE=1\nEXDATE:20260101T190000", "Leave EXDATE out"),
    ("RDATE:20260101T190000", "Leave RDATE out"),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO 19:00", "BYWEEKNO is not taken"),
    ("FREQ=YEARLY;BYYEARDAY=1 19:00", "BYYEARDAY is not taken"),
    ("FREQ=YEARLY;BYEASTER=0 19:00", "BYEASTER is not taken"),
    ("FREQ=DAILY;INTERVAL=0 19:00", "every 1 to 366 days"),
    ("FREQ=DAILY;INTERVAL=-1 19:00", "every 1 to 366 days"),
    ("FREQ=DAILY;INTERVAL=99999999999999999999 19:00", "at most four digits"),
    ("FREQ=DAILY;COUNT=1001 08:00", "from 1 to 1000"),
    ("FREQ=DAILY;COUNT=5;UNTIL=20270301 08:00", "not both"),
    ("FREQ=DAILY;UNTIL=20270230 08:00", "is not a date here"),
    ("FREQ=DAILY;UNTIL=99991231 08:00", "too far away"),
    ("FREQ=DAILY;UNTIL=2027-W01-1 08:00", "is not a date here"),
    ("FREQ=WEEKLY 19:00", "on which weekday"),
    ("FREQ=MONTHLY 19:00", "on which day"),
    ("FREQ=YEARLY;BYMONTH=5 19:00", "on which day"),
    ("FREQ=WEEKLY;BYDAY=1TH 19:00", "needs FREQ=MONTHLY or FREQ=YEARLY"),
    ("FREQ=WEEKLY;BYDAY=TH;BYMONTHDAY=1 19:00", "FREQ=WEEKLY takes no BYMONTHDAY"),
    ("FREQ=WEEKLY;BYDAY=XX 19:00", "weekdays are MO, TU, WE"),
    ("FREQ=MONTHLY;BYDAY=0TH 19:00", "weekdays are MO, TU, WE"),
    ("FREQ=MONTHLY;BYDAY=6TH 19:00", "at most 5"),
    ("FREQ=YEARLY;BYDAY=54TH 19:00", "at most 53"),
    ("FREQ=MONTHLY;BYDAY=MO,1TH 19:00", "all the weekdays in BYDAY or none"),
    ("FREQ=MONTHLY;BYDAY=1FR;BYMONTHDAY=13 19:00", "not both"),
    ("FREQ=DAILY;BYSETPOS=1 19:00", "FREQ=DAILY takes none"),
    ("FREQ=DAILY;INTERVAL=2;BYMONTHDAY=1 19:00", "use FREQ=MONTHLY"),
    ("FREQ=MONTHLY;BYMONTHDAY=0 19:00", "1 to 31"),
    ("FREQ=MONTHLY;BYMONTHDAY=32 19:00", "1 to 31"),
    ("FREQ=YEARLY;BYMONTH=13;BYMONTHDAY=1 19:00", "Months are 1 to 12"),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30 19:00", "never comes"),
    ("FREQ=YEARLY;BYMONTH=4,6,9,11;BYMONTHDAY=31,-31 19:00", "never comes"),
    ("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=7 19:00", "never comes"),
    ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=0 19:00", "BYSETPOS is 1 to 366"),
    ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=367 19:00", "BYSETPOS is 1 to 366"),
    ("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1,2,3,4,5,6,7,8,9,10,11,12,13 19:00", "at most 12 positions"),
    ("FREQ=WEEKLY;BYDAY=TH;WKST=1 19:00", "one of MO, TU"),
]


@pytest.mark.parametrize(("text", "canonical"), ACCEPTED)
def test_what_is_understood_has_one_canonical_text(text: str, canonical: str) -> None:
    assert str(parse(text)) == canonical
    assert parse(canonical) == parse(text)


@pytest.mark.parametrize(("text", "words"), REFUSED, ids=lambda text: ascii(text[:60]))
def test_what_is_not_wholly_understood_is_refused_with_the_way_out(text: str, words: str) -> None:
    with pytest.raises(UserError, match=words) as refused:
        parse(text)
    said = str(refused.value)
    assert len(said) < 300
    assert said.isprintable()
    assert said.endswith((".", "?"))


@pytest.mark.parametrize("text", EXAMPLES)
def test_the_examples_are_canonical(text: str) -> None:
    assert str(parse(text)) == text


@examples(500)
@given(RULES)
def test_the_text_of_any_rule_reads_as_that_rule(when: When) -> None:
    assert len(str(when)) <= MOST_LETTERS
    assert parse(str(when)) == when
    assert str(parse(str(when))) == str(when)


WORDS = st.sampled_from(
    "every each on the of month and , first second 1st 15th last thursdays monday thu weekdays day days week weeks "
    "months 2 3 other daily monthly yearly weekly may 19:00 8:00 at until 2027-03-01 5 times for FREQ=DAILY ;".split()
)


@examples(500)
@given(st.text(max_size=60) | st.lists(WORDS, max_size=9).map(" ".join))
def test_any_text_is_read_the_same_again_or_refused(text: str) -> None:
    try:
        when = parse(text)
    except UserError as error:
        assert str(error).isprintable()  # noqa: PT017 - refusing is one of two right answers
    else:
        assert parse(str(when)) == when


def test_the_longest_rule_is_short_enough_to_be_read_again() -> None:
    longest = When(
        Frequency.YEARLY,
        time(19, 30),
        interval=10,
        by_day=tuple(Day(weekday) for weekday in range(7)),
        by_month_day=tuple(day for day in range(-31, 32) if day),
        by_month=tuple(range(1, 12)),
        by_set_pos=tuple(range(-366, -354)),
        until=date(2199, 12, 31),
    )
    assert len(str(longest)) <= MOST_LETTERS
    assert parse(str(longest)) == longest
    many = tuple(Day(weekday, number) for weekday in range(7) for number in range(-53, 54) if number)
    with pytest.raises(UserError, match="at most"):
        When(Frequency.YEARLY, time(19, 30), by_day=many)
