"""Schedules that moderators change: one time skipped or moved, all of it paused, removed and brought back."""

import pytest

from bot.errors import UserError
from tests.features.conftest import Circle, local, said, times
from tests.features.schedules import THURSDAYS, line


async def test_one_time_is_skipped_and_that_is_undone(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    skipped = await circle.ask("/schedule skip 1")
    assert "does not post on Thursday 7 May 2026 19:00" in said(skipped)
    assert local(skipped)[0] == "2026-05-14 19:00"
    undone = await circle.press(skipped, "Undo")
    assert "Schedule 1 posts on Thursday 7 May 2026 19:00, as planned." in said(undone)
    assert local(undone)[:2] == ["2026-05-07 19:00", "2026-05-14 19:00"]
    assert not times(undone)[0].note
    await circle.ask("/schedule skip 1 which:2026-05-14")
    for day in ("07", "14", "21"):
        circle.clock.to(f"2026-05-{day} 19:00")
        await circle.deliver()
    assert len(circle.posts()) == 2
    assert "Thursday 14 May 2026 19:00: 1. prompt, skipped: skipped by a moderator" in said(
        await circle.ask("/schedule history")
    )


async def test_the_button_that_skips_does_not_skip_another_when_it_is_pressed_twice(circle: Circle) -> None:
    added = await circle.ask(THURSDAYS)
    await circle.press(added, "Skip the next")
    again = await circle.press(added, "Skip the next")
    assert local(again)[0] == "2026-05-14 19:00"


async def test_one_time_is_moved_moved_on_and_that_is_undone(circle: Circle) -> None:
    await circle.ask("/config timezone Europe/Paris")
    await circle.ask(THURSDAYS)
    moved = await circle.ask("/schedule move 1 2026-05-09 11:00")
    assert "posts on Saturday 9 May 2026 11:00 instead of Thursday 7 May 2026 19:00" in said(moved)
    assert times(moved)[0].note == "moved from Thursday 7 May 2026 19:00"
    on = await circle.ask("/schedule move 1 12:30 which:2026-05-09")
    assert "Saturday 9 May 2026 12:30 instead of Saturday 9 May 2026 11:00" in said(on)
    assert times(on)[0].note == "moved from Thursday 7 May 2026 19:00"
    back = await circle.press(on, "Undo")
    assert local(back)[0] == "2026-05-09 11:00"
    assert local(await circle.press(moved, "Undo"))[0] == "2026-05-07 19:00"
    await circle.press(back, "Undo")
    circle.clock.to("2026-05-07 17:00")
    assert await circle.deliver() == 0
    circle.clock.to("2026-05-09 10:30")
    assert await circle.deliver() == 1
    circle.clock.to("2026-05-14 17:00")
    assert await circle.deliver() == 1


async def test_a_time_that_the_clocks_leave_out_is_moved_and_put_back(circle: Circle) -> None:
    circle.clock.to("2026-03-28 12:00")
    await circle.ask("/config timezone Europe/Paris")
    await circle.ask("/schedule add quote daily 02:30")
    moved = await circle.ask("/schedule move 1 2026-03-29 12:00")
    assert "instead of Sunday 29 March 2026 03:30" in said(moved)
    assert "as planned" in said(await circle.press(moved, "Undo"))


async def test_the_log_says_which_time_was_moved_where(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    moved = await circle.ask("/schedule move 1 2026-05-09 11:00")
    await circle.press(moved, "Undo")
    await circle.ask("/schedule skip 1")
    lines = [each.partition(": ")[2] for each in said(await circle.ask("/config log")).splitlines()]
    assert lines[:3] == [
        "schedule 1, 2026-05-07 19:00: skipped by a moderator, by member terminal:mo",
        "schedule 1, 2026-05-07 19:00: as planned, by member terminal:mo",
        "schedule 1, 2026-05-07 19:00: moved to Saturday 9 May 2026 11:00, by member terminal:mo",
    ]


async def test_a_paused_schedule_rests_and_makes_up_for_nothing(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    paused = await circle.ask("/schedule pause")
    assert "What it misses is not made up for." in said(paused)
    assert "paused (by a moderator). To go on: /schedule resume 1" in await line(circle)
    for typed in ("pause 1", "skip 1", "move 1 20:00"):
        with pytest.raises(UserError, match="/schedule resume 1"):
            await circle.ask(f"/schedule {typed}")
    circle.clock.to("2026-05-08 12:00")
    assert await circle.deliver() == 0
    resumed = await circle.press(paused, "Resume")
    assert local(resumed)[0] == "2026-05-14 19:00"
    assert await circle.deliver() == 0
    circle.clock.to("2026-05-14 19:00")
    assert await circle.deliver() == 1


async def test_a_removed_schedule_comes_back_within_a_week_with_what_was_moved_and_skipped(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    await circle.ask("/schedule skip 1 2026-05-14")
    await circle.ask("/schedule move 1 2026-05-09 11:00")
    before = local(await circle.ask("/schedule preview")), await line(circle)
    removed = await circle.ask("/schedule remove")
    assert "Nothing is scheduled here" in said(await circle.ask("/schedule list"))
    assert "Nothing is scheduled here" in said(await circle.ask("/config timezone default"))
    resumed = await circle.press(removed, "Undo")
    assert local(resumed)[:2] == ["2026-05-09 11:00", "2026-05-21 19:00"]
    assert (local(await circle.ask("/schedule preview")), await line(circle)) == before
    circle.clock.to("2026-05-09 11:00")
    assert await circle.deliver() == 1


async def test_a_removed_schedule_posts_nothing_and_makes_up_for_nothing(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    await circle.ask("/schedule move 1 2026-05-06 11:00")
    removed = await circle.ask("/schedule remove 1")
    circle.clock.to("2026-05-07 20:00")
    assert await circle.deliver() == 0
    assert local(await circle.press(removed, "Undo"))[0] == "2026-05-14 19:00"
    assert await circle.deliver() == 0
    history = said(await circle.ask("/schedule history"))
    assert "Wednesday 6 May 2026 11:00: 1. prompt, skipped: the schedule was removed" in history


async def test_a_schedule_that_has_no_more_times_is_brought_back_all_the_same(circle: Circle) -> None:
    await circle.ask("/schedule add prompt 2026-05-07 19:00")
    circle.clock.to("2026-05-07 19:00")
    await circle.deliver()
    assert "no more times. To be rid of it: /schedule remove 1" in await line(circle)
    removed = await circle.ask("/schedule remove 1")
    assert "It has no more times." in said(await circle.press(removed, "Undo"))


async def test_numbers_are_not_given_anew_while_a_removed_schedule_can_come_back(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    await circle.ask("/schedule remove 1")
    assert (await circle.ask(THURSDAYS)).title == "Schedule 2 is set"
