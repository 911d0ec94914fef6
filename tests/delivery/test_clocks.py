"""A clock that jumps neither floods nor repeats, and once it is right again all goes on."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.delivery.conftest import Try
from tests.delivery.moments import DAY, HOUR, LEASE
from tests.delivery.trial import Trial

YEARS = 5 * 365 * DAY
JUMPS = {"1 h": HOUR, "1 day": DAY, "5 years": YEARS}
LOOK_UP = 6.0


def wrong_for(trial: Trial, seconds: float, begin: float, is_restarted: bool) -> int:
    """Let the clock be wrong from some hours before or after a post for an hour; returns how many posts that made."""
    trial.start()
    trial.until(trial.day(0))
    trial.pass_time(begin)
    before = len(trial.messages())
    trial.clock.jump(seconds)
    if is_restarted:
        trial.worker.kill()
        trial.start()
    trial.clock.advance(LOOK_UP)
    trial.pass_time(HOUR)
    made = len(trial.messages()) - before
    trial.clock.jump(-seconds)
    if is_restarted:
        trial.worker.kill()
        trial.start()
    trial.clock.advance(LOOK_UP)
    trial.settle()
    trial.until(trial.day(4))
    trial.pass_time(LEASE)
    return made


def jumps() -> list[object]:
    found: list[object] = []
    for name, sign in (("1 h", 1), ("1 h", -1), ("1 day", 1), ("1 day", -1), ("5 years", 1), ("5 years", -1)):
        for begin in (-0.5 * HOUR + DAY, 0.25 * HOUR):
            for is_restarted in (False, True):
                is_quick = is_restarted == (sign > 0) and begin > HOUR and name == ("1 day" if sign > 0 else "1 h")
                marks = () if is_quick else (pytest.mark.extended,)
                found.append(pytest.param(name, sign, begin, is_restarted, marks=marks))
    return found


@pytest.mark.parametrize(("name", "sign", "begin", "is_restarted"), jumps())
def test_a_clock_that_jumps_floods_and_repeats_nothing(
    trial: Try, name: str, sign: int, begin: float, is_restarted: bool
) -> None:
    begun = trial(groups=3)
    made = wrong_for(begun, sign * JUMPS[name], begin, is_restarted)
    assert made <= begun.groups, "one post each, at the most"
    # Posts wait for a clock that is behind, and for one that is ahead to be put right, if it took them for missed.
    figures = begun.figures(range(5), allowed=HOUR)
    ahead = figures.posted - figures.planned  # made for a day that the clock only thought had come
    what = f"clock {'+' if sign > 0 else '-'}{name}{', restarted' if is_restarted else ''}"
    unplanned = made if sign > 0 and name == "5 years" else 0
    assert ahead == unplanned
    corrected = replace(figures, duplicated=figures.duplicated - unplanned)
    begun.tell(what, 1, corrected)
    assert corrected.wrong == (0, 0, 0, 0), f"{what}: {corrected}\n{begun.log()[-4000:]}"


def test_a_kill_while_the_clock_was_an_hour_ahead_repeats_nothing(trial: Try) -> None:
    """What was posted then is older, by the service's clock, than the time it was planned for."""
    begun = trial(groups=3)
    begun.start()
    begun.until(begun.day(0))
    begun.settle()
    begun.until(begun.day(1) - timedelta(minutes=50))
    begun.worker.kill()
    begun.clock.jump(HOUR)
    begun.start("after send", passing=2)
    assert begun.died()
    begun.clock.jump(-HOUR)
    begun.clock.advance(5 * 60)  # nonces are forgotten
    begun.start()
    begun.until(begun.day(1))
    begun.pass_time(2 * HOUR)
    begun.judge("killed while the clock was 1 h ahead", 1, range(2))


def test_what_a_clock_that_was_ahead_began_to_try_is_given_up_after_an_hour(trial: Try) -> None:
    begun = trial(groups=2)
    begun.fail(0, "any", "403", times=-1)
    begun.clock.advance(begun.day(0).timestamp() + 1 - begun.clock.told)
    begun.clock.jump(5 * HOUR)
    begun.start()
    begun.pass_time(60)
    begun.clock.jump(-5 * HOUR)
    begun.clock.advance(LOOK_UP)
    begun.pass_time(2 * HOUR)
    assert begun.database.rows("SELECT group_id FROM schedule WHERE paused <> ''") == [("fake:g0",)]
