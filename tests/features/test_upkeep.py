"""What is forgotten, and at which age: each is there just before, and gone just after."""

import sqlite3
from contextlib import AsyncExitStack, closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.features.upkeep import Upkeep
from bot.store.button_lines import ButtonLines
from bot.store.changes import Changes
from bot.store.chosen import Chosen
from bot.store.groups import Groups
from bot.store.inbox import Inbox
from bot.store.notices import Notices
from bot.store.occurrences import Occurrences
from bot.store.outbox import Outbox
from bot.store.schedules import Schedules
from bot.store.state import FILE, open_state
from tests.features.conftest import SERVER, Circle, Clock, said
from tests.features.test_privacy import Broken

INSTANT = timedelta(milliseconds=1)


def count(circle: Circle, table: str) -> int:
    """Return how many rows a table has."""
    with closing(sqlite3.connect(circle.folder / FILE)) as connection:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - of this file


async def kept_for(circle: Circle, table: str, age: timedelta) -> None:
    """Check that what is in a table now is kept to an age, and no longer."""
    before = count(circle, table)
    assert before
    circle.clock.time += age
    await circle.app.upkeep.forget()
    assert count(circle, table) == before
    circle.clock.time += INSTANT
    await circle.app.upkeep.forget()
    assert count(circle, table) == 0


async def test_changes_are_kept_for_90_days(circle: Circle) -> None:
    await circle.ask("/config timezone Europe/Paris")
    await kept_for(circle, "change", timedelta(days=90))
    assert "Nothing was changed" in said(await circle.ask("/config log"))
    assert "timezone: Europe/Paris (chosen here)" in said(await circle.ask("/config show"))


async def test_a_removed_schedule_is_kept_for_a_week(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    await circle.ask("/schedule remove 1")
    await kept_for(circle, "schedule", timedelta(days=7))


async def test_a_schedule_is_kept_for_good(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    await circle.ask("/schedule pause 1")
    circle.clock.wait(days=2000)
    await circle.app.upkeep.forget()
    assert count(circle, "schedule") == 1


async def test_past_posts_are_kept_for_400_days(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    await circle.ask("/schedule run")
    await kept_for(circle, "occurrence", timedelta(days=400))
    assert "Nothing was posted here yet." in said(await circle.ask("/schedule history"))


async def test_what_was_moved_is_not_forgotten_before_it_is_posted(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    await circle.ask("/schedule move 1 2026-05-09 11:00")
    await circle.app.upkeep.forget()
    circle.clock.to("2026-05-09 11:00")
    assert await circle.deliver() == 1


async def test_notices_are_kept_until_90_days_after_they_were_read(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    circle.clock.to("2026-05-07 19:00")
    for _ in range(20):
        await circle.app.delivery.deliver_due(Broken(circle.folder))
        circle.clock.wait(minutes=11)
    circle.clock.wait(days=1000)
    await circle.app.upkeep.forget()
    assert count(circle, "notice") == 1, "nobody has read it"
    await circle.ask("/schedule list")
    await kept_for(circle, "notice", timedelta(days=90))


async def test_lines_of_buttons_are_kept_for_a_year(circle: Circle) -> None:
    await circle.app.button_lines.keep(["quote Cheka after:7.2"], circle.clock())
    await kept_for(circle, "button_line", timedelta(days=365))


async def test_a_group_is_forgotten_30_days_after_kruzhok_was_removed(circle: Circle) -> None:
    for who in (circle.moderator, circle.beside, circle.elsewhere):
        await circle.app.groups.seen(who.group, who.server)
        await circle.ask("/schedule add prompt thursdays 19:00", who)
        await circle.ask("/discuss", who)
    await circle.ask("/config timezone Europe/Paris scope:server")
    await circle.app.groups.left([SERVER], circle.clock())
    circle.clock.wait(days=30)
    await circle.app.upkeep.forget()
    assert await circle.app.groups.everything("terminal:a")
    assert await circle.app.groups.everything(SERVER)
    circle.clock.time += INSTANT
    await circle.app.upkeep.forget()
    for scope in ("terminal:a", "terminal:b", SERVER):
        assert await circle.app.groups.everything(scope) == {}
    assert set(await circle.app.groups.everything("terminal:c")) == {"known_group", "schedule", "given", "change"}


async def test_a_group_that_invites_kruzhok_again_within_30_days_keeps_everything(circle: Circle) -> None:
    await circle.app.groups.seen("terminal:a", SERVER)
    await circle.ask("/schedule add prompt thursdays 19:00")
    await circle.app.groups.left([SERVER], circle.clock())
    circle.clock.wait(days=29)
    await circle.app.groups.joined([SERVER])
    circle.clock.wait(days=29)
    await circle.app.upkeep.forget()
    assert "1. prompt" in said(await circle.ask("/schedule list"))


class Enough(Exception):
    """Ends what goes on until it is cancelled."""


class FullDisk(Changes):
    """Changes that cannot be deleted the first time."""

    tried = 0

    async def forget_before(self, time: datetime) -> None:
        """Fail once."""
        self.tried += 1
        if self.tried == 1:
            raise OSError("the disk is full")
        await super().forget_before(time)


@pytest.mark.goes_wrong
async def test_what_goes_wrong_one_day_is_tried_again_the_next(tmp_path: Path) -> None:
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 2:
            raise Enough

    async with AsyncExitStack() as stack:
        state = await open_state(stack, tmp_path)
        schedules, changes, clock = Schedules(state, "2026a"), FullDisk(state), Clock()
        occurrences = Occurrences(state, schedules)
        lines, groups = ButtonLines(state), Groups(state, Chosen(state, schedules, lambda: 0.0))
        await lines.keep(["quote Cheka"], clock() - timedelta(days=366))
        notices, inbox, outbox = Notices(state), Inbox(state), Outbox(state)
        upkeep = Upkeep(changes, notices, occurrences, schedules, groups, lines, inbox, outbox, clock, sleep)
        with pytest.raises(Enough):
            await upkeep.run()
        assert (changes.tried, waited) == (2, [86_400.0, 86_400.0])
        assert await state.all("SELECT * FROM button_line") == []
