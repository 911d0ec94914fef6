"""Discussion prompts: on a topic, of a kind, none twice before all were used."""

import asyncio
from pathlib import Path

import pytest

from bot.app import App, open_app
from bot.errors import UserError
from bot.reading import Prompt
from bot.reply import Prose, Question, Reply
from bot.settings import SHIPPED_DATA, Settings
from tests.conftest import CALLER, Ask


def prompt_of(reply: Reply) -> Prompt:
    return next(piece.prompt for piece in reply.pieces if isinstance(piece, Question))


async def test_no_prompt_comes_again_before_all_were_used(ask: Ask, app: App) -> None:
    there = {prompt.id for prompt in (await app.library.study("price-serge")).prompts}
    given = [prompt_of(await ask("/discuss")).id for _ in there]
    assert set(given) == there
    again = await ask("/discuss")
    assert prompt_of(again).id in there
    assert any(isinstance(piece, Prose) and "beginning again" in piece.text for piece in again.pieces)


async def test_fifty_who_ask_at_once_get_fifty_prompts(ask: Ask, app: App) -> None:
    await app.library.study("price-serge")  # else each of the fifty reads it
    replies = await asyncio.gather(*(ask("/discuss") for _ in range(50)))
    assert len({prompt_of(reply).id for reply in replies}) == 50


async def test_what_was_given_survives_a_restart(state: Path) -> None:
    given = []
    for _ in range(2):
        async with open_app(Settings(state, (SHIPPED_DATA,))) as app:
            given += [prompt_of(await app.commands.answer(CALLER, "/discuss section:5")).id for _ in range(3)]
    assert len(set(given)) == 6


@pytest.mark.parametrize(
    ("about", "words"),
    [("Kronstadt", "Kronstadt"), ("Cheka", "Cheka"), ("co-operatives", "cooperative"), ("Sontag", "Sontag")],
)
async def test_a_prompt_is_about_what_was_asked(ask: Ask, about: str, words: str) -> None:
    prompt = prompt_of(await ask(f"/discuss {about}"))
    assert words in " ".join((prompt.question, prompt.passage.text, *prompt.follow_ups))


async def test_kind_section_and_place_limit_the_choice(ask: Ask) -> None:
    assert prompt_of(await ask("/discuss kind:evaluative")).kind == "evaluative"
    assert prompt_of(await ask("/discuss section:5")).passage.section == 5
    assert prompt_of(await ask("/discuss ¶9")).passage.address.place.paragraph == 9


async def test_its_passage_stands_in_the_text(ask: Ask, app: App) -> None:
    for prompt in (await app.library.study("price-serge")).prompts:
        paragraph = await app.library.paragraph("price-serge", prompt.passage.address.place.paragraph)
        assert prompt.passage.text in paragraph.text


async def test_an_unknown_kind_is_refused_with_those_there_are(ask: Ask) -> None:
    with pytest.raises(UserError, match="interpretive, evaluative"):
        await ask("/discuss kind:funny")


async def test_what_no_prompt_is_about_is_said(ask: Ask) -> None:
    assert (await ask("/discuss pizza recipe")).title == "Nothing found"
