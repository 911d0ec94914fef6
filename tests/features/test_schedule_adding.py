"""Moderators' schedules: added and shown, or refused with what can be done; each circle has its own."""

import pytest

from bot.errors import UserError
from bot.features.schedule import MOST
from bot.reply import Quote
from tests.features.conftest import Circle, local, said
from tests.features.schedules import THURSDAYS, line, question


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
