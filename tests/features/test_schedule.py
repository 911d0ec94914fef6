"""Moderators' schedules: added, shown, skipped, moved, paused, removed and brought back, run, and remembered."""

import json
from pathlib import Path

import pytest

from bot.errors import DeliveryFailed, Refused, UserError
from bot.features.schedule import MOST
from bot.platforms.terminal.answer import as_json
from bot.platforms.terminal.room import Room
from bot.posting import Post, Receipt, Target
from bot.reply import Question, Quote, Reply
from tests.features.conftest import Circle, local, said, times

THURSDAYS = "/schedule add prompt thursdays 19:00"


def question(reply: Reply) -> str:
    """Return the question that an answer shows."""
    return next(piece.prompt.question for piece in reply.pieces if isinstance(piece, Question))


async def line(circle: Circle, number: int = 1) -> str:
    """Return how the list shows a schedule."""
    lines = said(await circle.ask("/schedule list")).splitlines()
    return next(each for each in lines if each.startswith(f"{number}. "))


@pytest.mark.parametrize(
    ("what", "confirmed", "posted"),
    [
        ("prompt", "prompt, thursdays", "Victor Serge is admired"),
        ("prompts", "prompt, thursdays", "Victor Serge is admired"),
        ("quote", "quote, thursdays", "“"),
        ("summary", "summary, thursdays", "1. Introduction"),
        ("summaries", "summary, thursdays", "1. Introduction"),
        ("section", "section, thursdays", "Section 1 of 5"),
    ],
)
async def test_each_kind_of_post_is_scheduled_shown_and_posted(
    circle: Circle, what: str, confirmed: str, posted: str
) -> None:
    added = await circle.ask(f"/schedule add {what} thursdays 19:00")
    assert added.title == "Schedule 1 is set"
    assert confirmed in said(added)
    assert "in the terminal" in said(added)
    assert local(added) == [f"2026-{day} 19:00" for day in ("05-07", "05-14", "05-21", "05-28", "06-04")]
    preview = await circle.ask("/schedule preview")
    assert preview.title != "Preview"
    circle.clock.to("2026-05-07 19:00")
    assert await circle.deliver() == 1
    (text,) = circle.posts()
    assert posted in text
    assert not text.startswith("Late")


async def test_what_is_added_says_what_would_be_posted_next(circle: Circle) -> None:
    added = await circle.ask(THURSDAYS)
    shown = question(added)
    assert question(await circle.ask("/schedule preview")) == shown
    circle.clock.to("2026-05-07 19:00")
    await circle.deliver()
    assert shown in circle.posts()[0]
    assert question(await circle.ask("/schedule preview")) != shown


async def test_of_quotes_it_says_that_they_are_left_to_chance(circle: Circle) -> None:
    added = await circle.ask("/schedule add quote daily 08:00")
    assert "left to chance" in said(added)
    assert any(isinstance(piece, Quote) for piece in added.pieces)


async def test_until_a_zone_is_chosen_it_says_that_times_are_utc(circle: Circle) -> None:
    assert "until /config timezone says otherwise" in said(await circle.ask(THURSDAYS))
    await circle.ask("/config timezone Europe/Paris")
    assert "says otherwise" not in said(await circle.ask(THURSDAYS))


