"""The trials can fail: with a guard taken out of the code, they see what is lost and what comes twice."""

import signal

import pytest

from tests.delivery.conftest import Try
from tests.delivery.moments import HOUR, LEASE
from tests.delivery.test_kills import kill_at
from tests.delivery.test_stops import stop_at


def test_the_trial_sees_what_comes_twice_where_nobody_looks_before_posting(trial: Try) -> None:
    begun = trial(groups=4)
    begun.steer(nonces_kept=60)
    days = kill_at(begun, "after send", kills=2, broken=("no look",))
    figures = begun.figures(range(days))
    assert (figures.lost, figures.duplicated > 0) == (0, True)


@pytest.mark.extended
def test_the_trial_sees_what_comes_twice_after_an_older_copy_where_nobody_looks(trial: Try) -> None:
    begun = trial(groups=4)
    copy = begun.database.copy()
    begun.start(broken=("no look",))
    begun.until(begun.day(0))
    begun.pass_time(HOUR)
    begun.worker.kill()
    begun.database.put_back(copy)
    begun.start(broken=("no look",))
    begun.pass_time(LEASE)
    assert begun.figures(range(1)).duplicated == begun.groups


@pytest.mark.extended
@pytest.mark.parametrize(("step", "broken"), [("after choice", "no hold"), ("before send", "stale")])
def test_the_trial_sees_what_comes_twice_where_a_lease_is_not_looked_at_again(
    trial: Try, step: str, broken: str
) -> None:
    begun = trial(groups=4)
    stop_at(begun, step, forgets=True, broken=(broken,))
    figures = begun.figures(range(1))
    assert (figures.lost, figures.duplicated > 0) == (0, True)


@pytest.mark.extended
def test_the_trial_sees_what_is_lost_where_posts_are_recorded_before_they_are_sent(trial: Try) -> None:
    begun = trial(groups=4)
    days = kill_at(begun, "before send", kills=2, broken=("record before sending",))
    figures = begun.figures(range(days))
    assert (figures.lost > 0, figures.duplicated) == (True, 0)


@pytest.mark.extended
def test_the_trial_sees_what_comes_twice_where_one_process_takes_its_own_posts_again(trial: Try) -> None:
    """A clock that jumps ends leases; where nonces do not help, a post that is under way must not be begun again."""
    figures = []
    for broken in ((), ("forgetful",)):
        begun = trial(groups=2)
        begun.steer(nonces_kept=0)
        begun.fail(0, "post", "hang")
        begun.start(broken=broken)
        begun.reach(begun.day(0))
        begun.wait(lambda begun=begun: begun.service.seen()["hanging"] == 1, "one hangs")  # type: ignore[misc]  # mypy: a default's type
        begun.clock.jump(HOUR)
        begun.clock.advance(6)
        begun.pause(0.1)
        begun.release()
        begun.pass_time(HOUR)
        figures.append(begun.figures(range(1)).duplicated)
        begun.end()
    assert figures == [0, 1]


@pytest.mark.extended
def test_the_trial_sees_what_is_late(trial: Try) -> None:
    begun = trial(groups=4)
    begun.start("before claim", since=begun.day(0).timestamp(), number=signal.SIGSTOP)
    begun.reach(begun.day(0))
    begun.wait(lambda: begun.worker.is_stopped, "it stops")
    begun.clock.advance(60)
    begun.worker.send(signal.SIGCONT)
    begun.pass_time(LEASE)
    assert begun.figures(range(1)).late == begun.groups
