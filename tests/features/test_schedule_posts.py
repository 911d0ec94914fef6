"""What schedules posted: run by hand, failed and told, and remembered in the history."""

from pathlib import Path

import pytest

from bot.errors import DeliveryFailed, Refused
from bot.platforms.terminal.room import Room
from bot.posting import Post, Receipt, Target
from tests.features.conftest import Circle, said
from tests.features.schedules import THURSDAYS, line, question


async def test_what_is_run_by_hand_is_posted_now_and_used_up(circle: Circle) -> None:
    first = question(await circle.ask(THURSDAYS))
    run = await circle.ask("/schedule run")
    assert said(run) == "Posted in the terminal."
    assert first in circle.posts()[0]
    assert question(await circle.ask("/schedule preview")) != first
    assert "next Thursday 7 May 2026 19:00" in await line(circle)


async def test_a_run_that_does_not_count_uses_nothing_up(circle: Circle) -> None:
    first = question(await circle.ask("/schedule add prompt thursdays 19:00 5 times"))
    await circle.ask("/schedule run 1 counted:no")
    assert first in circle.posts()[0]
    assert question(await circle.ask("/schedule preview")) == first
    assert "thursdays 19:00 5 times" in await line(circle)
    circle.clock.to("2026-05-07 19:00")
    await circle.deliver()
    assert first in circle.posts()[1]


async def test_a_run_that_counts_leaves_one_time_less(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00 3 times")
    await circle.ask("/schedule run")
    assert "thursdays 19:00 2 times" in await line(circle)
    for day in ("07", "14", "21", "28"):
        circle.clock.to(f"2026-05-{day} 19:00")
        await circle.deliver()
    assert len(circle.posts()) == 3
    assert "no more times" in await line(circle)


async def test_the_only_time_that_is_run_by_hand_does_not_come_again(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00 1 time")
    await circle.ask("/schedule run")
    assert "no more times" in await line(circle)
    circle.clock.to("2026-05-07 19:00")
    assert await circle.deliver() == 0
    assert len(circle.posts()) == 1


async def test_a_paused_schedule_can_be_run_by_hand(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    await circle.ask("/schedule pause")
    assert (await circle.ask("/schedule run")).title == "Posted"
    assert "paused" in await line(circle)


class Broken(Room):
    """A room that takes no post."""

    async def post(self, target: Target, post: Post, key: str) -> Receipt:
        """Refuse."""
        raise DeliveryFailed("the room is closed")


async def test_the_list_shows_what_failed_and_each_notice_once(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    circle.room = Broken(circle.folder)
    circle.clock.to("2026-05-07 19:00")
    await circle.deliver()
    shown = await line(circle)
    assert "next Thursday 14 May 2026 19:00; the last post failed and is tried again: the room is closed" in shown
    for _ in range(20):
        circle.clock.wait(minutes=11)
        await circle.deliver()
    first = said(await circle.ask("/schedule list"))
    assert "New since you last looked\nSchedule 1 is paused: the room is closed." in first
    assert "1. prompt, thursdays 19:00 (UTC): paused (the room is closed). To go on: /schedule resume 1" in first
    assert "New since you last looked" not in said(await circle.ask("/schedule list"))
    assert "not posted: the room is closed" in said(await circle.ask("/schedule history"))
    circle.room = Room(circle.folder)
    await circle.ask("/schedule resume 1")
    circle.clock.to("2026-05-14 19:00")
    assert await circle.deliver() == 1


async def test_a_run_that_fails_says_why_and_is_tried_again(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    circle.app.places.add(Broken(circle.folder))
    answer = await circle.ask("/schedule run")
    assert answer.title == "Not posted yet"
    assert "It could not be posted: the room is closed. It is tried again for an hour" in said(answer)
    circle.clock.wait(minutes=1)
    await circle.deliver()
    assert len(circle.posts()) == 1


async def test_where_nothing_can_be_posted_nothing_is_scheduled_or_resumed(circle: Circle, tmp_path: Path) -> None:
    await circle.ask(THURSDAYS)
    await circle.ask("/schedule pause")
    circle.app.places.add(Room(tmp_path / "nowhere"))
    for typed in ("add prompt thursdays 19:00", "resume 1", "run 1"):
        with pytest.raises(Refused, match="cannot be written"):
            await circle.ask(f"/schedule {typed}")


async def test_the_history_says_what_was_posted_where_and_when(circle: Circle) -> None:
    await circle.ask("/config timezone Europe/Paris")
    await circle.ask(THURSDAYS)
    await circle.ask("/schedule add section daily 08:00")
    circle.clock.to("2026-05-07 17:00")
    await circle.deliver()
    entries = said(await circle.ask("/schedule history")).splitlines()
    assert entries[0] == "Thursday 7 May 2026 19:00: 1. prompt (if-anything), posted in the terminal."
    assert any("2. section, missed: Kruzhok was not running" in each for each in entries)
    await circle.ask("/schedule remove 1")
    circle.clock.wait(days=8)
    await circle.app.upkeep.forget()
    assert "a schedule that was removed (if-anything)" in said(await circle.ask("/schedule history"))


class Linked(Room):
    """A room whose posts have addresses."""

    async def post(self, target: Target, post: Post, key: str) -> Receipt:
        """Give an address with the receipt."""
        receipt = await super().post(target, post, key)
        return Receipt(receipt.channel, receipt.message, f"https://example.org/{key}")


async def test_the_history_links_to_what_was_posted(circle: Circle) -> None:
    circle.app.places.add(Linked(circle.folder))
    await circle.ask(THURSDAYS)
    run = said(await circle.ask("/schedule run"))
    address = run.split()[-1]
    assert address.startswith("https://example.org/")
    assert address in said(await circle.ask("/schedule history"))


async def test_the_history_is_turned_by_pages(circle: Circle) -> None:
    await circle.ask("/schedule add quote daily 08:00")
    for _ in range(21):
        await circle.ask("/schedule run")
        circle.clock.wait(minutes=1)
    first = await circle.ask("/schedule history")
    assert len(said(first).splitlines()) == 20
    last = await circle.press(first, "Earlier")
    assert len(said(last).splitlines()) == 1
    assert await circle.press(last, "Later") == first