async def test_what_is_read_does_not_depend_on_where_names_stand(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00 kind:evaluative section:2")
    await circle.ask("/schedule add section:2 prompt KIND:Evaluative thursdays 19:00")
    await circle.ask("/schedule add thursdays 19:00 section:2 kind:evaluative what:prompt")
    lines = [(await line(circle, number)).split(". ", 1)[1] for number in (1, 2, 3)]
    assert set(lines) == {
        "prompt section:2 kind:evaluative, thursdays 19:00 (UTC): next Thursday 7 May 2026 19:00",
    }


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("add", "needs what: prompt, quote, summary or section"),
        ("add prompt", "needs when: Such as thursdays 19:00"),
        ("add thursdays 19:00", "“thursdays” cannot be scheduled. Choose one of prompt, quote, summary, section"),
        ("add poll thursdays 19:00", "Choose one of prompt"),
        ("add prompt thursdays", "Say at what time as well, like 19:00"),
        ("add prompt thursday 19:00", "Once, or every week"),
        ("add prompt thursdays 7pm", "00:00 to 23:59"),
        ("add prompt 2026-04-24 19:00", "is past"),
        ("add prompt hourly", "Nothing comes more often than daily"),
        ("add prompt thursdays 19:00 kind:funny", "There is no kind “funny”"),
        ("add prompt thursdays 19:00 section:9", "There is no section “9”"),
        ("add quote thursdays 19:00 kind:factual", "Only prompts have a kind"),
        ("add summary thursdays 19:00 section:2", "goes through all sections one by one"),
        ("add section thursdays 19:00 section:2", "goes through all sections one by one"),
        ("add prompt thursdays 19:00 Europe/Paris", "Leave out “europe/paris”"),
        ("preview", "Nothing is scheduled here"),
        ("pause 1", "Nothing is scheduled here"),
        ("history page:2", "There is only page 1"),
        ("fly", "/help schedule lists them all"),
    ],
)
async def test_what_cannot_be_scheduled_is_refused_with_what_can(circle: Circle, typed: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        await circle.ask(f"/schedule {typed}")
    assert await circle.app.groups.everything("terminal:a") == {}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("pause 9", "There is no schedule 9. There is 1"),
        ("pause one", "number is a whole number"),
        ("resume 1", "neither paused nor removed"),
        ("resume 9", "There is no schedule 9"),
        ("skip 1 2026-05-08", "Its next days are: 2026-05-07, 2026-05-14, 2026-05-21"),
        ("skip 1 soon", "“soon” is not a day"),
        ("move 1", "needs to: The new day and time"),
        ("move 1 25:00", "There is no 2026-05-07 25:00"),
        ("move 1 2026-02-30 10:00", "There is no 2026-02-30 10:00"),
        ("move 1 2026-04-30 10:00", "2026-04-30 10:00 is past"),
        ("move 1 2027-05-30 10:00", "more than a year from now"),
        ("move 1 tomorrow", "Write it like 2026-12-04 20:00, or only 20:00"),
        ("run 1 perhaps", "counted is yes or no"),
    ],
)
async def test_what_cannot_be_done_with_a_schedule_is_refused(circle: Circle, typed: str, sentence: str) -> None:
    await circle.ask(THURSDAYS)
    before = await circle.app.groups.everything("terminal:a")
    with pytest.raises(UserError, match=sentence):
        await circle.ask(f"/schedule {typed}")
    assert await circle.app.groups.everything("terminal:a") == before


async def test_a_circle_has_at_most_25_schedules(circle: Circle) -> None:
    for _ in range(MOST):
        await circle.ask("/schedule add quote daily 08:00")
    with pytest.raises(UserError, match=r"at most 25 schedules. Remove one first"):
        await circle.ask(THURSDAYS)
    await circle.ask(THURSDAYS, circle.beside)
    await circle.ask("/schedule remove 3")
    await circle.ask(THURSDAYS)
    with pytest.raises(UserError, match=r"at most 25 schedules. Remove another first"):
        await circle.ask("/schedule resume 3")


async def test_the_clock_changes_of_paris_are_marked(circle: Circle) -> None:
    circle.clock.to("2026-03-25 12:00")
    await circle.ask("/config timezone Europe/Paris")
    spring = times(await circle.ask("/schedule add quote daily 02:30"))
    notes = {f"{time.at:%m-%d %H:%M}": time.note for time in spring}
    assert list(notes) == ["03-26 02:30", "03-27 02:30", "03-28 02:30", "03-29 03:30", "03-30 02:30"]
    assert "02:30 does not exist that day, posted at 03:30" in notes["03-29 03:30"]
    circle.clock.to("2026-10-22 12:00")
    autumn = times(await circle.ask("/schedule add quote daily 02:30"))
    marked = {f"{time.at:%m-%d}": time.note for time in autumn if time.note}
    assert "02:30 comes twice, posted at the first" in marked["10-25"]
    assert {f"{time.at:%H:%M}" for time in autumn} == {"02:30"}
    assert "clocks went back" in marked["10-26"] or "10-26" not in marked


async def test_a_weekly_time_says_that_the_clocks_changed_before_it(circle: Circle) -> None:
    circle.clock.to("2026-10-20 12:00")
    await circle.ask("/config timezone Europe/Paris")
    first, second, *_ = times(await circle.ask(THURSDAYS))
    assert not first.note
    assert "clocks went back 1 h on 25 October" in second.note


async def test_times_are_given_to_scripts_as_utc_local_and_note(circle: Circle) -> None:
    circle.clock.to("2026-12-01 12:00")
    await circle.ask("/config timezone Europe/Paris")
    answer = json.loads(as_json(await circle.ask("/schedule add prompt 2026-12-08 18:30")))
    assert answer["occurrences"] == [{"utc": "2026-12-08T17:30:00Z", "local": "2026-12-08 18:30", "note": ""}]


ZONES = [("Europe/Paris", "17:00"), ("Asia/Tokyo", "10:00"), ("America/New_York", "23:00"), ("Asia/Kathmandu", "13:15")]


@pytest.mark.parametrize(("name", "utc"), ZONES)
async def test_times_stay_on_the_wall_clock_when_the_zone_changes(circle: Circle, name: str, utc: str) -> None:
    await circle.ask(THURSDAYS)
    changed = await circle.ask(f"/config timezone {name}")
    assert f"Next prompt: Thursday 7 May 2026 19:00, {name}." in said(changed)
    circle.clock.to(f"2026-05-07 {utc}")
    circle.clock.wait(minutes=-1)
    assert await circle.deliver() == 0
    circle.clock.wait(minutes=1)
    assert await circle.deliver() == 1
    back = await circle.press(changed, "Undo")
    assert "UTC now" in said(back)


