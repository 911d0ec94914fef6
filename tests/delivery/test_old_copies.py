"""A database that is put back to an older copy does not make posts again."""

import pytest

from bot.operating.backup import back_up
from bot.operating.restore import restore
from tests.delivery.conftest import Try
from tests.delivery.moments import HOUR, LEASE


@pytest.mark.parametrize("hours", [0, pytest.param(3, marks=pytest.mark.extended)])
@pytest.mark.parametrize(
    "moment", [pytest.param("before anything is due", marks=pytest.mark.extended), "while a post is under way"]
)
def test_what_was_posted_since_the_copy_is_not_posted_again(trial: Try, hours: int, moment: str) -> None:
    begun = trial(groups=6)
    if moment == "before anything is due":
        begun.start()
        begun.until(begun.day(0), at_most=5)
        copy = begun.database.copy()
    else:
        begun.clock.advance(begun.day(0).timestamp() + 1 - begun.clock.told)
        begun.start("after choice", passing=2)
        assert begun.died()
        copy = begun.database.copy()
        begun.clock.advance(LEASE)
        begun.start()
    begun.pass_time(2 * LEASE)
    begun.worker.kill()
    assert begun.figures(range(1)).posted == 6
    begun.clock.advance(hours * HOUR + 1)
    begun.database.put_back(copy)
    begun.start()
    begun.pass_time(HOUR)
    begun.until(begun.day(2))
    begun.pass_time(LEASE)
    begun.judge(f"older copy {hours} h later, made {moment}", 1, range(3))


@pytest.mark.extended
def test_a_copy_that_is_days_old_repeats_no_post_and_no_prompt(trial: Try) -> None:
    begun = trial(groups=4)
    copy = begun.database.copy()
    begun.start()
    begun.until(begun.day(2))
    begun.pass_time(HOUR)
    begun.worker.kill()
    begun.database.put_back(copy)
    begun.start()
    begun.pass_time(HOUR)
    begun.judge("older copy of days ago", 1, range(3))


def test_a_backup_that_is_restored_repeats_no_post(trial: Try) -> None:
    begun = trial(groups=6)
    begun.start()
    begun.pass_time(60)
    file = back_up(begun.state, begun.folder / "copy.tar", begun.clock.now())
    begun.until(begun.day(0))
    begun.pass_time(2 * LEASE)
    begun.worker.kill()
    assert begun.figures(range(1)).posted == 6
    begun.clock.advance(HOUR)
    with file.open("rb") as stream:
        aside = restore(begun.state, stream, file.name, begun.clock.now()).aside
    assert aside
    assert begun.database.rows("SELECT count(*) FROM occurrence WHERE state = 'posted'") == [(0,)]
    begun.start()
    begun.pass_time(HOUR)
    begun.until(begun.day(2))
    begun.pass_time(LEASE)
    begun.judge("backup restored", 1, range(3))
