"""Targets that fail: nothing is lost or repeated, nobody else waits, and after an hour moderators are told once."""

import re

import pytest

from tests.delivery.conftest import Try
from tests.delivery.moments import HOUR, LEASE
from tests.delivery.trial import Trial

FAULTS = (
    ("drop after", 6),
    ("500 before", 3),
    *(
        pytest.param(how, times, marks=pytest.mark.extended)
        for how, times in (
            ("drop after", 1),
            ("drop before", 3),
            ("500 after", 2),
            ("502 after", 5),
            ("502 before", 2),
            ("nonsense", 1),
            ("403", 2),
            ("404", 2),
        )
    ),
)


def notices(trial: Trial) -> list[str]:
    return [row[0] for row in trial.database.rows("SELECT text FROM notice ORDER BY number")]


@pytest.mark.parametrize(("how", "times"), FAULTS)
def test_a_fault_of_one_target_loses_and_repeats_nothing(trial: Try, how: str, times: int) -> None:
    begun = trial()
    begun.steer(nonces_kept=0)
    begun.fail(0, "post", how, times)
    begun.start()
    begun.until(begun.day(0))
    begun.settle()
    posted = {each["channel"] for each in begun.messages() if each["at"] <= begun.day(0).timestamp() + 1}
    assert posted >= {f"g{number}" for number in range(1, begun.groups)}, "the others wait"
    begun.pass_time(HOUR)
    begun.until(begun.day(1))
    begun.pass_time(LEASE)
    begun.judge(f"target: {how}, {times} times", 1, range(2), allowed=HOUR)


def test_a_service_that_asks_to_wait_is_left_alone_so_long(trial: Try) -> None:
    begun = trial()
    begun.fail(0, "post", "429", times=1, seconds=900)
    begun.start()
    begun.until(begun.day(0))
    begun.pass_time(890)
    assert len(begun.messages()) == begun.groups - 1
    begun.pass_time(60)
    begun.judge("target: 429, wait 900 s", 1, range(1), allowed=960)


def test_a_group_that_hangs_does_not_make_others_wait(trial: Try) -> None:
    begun = trial()
    begun.fail(0, "post", "hang")
    begun.start()
    begun.reach(begun.day(0))
    begun.wait(lambda: len(begun.messages()) == begun.groups - 1, "the others have theirs")
    begun.wait(lambda: begun.service.seen()["hanging"] == 1, "one hangs")
    begun.clock.advance(31)
    begun.pass_time(120)
    assert len(begun.messages()) == begun.groups, "it is given up, and tried again"
    begun.release()
    begun.pass_time(HOUR)
    begun.judge("target: hangs, and posts in the end", 1, range(1), allowed=200)


def test_a_channel_for_notices_that_hangs_does_not_make_others_wait(trial: Try) -> None:
    begun = trial()
    begun.give(0, "/config notices log")
    begun.clock.advance(begun.day(1).timestamp() - HOUR - begun.clock.told)  # the first day is missed, and told
    begun.steer(faults={"log": [{"where": "any", "how": "hang", "times": 1}]})
    begun.start()
    begun.wait(lambda: begun.service.seen()["hanging"] == 1, "telling hangs")
    begun.clock.advance(HOUR + 1)
    begun.wait(lambda: len(begun.messages()) == begun.groups, "the others have their posts")


def test_a_target_that_fails_for_more_than_an_hour_pauses_its_schedule(trial: Try) -> None:
    begun = trial()
    begun.give(0, "/config notices log")
    begun.fail(0, "any", "403", times=-1)
    begun.start()
    begun.until(begun.day(0))
    begun.pass_time(3 * HOUR)
    tries = begun.service.seen()["counted"]["post"]
    begun.until(begun.day(1))
    begun.pass_time(LEASE)
    assert begun.service.seen()["counted"]["post"] == tries + begun.groups - 1, "a paused schedule posts nothing"
    assert notices(begun) == [
        "Schedule 1 is paused: the channel takes no posts from Kruzhok. When that is put right: /schedule resume 1"
    ]
    told = [each for each in begun.service.seen()["messages"] if each["channel"] == "log"]
    assert len(told) == 1
    assert "Schedule 1 is paused" in told[0]["text"]
    begun.judge("target: 403 for a day (the others)", 1, range(2), groups=range(1, begun.groups))
    begun.steer(faults={"g0": []})
    assert "goes on" in begun.give(0, "/schedule resume 1").title
    begun.until(begun.day(2))
    begun.pass_time(LEASE)
    assert [each["channel"] for each in begun.messages()].count("g0") == 1


@pytest.mark.extended
def test_the_last_try_may_have_got_through_after_all(trial: Try) -> None:
    begun = trial()
    begun.steer(nonces_kept=0)
    begun.steer(
        faults={
            "g0": [
                {"where": "post", "how": "drop before", "times": 60},
                {"where": "find", "how": "500 before", "times": 0},
            ]
        }
    )
    begun.start()
    begun.until(begun.day(0))
    begun.pass_time(50 * 60)
    begun.steer(faults={"g0": [{"where": "post", "how": "502 after", "times": 1}]})
    begun.pass_time(HOUR)
    assert notices(begun) == []
    begun.judge("target: unwell for 50 min, then lost answer", 1, range(1), allowed=2 * HOUR)


