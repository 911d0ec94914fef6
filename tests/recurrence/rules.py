"""Random rules: as RFC 5545 has them, before they are checked and put into one form."""

from datetime import date, time
from typing import Any

from hypothesis import strategies as st

from bot.errors import UserError
from bot.recurrence.when import Day, Frequency, When

Fields = dict[str, Any]  # of When

TIMES = st.times().map(lambda each: time(each.hour, each.minute))
STARTS = st.dates(date(1990, 1, 1), date(2080, 1, 1))
_MONTH_DAYS = st.integers(1, 31) | st.integers(-31, -1)
_POSITIONS = st.integers(1, 6) | st.integers(-6, -1) | st.sampled_from((31, 53, 366, -366))
_IN_MONTH = st.sampled_from((1, 2, 3, 4, 5, -1, -2, -5))
_IN_YEAR = _IN_MONTH | st.sampled_from((20, 52, 53, -53))


def _some(values: st.SearchStrategy[Any], most: int, least: int = 0) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(values, min_size=least, max_size=most).map(tuple)


@st.composite
def fields(draw: st.DrawFn) -> Fields:
    """Draw the fields of a rule that recurs; When may refuse some."""
    frequency = draw(st.sampled_from((Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY, Frequency.YEARLY)))
    chosen: Fields = {"frequency": frequency, "time_of_day": draw(TIMES)}
    chosen["interval"] = draw(st.just(1) | st.integers(2, 5))
    ordinals = {Frequency.MONTHLY: _IN_MONTH, Frequency.YEARLY: _IN_YEAR}.get(frequency)
    numbers = draw(st.sampled_from([each for each in (st.just(0), ordinals) if each is not None]))
    least = 1 if frequency is Frequency.WEEKLY else 0
    days = st.builds(Day, st.integers(0, 6), numbers)
    chosen["by_day"] = draw(
        _some(days, 3, least) | st.just(tuple(map(Day, range(7)))) | st.just(tuple(map(Day, range(5))))
    )
    if frequency is not Frequency.WEEKLY and not any(day.ordinal for day in chosen["by_day"]):
        chosen["by_month_day"] = draw(_some(_MONTH_DAYS, 2))
    chosen["by_month"] = draw(st.just(()) | _some(st.integers(1, 12), 3) | st.just(tuple(range(1, 13))))
    chosen["by_set_pos"] = () if frequency is Frequency.DAILY else draw(st.just(()) | _some(_POSITIONS, 2))
    chosen["week_start"] = draw(st.just(0) | st.integers(0, 6))
    return chosen | draw(
        st.just({})
        | st.builds(lambda count: {"count": count}, st.integers(1, 1000))
        | st.builds(lambda until: {"until": until}, st.dates(date(1990, 1, 1), date(2199, 12, 31)))
    )


def _made(chosen: Fields) -> tuple[tuple[Fields, When], ...]:
    try:
        return ((chosen, When(**chosen)),)
    except UserError:
        return ()


ACCEPTED = fields().map(_made).filter(bool).map(lambda found: found[0])
"""Fields that are accepted, with the rule that they make."""
ONCE = st.builds(When, st.just(Frequency.ONCE), TIMES, on=st.dates(date(1970, 1, 1), date(2199, 12, 31)))
RULES = ACCEPTED.map(lambda found: found[1]) | ONCE
