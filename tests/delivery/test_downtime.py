"""What was missed while nothing ran: the latest is posted late if it is not too late, and moderators are told."""

import pytest

from tests.delivery.conftest import Try
from tests.delivery.moments import HOUR, LEASE
from tests.delivery.trial import Trial

LATE = "Late: planned for"


def notices(trial: Trial) -> list[str]:
    return [row[0] for row in trial.database.rows("SELECT text FROM notice ORDER BY number")]


@pytest.mark.extended
def test_within_the_grace_period_it_is_posted_late_and_says_so(trial: Try) -> None:
    begun = trial()
    begun.clock.advance(begun.day(0).timestamp() + 5 * HOUR - begun.clock.told)
    begun.start()
    begun.pass_time(60)
    assert all(LATE in each["text"] for each in begun.messages())
    assert notices(begun) == []
    begun.judge("down for 5 h", 1, range(1), allowed=5 * HOUR)


def test_beyond_it_nothing_is_posted_and_moderators_are_told(trial: Try) -> None:
    begun = trial()
    begun.clock.advance(begun.day(0).timestamp() + 7 * HOUR - begun.clock.told)
    begun.start()
    begun.pass_time(60)
    assert begun.messages() == []
    assert len(notices(begun)) == begun.groups
    assert all("was missed while Kruzhok was not running" in each for each in notices(begun))
    begun.until(begun.day(1))
    begun.pass_time(LEASE)
    begun.judge("down for 7 h", 1, range(1, 2))


def test_of_several_missed_the_latest_is_posted(trial: Try) -> None:
    begun = trial()
    begun.clock.advance(begun.day(3).timestamp() + HOUR - begun.clock.told)
    begun.start()
    begun.pass_time(60)
    assert len(notices(begun)) == begun.groups
    assert all("The one that came last is posted late." in each for each in notices(begun))
    assert "was missed" in str(begun.give(0, "/schedule list"))
    begun.judge("down for 3 days", 1, range(3, 4), allowed=HOUR)


@pytest.mark.extended
def test_what_was_begun_before_a_long_pause_becomes_one_with_what_came_since(trial: Try) -> None:
    """With two days of grace, yesterday's unfinished post and today's are not both made."""
    begun = trial()
    for number in range(begun.groups):
        begun.give(number, "/config grace 48")
    begun.clock.advance(begun.day(0).timestamp() + 1 - begun.clock.told)
    begun.start("after claim", passing=1)
    assert begun.died()
    begun.clock.advance(25 * HOUR)
    begun.start()
    begun.pass_time(LEASE)
    begun.judge("killed, then down for a day", 1, range(1, 2), allowed=HOUR + LEASE)
