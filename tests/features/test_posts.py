"""What schedules post: in order, none twice before all were used, and what comes after the last."""

from pathlib import Path

import pytest

from bot.errors import UserError
from bot.features.posts import KINDS, What
from bot.library.study import PROMPT_KINDS
from bot.reply import Question
from tests.features.conftest import Circle, said


async def run(circle: Circle, number: int, most: int) -> list[str]:
    """Run a schedule so often by hand, and return what was posted."""
    before = len(circle.posts())
    for _ in range(most):
        await circle.ask(f"/schedule run {number}")
    return circle.posts()[before:]


def test_what_is_posted_reads_back_as_it_was_written() -> None:
    for kind in KINDS:
        for section in (0, 3):
            for prompt_kind in ("", *PROMPT_KINDS):
                what = What(kind, section, prompt_kind)
                assert What.parse(str(what)) == what


async def test_prompts_come_in_the_readings_order_and_none_twice(circle: Circle) -> None:
    prompts = sorted((await circle.app.library.study("price-serge")).prompts, key=lambda each: each.passage.section)
    await circle.ask("/schedule add prompt daily 19:00")
    posted = await run(circle, 1, len(prompts))
    assert all(prompt.question in text for prompt, text in zip(prompts, posted, strict=True))
    (again,) = await run(circle, 1, 1)
    assert again.startswith("1. Introduction\n\nAll 56 prompts that fit have been used here; beginning again.")
    assert prompts[0].question in again
    (second,) = await run(circle, 1, 1)
    assert "beginning again" not in second


async def test_what_members_had_by_discuss_is_not_posted_before_the_rest(circle: Circle) -> None:
    prompts = (await circle.app.library.study("price-serge")).prompts
    had = set()
    for _ in range(20):
        pieces = (await circle.ask("/discuss", circle.member)).pieces
        had |= {piece.prompt.question for piece in pieces if isinstance(piece, Question)}
    await circle.ask("/schedule add prompt daily 19:00")
    posted = await run(circle, 1, len(prompts) - 20)
    assert not any(question in text for question in had for text in posted)
    assert len(set(posted)) == len(prompts) - 20
    assert "beginning again" in said(await circle.ask("/discuss", circle.member))


async def test_two_schedules_of_a_circle_do_not_post_the_same_prompt(circle: Circle) -> None:
    await circle.ask("/schedule add prompt daily 19:00")
    await circle.ask("/schedule add prompt daily 19:00")
    circle.clock.to("2026-05-01 19:00")
    assert await circle.deliver() == 2
    assert len(set(circle.posts())) == 2


async def test_prompts_are_of_the_kind_and_section_that_was_asked_for(circle: Circle) -> None:
    fitting = [
        each.question
        for each in (await circle.app.library.study("price-serge")).prompts
        if each.kind == "evaluative" and each.passage.section == 2
    ]
    await circle.ask("/schedule add prompt daily 19:00 section:2 kind:evaluative")
    posted = await run(circle, 1, len(fitting))
    assert all(question in text for question, text in zip(fitting, posted, strict=True))
    (again,) = await run(circle, 1, 1)
    assert "beginning again" in again


@pytest.mark.parametrize("what", ["section", "summary"])
async def test_sections_and_summaries_go_one_by_one_and_begin_again(circle: Circle, what: str) -> None:
    await circle.ask(f"/schedule add {what} daily 19:00")
    posted = await run(circle, 1, 6)
    assert [text[:2] for text in posted] == ["1.", "2.", "3.", "4.", "5.", "1."]
    assert "All 5 sections have been posted here; beginning again." in posted[5]
    assert not any("beginning again" in text for text in posted[:5])


async def test_sections_and_summaries_are_counted_apart(circle: Circle) -> None:
    await circle.ask("/schedule add section daily 19:00")
    await circle.ask("/schedule add summary daily 20:00")
    await run(circle, 1, 2)
    assert (await run(circle, 2, 1))[0].startswith("1.")


