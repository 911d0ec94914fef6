"""A group's own prompts, beside the reading's; and those that are set aside."""

import pytest

from bot.errors import UserError
from bot.features.prompts import LONGEST, MOST
from bot.reading import Prompt
from bot.reply import Question, Reply
from tests.features.conftest import Circle, said

OWN = "What should our union do about it?"


def prompt_of(reply: Reply) -> Prompt:
    """Return the prompt that an answer gives."""
    return next(piece.prompt for piece in reply.pieces if isinstance(piece, Question))


async def test_an_own_prompt_starts_from_the_passage_that_is_named(circle: Circle) -> None:
    added = await circle.ask(f"/prompts add {OWN} passage:7.2-3")
    prompt = prompt_of(added)
    assert (prompt.id, prompt.question, str(prompt.passage.address.place)) == ("+1", OWN, "7.2-3")
    paragraph = await circle.app.library.paragraph("price-serge", 7)
    assert prompt.passage.text == paragraph.text[paragraph.spans[1][0] : paragraph.spans[2][1]]
    assert "Prompt +1 is given by /discuss and by schedules from now on." in said(added)


async def test_an_own_prompt_starts_from_the_passage_that_answers_it_best(circle: Circle) -> None:
    prompt = prompt_of(await circle.ask("/prompts add Why did the sailors of Kronstadt rebel?"))
    assert "Kronstadt" in prompt.passage.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("add", "needs question"),
        ("add Why?", "8 to 500 characters; this has 4"),
        (f"add {'x ' * LONGEST}", "8 to 500 characters"),
        ("add What about xylophones and zithers", r"passage:7.2 \(/search finds it\)"),
        (f"add {OWN} passage:99.2", "the reading has ¶ 1 to ¶ 23"),
        (f"add {OWN} passage:7.99", "¶ 7 has sentences 1 to 5"),
        (f"add {OWN} passage:7.3-2", "¶ 7 has sentences 1 to 5"),
        (f"add {OWN} passage:x", "“x” is not a place in a reading. Write it like 7.2 or 7.2-3.$"),
        ("disable", "needs prompt"),
        ("disable +1", "There is no prompt “\\+1”. /prompts list names them all"),
        ("enable nothing", "There is no prompt “nothing”"),
        ("list page:9", "There are pages 1 to 3"),
    ],
)
async def test_what_is_no_prompt_is_refused_with_what_is(circle: Circle, typed: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        await circle.ask(f"/prompts {typed}")
    assert await circle.app.groups.everything("terminal:a") == {}


async def test_an_own_prompt_is_given_and_posted_beside_the_readings(circle: Circle) -> None:
    await circle.ask(f"/prompts add {OWN} passage:1.1")
    there = len((await circle.app.library.study("price-serge")).prompts)
    given = [prompt_of(await circle.ask("/discuss", circle.member)).question for _ in range(there + 1)]
    assert given.count(OWN) == 1
    assert len(set(given)) == there + 1
    for name in (await circle.app.library.study("price-serge")).prompts:
        await circle.ask(f"/prompts disable {name.id}", circle.beside)
    await circle.ask(f"/prompts add {OWN} passage:1.1", circle.beside)
    await circle.ask("/schedule add prompt thursdays 19:00", circle.beside)
    await circle.ask("/schedule run", circle.beside)
    assert OWN in circle.posts("terminal:b")[0]


async def test_another_circle_does_not_have_it(circle: Circle) -> None:
    await circle.ask(f"/prompts add {OWN} passage:1.1")
    assert OWN not in said(await circle.ask("/prompts list", circle.beside))
    with pytest.raises(UserError, match="There is no prompt"):
        await circle.ask("/prompts disable +1", circle.beside)


async def test_a_prompt_that_is_set_aside_is_neither_given_nor_posted(circle: Circle) -> None:
    first, second, *_ = (await circle.app.library.study("price-serge")).prompts
    aside = await circle.ask(f"/prompts disable {first.id}")
    assert f"Prompt {first.id} is set aside here now: {first.question}" in said(aside)
    assert "already" in said(await circle.ask(f"/prompts disable {first.id}"))
    await circle.ask("/schedule add prompt thursdays 19:00")
    await circle.ask("/schedule run 1 counted:no")
    assert first.question not in circle.posts()[0]
    assert second.question in circle.posts()[0]
    there = len((await circle.app.library.study("price-serge")).prompts)
    given = {prompt_of(await circle.ask("/discuss", circle.member)).id for _ in range(there - 1)}
    assert len(given) == there - 1
    assert first.id not in given
    await circle.press(aside, "Undo")
    assert prompt_of(await circle.ask("/discuss", circle.member)).id == first.id


async def test_where_all_are_set_aside_it_is_said_and_nothing_is_posted(circle: Circle) -> None:
    await circle.ask("/schedule add prompt thursdays 19:00")
    prompts = (await circle.app.library.study("price-serge")).prompts
    told = [said(await circle.ask(f"/prompts disable {prompt.id}")) for prompt in prompts]
    assert "No prompt is left: /discuss has nothing to give." in told[-1]
    assert "No prompt is left" not in told[-2]
    assert (await circle.ask("/discuss", circle.member)).title == "No prompt"
    assert "all prompts that fit are set aside" in said(await circle.ask("/schedule preview"))
    with pytest.raises(UserError, match=r"all prompts that fit are set aside. /prompts list shows them"):
        await circle.ask("/schedule run")
    assert circle.posts() == []


async def test_the_list_counts_and_marks_them(circle: Circle) -> None:
    await circle.ask(f"/prompts add {OWN} passage:1.1")
    await circle.ask("/prompts disable +1")
    lines, reply = [], await circle.ask("/prompts list")
    assert "57 prompts, 1 of them set aside." in said(reply)
    while True:
        lines += said(reply).splitlines()[1:]
        if "Next page" not in {action.label for action in reply.actions}:
            break
        reply = await circle.press(reply, "Next page")
    assert len(lines) == 57
    assert [line for line in lines if line.endswith("(set aside)")] == [f"+1 (¶ 1.1): {OWN} (set aside)"]


async def test_a_group_has_at_most_200_of_its_own(circle: Circle) -> None:
    for _ in range(MOST):
        await circle.ask(f"/prompts add {OWN} passage:1.1")
    with pytest.raises(UserError, match="at most 200 prompts"):
        await circle.ask(f"/prompts add {OWN} passage:1.1")
    await circle.ask(f"/prompts add {OWN} passage:1.1", circle.beside)


async def test_members_words_are_shown_as_they_are(circle: Circle) -> None:
    hostile = "Why @everyone **shout** <b> \u202e [x](http://y) ```` `?"
    assert prompt_of(await circle.ask(f"/prompts add {hostile} passage:1.1")).question == hostile


async def test_the_log_tells_what_became_of_prompts(circle: Circle) -> None:
    await circle.ask(f"/prompts add {OWN} passage:1.1")
    await circle.ask("/prompts disable +1")
    log = said(await circle.ask("/config log")).splitlines()
    assert "prompt +1: given → set aside, by member terminal:mo" in log[0]
    assert f"prompt +1: {OWN}, by member terminal:mo" in log[1]
