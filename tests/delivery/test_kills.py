"""Whatever moment a process is killed at, every post is made, once."""

from random import Random

import pytest

from tests.delivery.conftest import Try
from tests.delivery.moments import DAY, LEASE
from tests.delivery.trial import Trial

STEPS = (
    "before claim",
    "after claim",
    "before look",
    "after choice",
    "before send",
    "after send",
    "after record",
    "before thread",
    "after thread",
)


def kill_at(trial: Trial, step: str, kills: int, broken: tuple[str, ...] = ()) -> int:
    """Kill one process after the other at a step; returns on how many days something was due."""
    days, number = 0, 0
    trial.clock.advance(trial.day(0).timestamp() + 1 - trial.clock.told)
    while len(trial.faults) < kills:
        number += 1
        assert number < kills * 6, f"{step} is hardly ever passed"
        trial.start(step, passing=1 + number * 3 % 7, broken=broken)
        if trial.died():
            trial.clock.advance(LEASE)
        else:
            trial.worker.kill()
            days += 1
            trial.clock.advance(trial.day(days).timestamp() + 1 - trial.clock.told)
    trial.start(broken=broken)
    trial.pass_time(5 * LEASE)
    return days + 1


@pytest.mark.parametrize("step", [pytest.param("before send", marks=pytest.mark.extended), "after send"])
def test_a_kill_loses_and_repeats_nothing(trial: Try, step: str) -> None:
    begun = trial(groups=3)
    days = kill_at(begun, step, kills=2)
    begun.judge(f"killed {step}", 2, range(days))


@pytest.mark.extended
@pytest.mark.parametrize("step", STEPS)
def test_many_kills_at_every_step_lose_and_repeat_nothing(trial: Try, step: str) -> None:
    begun = trial(groups=6)
    days = kill_at(begun, step, kills=20)
    begun.judge(f"killed {step}", 20, range(days))


def kill_at_random(trial: Trial, kills: int, dice: Random) -> int:
    """Kill processes at times of chance; returns on how many days something was due."""
    days = 0
    trial.clock.advance(trial.day(0).timestamp() + 1 - trial.clock.told)
    for _ in range(kills):
        trial.start()
        trial.wait(lambda: trial.worker.status.read()[0] > 0, "it begins")
        moment = dice.uniform(0, 0.25)
        trial.pause(moment)
        trial.kill()
        trial.clock.advance(LEASE)
        if not trial.is_outstanding():
            days += 1
            trial.clock.advance(trial.day(days).timestamp() + 1 - trial.clock.told)
    trial.start()
    trial.pass_time(5 * LEASE)
    return days + 1


@pytest.mark.extended
@pytest.mark.parametrize(("groups", "kills"), [(4, 4), (8, 100)])
def test_kills_at_random_times_lose_and_repeat_nothing(trial: Try, groups: int, kills: int) -> None:
    begun = trial(groups=groups)
    days = kill_at_random(begun, kills, Random(4))
    begun.judge("killed at random", kills, range(days))


def test_the_end_of_a_schedule_is_said_once_however_it_is_killed(trial: Try) -> None:
    begun = trial(groups=1)
    for line in ("/schedule remove 1", "/config afterwards stop", "/schedule add section daily 08:00"):
        begun.give(0, line)
    sections = 5
    begun.start("after record", passing=sections + 1)
    begun.until(begun.day(sections))
    assert begun.died()
    assert "ends with that" in begun.messages()[-1]["text"]
    begun.clock.advance(LEASE)
    begun.start()
    begun.pass_time(3 * DAY)
    assert ["ends with that" in each["text"] for each in begun.messages()] == [False] * sections + [True]
    assert begun.database.rows("SELECT paused FROM schedule WHERE number = 2") == [("everything was posted",)]
