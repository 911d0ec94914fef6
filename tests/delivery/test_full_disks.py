"""While the disk is full nothing is posted, which the log says; it goes on by itself, and nothing is lost."""

import signal

import pytest

from tests.delivery.conftest import Try
from tests.delivery.moments import HOUR, LEASE
from tests.delivery.trial import Trial


def fill(trial: Trial, is_full: bool) -> None:
    """Fill the disk of the process that was started last, or make room."""
    trial.worker.send(signal.SIGUSR1 if is_full else signal.SIGUSR2)
    trial.wait(lambda: trial.worker.status.read()[2] is is_full, "the disk is as it is to be")


def test_nothing_is_posted_while_the_disk_is_full_and_nothing_is_lost(trial: Try) -> None:
    begun = trial(groups=40)
    begun.start()
    begun.pass_time(60)
    fill(begun, is_full=True)
    begun.clock.advance(begun.day(0).timestamp() - 20 - begun.clock.told)
    begun.settle()
    for _ in range(5):
        begun.settle()
        said = _said(begun)
        begun.clock.advance(HOUR / 10)
        begun.wait(lambda said=said: _said(begun) > said, "it says so")  # type: ignore[misc]  # mypy: a default's type
    assert begun.messages() == []
    assert "database or disk is full" in begun.log()
    fill(begun, is_full=False)
    begun.pass_time(HOUR)
    begun.until(begun.day(1))
    begun.pass_time(LEASE)
    begun.judge("disk full for half an hour", 1, range(2), allowed=HOUR)


def _said(trial: Trial) -> int:
    return trial.worker.log.read_text().count("nothing is posted until this is mended")


@pytest.mark.extended
def test_a_disk_that_fills_up_while_posts_are_made_repeats_none(trial: Try) -> None:
    begun = trial(groups=40)
    begun.start("after send", passing=5, since=begun.day(0).timestamp(), number=signal.SIGSTOP)
    begun.until(begun.day(0))
    begun.wait(lambda: begun.worker.is_stopped, "it stops")
    begun.worker.send(signal.SIGUSR1)
    begun.worker.send(signal.SIGCONT)
    begun.wait(lambda: begun.worker.status.read()[2], "the disk is full")
    for _ in range(5):
        begun.clock.advance(60)
        begun.pause(0.05)
    fill(begun, is_full=False)
    begun.pass_time(HOUR)
    begun.judge("disk full in between", 1, range(1), allowed=HOUR)