@pytest.mark.parametrize(
    ("what", "number", "said_last"),
    [
        ("section", 5, "All 5 sections of Victor Serge and the Russian Revolution have been posted here."),
        ("summary", 5, "All 5 sections of Victor Serge and the Russian Revolution have been posted here."),
        ("prompt", 56, "All 56 prompts of Victor Serge and the Russian Revolution have been posted here."),
    ],
)
async def test_where_it_was_chosen_a_schedule_says_so_and_stops(
    circle: Circle, what: str, number: int, said_last: str
) -> None:
    await circle.ask("/config afterwards stop")
    await circle.ask(f"/schedule add {what} daily 19:00")
    await run(circle, 1, number)
    assert said_last in said(await circle.ask("/schedule preview 1"))
    assert "Everything was used" in said(await circle.ask(f"/schedule add {what} daily 20:00"))
    await circle.ask("/schedule remove 2")
    circle.clock.to("2026-05-01 19:00")
    await circle.deliver()
    assert f"{said_last} This schedule ends with that." in circle.posts()[-1]
    assert "paused (everything was posted). To go on: /schedule resume 1" in said(await circle.ask("/schedule list"))
    circle.clock.to("2026-05-02 19:00")
    assert await circle.deliver() == 0
    with pytest.raises(UserError, match="To begin again: /config afterwards again, and then /schedule resume 1"):
        await circle.ask("/schedule resume 1")
    await circle.ask("/config afterwards again")
    await circle.ask("/schedule resume 1")
    circle.clock.to("2026-05-03 19:00")
    await circle.deliver()
    assert "beginning again" in circle.posts()[-1]


async def test_quotes_are_of_their_section_and_none_comes_twice_before_the_rest(circle: Circle) -> None:
    await circle.ask("/schedule add quote daily 08:00 section:5")
    posted = await run(circle, 1, 6)
    assert len(set(posted)) == 6
    assert all("(§ 5)" in text for text in posted)


async def test_a_post_quotes_word_for_word(circle: Circle) -> None:
    source = (Path(__file__).parents[2] / "data" / "price-serge" / "source.txt").read_text("utf-8")
    for what in ("prompt", "quote", "section"):
        await circle.ask(f"/schedule add {what} daily 19:00")
    for number in (1, 2, 3):
        for text in await run(circle, number, 3):
            quoted = next(line.strip() for line in text.splitlines() if line.startswith("    “"))
            assert quoted[1:-1].replace(" [sic]", "") in source


@pytest.mark.parametrize("section", ["9", "nothing of this name"])
async def test_of_a_section_that_there_is_not_nothing_is_scheduled(circle: Circle, section: str) -> None:
    with pytest.raises(UserError, match="There is no section"):
        await circle.ask(f"/schedule add quote daily 08:00 section:{section.replace(' ', '')}")


async def test_what_fits_no_prompt_is_refused_with_where_they_are(circle: Circle) -> None:
    first, *_ = [each for each in (await circle.app.library.study("price-serge")).prompts if each.kind == "factual"]
    for prompt in (await circle.app.library.study("price-serge")).prompts:
        if prompt.kind == "factual":
            await circle.ask(f"/prompts disable {prompt.id}")
    with pytest.raises(UserError, match=r"no prompts that are all of that. /prompts list shows"):
        await circle.ask("/schedule add prompt daily 19:00 kind:factual")
    await circle.ask(f"/prompts enable {first.id}")
    await circle.ask("/schedule add prompt daily 19:00 kind:factual")


async def test_a_late_post_says_so(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    circle.clock.to("2026-05-07 20:00")
    await circle.deliver()
    assert "Late: planned for Thursday 7 May 2026 19:00." in circle.posts()[0]


async def test_buttons_of_a_post_can_be_asked(circle: Circle) -> None:
    for what in KINDS:
        await circle.ask(f"/schedule add {what} daily 19:00")
    for schedule in await circle.app.timetable.schedules(circle.moderator):
        made = await circle.app.timetable.preview(circle.moderator, schedule.number)
        for action in made.actions:
            circle.app.commands.parse(action.line)
    for typed in ("read 1", "summary 1", "discuss section:1", "quote section:5"):
        assert (await circle.ask(f"/{typed}", circle.member)).title