async def test_nothing_that_is_past_elsewhere_becomes_due_when_the_zone_changes(circle: Circle) -> None:
    await circle.ask("/schedule add quote daily 08:00")
    circle.clock.to("2026-05-01 03:00")
    changed = await circle.ask("/config timezone Asia/Tokyo")  # where it is noon
    assert "Next quote: Saturday 2 May 2026 08:00, Asia/Tokyo." in said(changed)
    assert await circle.deliver() == 0
    circle.clock.to("2026-05-01 23:00")
    assert await circle.deliver() == 1
    await circle.ask("/config timezone America/New_York")  # where it is still the evening of 1 May
    assert await circle.deliver() == 0
    assert "next Saturday 2 May 2026" not in await line(circle), "it had that one"
    circle.clock.to("2026-05-03 12:00")
    assert await circle.deliver() == 1


async def test_a_channels_own_zone_wins_over_its_servers(circle: Circle) -> None:
    await circle.ask("/config timezone Europe/Paris")
    for who in (circle.moderator, circle.beside, circle.elsewhere):
        await circle.ask(THURSDAYS, who)
    await circle.ask("/config timezone Asia/Tokyo scope:server")
    shown = [said(await circle.ask("/schedule list", who)) for who in (circle.moderator, circle.beside)]
    assert "(Europe/Paris): next Thursday 7 May 2026 19:00" in shown[0]
    assert "(Asia/Tokyo): next Thursday 7 May 2026 19:00" in shown[1]
    assert "(UTC)" in said(await circle.ask("/schedule list", circle.elsewhere))
    await circle.ask("/config timezone default")
    assert "(Asia/Tokyo)" in await line(circle)


async def test_what_was_moved_keeps_its_wall_clock_too_when_the_zone_changes(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    await circle.ask("/schedule move 1 2026-05-08 20:30")
    assert "Friday 8 May 2026 20:30, Europe/Paris" in said(await circle.ask("/config timezone Europe/Paris"))
    circle.clock.to("2026-05-08 18:29")
    assert await circle.deliver() == 0
    circle.clock.wait(minutes=1)
    assert await circle.deliver() == 1


async def test_what_was_moved_to_a_time_that_is_past_elsewhere_is_posted_when_it_was_meant(circle: Circle) -> None:
    await circle.ask(THURSDAYS)
    await circle.ask("/schedule move 1 2026-05-01 04:00")
    circle.clock.to("2026-05-01 03:00")
    await circle.ask("/config timezone Asia/Tokyo")  # where it is noon
    assert await circle.deliver() == 0
    circle.clock.to("2026-05-01 04:00")
    assert await circle.deliver() == 1


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


NUMBERED = ["preview 1", "pause 1", "resume 1", "skip 1", "move 1 20:00", "run 1", "remove 1"]


@pytest.mark.parametrize("typed", NUMBERED)
async def test_a_schedule_of_another_circle_is_not_reached_by_its_number(circle: Circle, typed: str) -> None:
    await circle.ask(THURSDAYS)
    before = await circle.app.groups.everything("terminal:a")
    for who in (circle.beside, circle.elsewhere):
        with pytest.raises(UserError, match="Nothing is scheduled here"):
            await circle.ask(f"/schedule {typed}", who)
        assert "Nothing was posted here yet." in said(await circle.ask("/schedule history", who))
    assert await circle.app.groups.everything("terminal:a") == before
    assert await circle.app.groups.everything("terminal:b") == {}


async def test_every_button_of_a_moderators_answer_does_something(circle: Circle) -> None:
    seen: set[str] = set()
    await circle.ask("/schedule add prompt daily 19:00")
    await circle.ask("/schedule add summary daily 19:00")
    waiting = [f"{each.name} 2" if "schedule" in each.name else each.name for each in circle.app.commands.all]
    waiting = [each for each in waiting if each.split()[0] in ("config", "schedule", "prompts")]
    waiting += ["prompts add Who rebelled at Kronstadt, and why?", "prompts disable if-anything"]
    waiting += ["config timezone Europe/Paris", "config off quote", "schedule move 1 20:00", "schedule skip 1"]
    waiting += ['config import {length = "sentence"}', "schedule add quote weekdays 12:00"]
    while waiting and len(seen) < 200:
        typed = waiting.pop()
        if typed in seen:
            continue
        seen.add(typed)
        try:
            reply = await circle.ask(f"/{typed}")
        except UserError:
            continue
        for action in reply.actions:
            if not action.line.startswith(("schedule", "config", "prompts")):
                continue
            found, _ = circle.app.commands.parse(f"/{action.line}")
            assert action.label
            assert found.for_moderators
            if action.label in ("Undo", "Resume", "Preview", "Apply", "Set aside"):
                waiting += [each.line for each in (await circle.ask(f"/{action.line}")).actions]
    assert len(seen) > 40