def test_a_channel_that_is_gone_does_not_keep_posts_from_the_one_chosen_instead(trial: Try) -> None:
    begun = trial(groups=2)
    begun.fail(0, "any", "404", times=-1)
    begun.start()
    begun.until(begun.day(0))
    begun.pass_time(20 * 60)
    begun.give(0, "/config channel elsewhere")
    begun.pass_time(HOUR)
    assert [each["channel"] for each in begun.messages()].count("elsewhere") == 1
    begun.judge("target: gone, another chosen", 1, range(1), allowed=HOUR)


@pytest.mark.parametrize(
    ("how", "times"), [("500 before", 3), pytest.param("drop after", 2, marks=pytest.mark.extended)]
)
def test_a_thread_is_tried_again_without_its_message(trial: Try, how: str, times: int) -> None:
    begun = trial()
    begun.steer(nonces_kept=0)
    begun.fail(0, "thread", how, times)
    begun.start()
    begun.until(begun.day(0))
    begun.settle()
    assert len(begun.messages()) == begun.groups, "the message does not wait for its thread"
    begun.pass_time(HOUR)
    assert all(each["thread"] for each in begun.messages())
    assert begun.service.seen()["counted"]["post"] == begun.groups
    begun.judge(f"thread: {how}, {times} times", 1, range(1))


@pytest.mark.extended
def test_a_thread_that_cannot_be_opened_is_told_and_pauses_nothing(trial: Try) -> None:
    begun = trial()
    begun.fail(0, "thread", "403", times=-1)
    begun.start()
    begun.until(begun.day(0))
    begun.pass_time(3 * HOUR)
    assert notices(begun) == [
        "The post of schedule 1 is there, but it has no thread: the channel takes no posts from Kruzhok."
    ]
    assert begun.database.rows("SELECT count(*) FROM schedule WHERE paused <> ''") == [(0,)]
    begun.until(begun.day(1))
    begun.pass_time(LEASE)
    begun.judge("thread: 403 for a day", 1, range(2))


@pytest.mark.extended
def test_a_post_that_gets_through_at_the_last_try_is_not_given_up_for_its_thread(trial: Try) -> None:
    begun = trial(groups=2)
    begun.steer(
        faults={
            "g0": [
                {"where": "post", "how": "500 before", "times": -1},
                {"where": "thread", "how": "403", "times": -1},
            ]
        }
    )
    begun.start()
    begun.until(begun.day(0))
    begun.pass_time(52 * 60)
    assert begun.database.rows("SELECT 1 FROM occurrence WHERE attempts >= 5 AND posted_at IS NULL")
    begun.steer(faults={"g0": [{"where": "thread", "how": "403", "times": -1}]})
    retry = (
        begun.database.rows("SELECT due_at FROM occurrence WHERE posted_at IS NULL AND due_at IS NOT NULL")[0][0] / 1000
    )
    late = begun.day(0).timestamp() + HOUR + 60
    if retry < late:  # that none of its tries comes before the hour is over
        begun.worker.kill()
        begun.clock.advance(late - begun.clock.told)
        begun.start()
    begun.pass_time(HOUR)
    assert [re.sub(" no thread.*", "", each) for each in notices(begun)] == [
        "The post of schedule 1 is there, but it has"
    ]
    begun.judge("thread: 403 at the last try", 1, range(1), allowed=2 * HOUR)


@pytest.mark.parametrize("where", ["any", pytest.param("thread", marks=pytest.mark.extended)])
def test_a_mistake_of_ours_is_not_tried_for_ever(trial: Try, where: str) -> None:
    begun = trial(groups=3)
    begun.steer(nonces_kept=0)
    begun.fail(0, where, "nonsense", times=-1)
    begun.start()
    begun.until(begun.day(0))
    begun.pass_time(4 * HOUR)
    tries = begun.service.seen()["counted"]
    assert len(notices(begun)) == 1
    assert "mistake of Kruzhok’s" in notices(begun)[0]
    begun.pass_time(4 * HOUR)
    assert begun.service.seen()["counted"] == tries
    begun.judge(f"{where}: an answer that makes no sense, for ever", 1, range(1))


@pytest.mark.extended
def test_a_thread_that_moderators_no_longer_want_is_not_tried_for_ever(trial: Try) -> None:
    begun = trial(groups=2)
    begun.fail(0, "thread", "500 before", times=-1)
    begun.start()
    begun.until(begun.day(0))
    begun.pass_time(60)
    begun.give(0, "/config threads off")
    begun.pass_time(HOUR / 2)
    assert begun.database.rows("SELECT count(*) FROM occurrence WHERE due_at IS NOT NULL") == [(0,)]
    begun.judge("thread: unwell, then not wanted", 1, range(1))


@pytest.mark.parametrize(
    "what", ["rule = 'never on sundays'", pytest.param("zone = 'Atlantis/City'", marks=pytest.mark.extended)]
)
def test_a_schedule_that_cannot_be_computed_keeps_nobody_waiting(trial: Try, what: str) -> None:
    begun = trial()
    begun.database.change(f"UPDATE schedule SET {what} WHERE group_id = 'fake:g0'")  # noqa: S608 - a constant
    begun.start()
    begun.until(begun.day(0))
    begun.pass_time(LEASE)
    assert begun.database.rows("SELECT group_id FROM schedule WHERE paused <> ''") == [("fake:g0",)]
    assert len(notices(begun)) == 1
    begun.until(begun.day(1))
    begun.pass_time(LEASE)
    begun.judge(f"target: a schedule whose {what.split()[0]} is damaged", 1, range(2), groups=range(1, begun.groups))
