"""A process that was stopped for longer than its lease posts nothing that another has posted meanwhile."""

import signal
from collections.abc import Iterator
from itertools import product

import pytest

from tests.delivery.conftest import Try
from tests.delivery.moments import HOUR, LEASE
from tests.delivery.trial import Trial

STEPS = (
    "before claim",
    "after claim",
    "after choice",
    "before send",
    "after send",
    "after record",
    "before thread",
    "after thread",
)
FORGOTTEN = 600.0


def stop_at(trial: Trial, step: str, forgets: bool, passing: int = 1, broken: tuple[str, ...] = ()) -> None:
    """Stop a process at a step, let another take over, and continue the first."""
    due = trial.day(0).timestamp()
    stopped = trial.start(step, passing, since=due, number=signal.SIGSTOP, broken=broken)
    trial.until(trial.day(0))
    trial.wait(lambda: stopped.is_stopped, f"it stops {step}")
    trial.faults.append(trial.clock.true)
    trial.clock.advance(LEASE + (FORGOTTEN if forgets else 0))
    trial.start()
    trial.pass_time(LEASE)
    stopped.send(signal.SIGCONT)
    trial.pass_time(HOUR)
    trial.until(trial.day(1))
    trial.pass_time(LEASE)


def stops() -> Iterator[object]:
    for step, forgets in product(STEPS, (True, False)):
        is_quick = forgets and step in ("after choice", "before send")
        yield pytest.param(step, forgets, marks=() if is_quick else pytest.mark.extended)


@pytest.mark.parametrize(("step", "forgets"), list(stops()))
def test_whoever_was_stopped_does_not_post_again(trial: Try, step: str, forgets: bool) -> None:
    begun = trial(groups=6)
    stop_at(begun, step, forgets, passing=3)
    allowed = FORGOTTEN + LEASE
    begun.judge(f"stopped {step}, nonce {'forgotten' if forgets else 'known'}", 1, range(2), allowed=allowed)


def test_a_machine_that_slept_looks_before_it_sends(trial: Try) -> None:
    """Seconds are not counted while a machine sleeps; only the clock on the wall has moved."""
    begun = trial(groups=4)
    begun.steer(nonces_kept=0)
    first = begun.start("before send", since=begun.day(0).timestamp(), number=signal.SIGSTOP)
    begun.until(begun.day(0))
    begun.wait(lambda: first.is_stopped, "it stops")
    begun.clock.suspend(FORGOTTEN)
    begun.start()
    begun.settle()
    first.send(signal.SIGCONT)
    begun.pass_time(HOUR)
    begun.judge("machine asleep before sending", 1, range(1), allowed=FORGOTTEN + LEASE)


@pytest.mark.parametrize("days", [2, pytest.param(20, marks=pytest.mark.extended)])
def test_two_processes_over_one_database_post_once(trial: Try, days: int) -> None:
    begun = trial(groups=16)
    begun.steer(nonces_kept=0)
    begun.start()
    begun.start()
    begun.until(begun.day(days - 1))
    begun.pass_time(LEASE)
    begun.judge("two processes", days, range(days))
