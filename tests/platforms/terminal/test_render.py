"""How answers look: at any width, without colour, and never steering the terminal."""

import re
from collections.abc import AsyncIterator
from io import StringIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot.app import App, open_app
from bot.commands import Failure
from bot.platforms.terminal.ask import local_caller
from bot.platforms.terminal.plain import plain
from bot.platforms.terminal.render import MOST_COLUMNS, show
from bot.reading import Address, Claim, Erratum, Place, Prompt, Quotation, Speaker, Voice
from bot.reply import Action, Bullets, Claims, Code, Difference, Differences, Prose, Question, Quote, Reply
from bot.settings import SHIPPED_DATA, Settings
from tests.examples import examples
from tests.platforms.terminal.hostile import ESCAPES
from tests.platforms.terminal.picture import PICTURE, draw

LINES = (
    "/quote Cheka",
    "/quote naval bae",
    "/search Serge",
    "/read 1",
    "/contents",
    "/summary 2",
    "/discuss lesser evil",
    "/glossary",
    "/glossary Cheka",
    "/glossary timeline",
    "/cite",
    "/verify self-inflicted birth in 1918",
    "/help",
    "/about",
    "/privacy show",
    "/quote xylophone",
)
STEERING = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
async def app(state: Path) -> AsyncIterator[App]:
    async with open_app(Settings(state, (SHIPPED_DATA,))) as opened:
        yield opened


def on_screen(answer: Reply | Failure, width: int = 80) -> str:
    """Return what is written to a terminal of this width."""
    console = Console(file=StringIO(), force_terminal=True, width=width, color_system="standard", _environ={})
    show(console, answer, numbered=True)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def quotation(text: str, heading: str = "Heading", name: str = "Somebody") -> Quotation:
    return Quotation(
        text, Address("slug", Place(1, 1, 1)), 1, heading, Voice("Author", (Speaker(name, "a book"),)), ((0, 3),)
    )


def every_piece(text: str) -> Reply:
    """Return an answer of every kind of piece, with this text wherever there is some."""
    words = quotation(text, text, text)
    prompt = Prompt(text, text, text, text, 20, words, (text,), (text, text))
    return Reply(
        text,
        (
            Prose(text),
            Quote(words, text),
            Claims((Claim(text, (Place(1, 1, 2),)),)),
            Bullets((text, text), text, ordered=True),
            Question(prompt),
            Code(text),
            Differences((Difference("same", text), Difference("missing", text), Difference("added", text))),
        ),
        actions=(Action(text, text),),
    )


@pytest.mark.parametrize("width", [20, 30, 40, 60, 88, 200])
@pytest.mark.parametrize("line", LINES)
async def test_answers_fit_any_width_and_lose_no_word(app: App, line: str, width: int) -> None:
    answer = await app.commands.answer(local_caller(is_moderator=True), line)
    written = COLOURS.sub("", on_screen(answer, width))
    assert max(map(len, written.splitlines())) <= min(width, MOST_COLUMNS)
    compact = re.sub(r"[\s▌•]", "", written)
    for shown in answer.quotations:
        if not shown.errata:
            assert re.sub(r"\s", "", shown.text) in compact


@examples(200)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=80), width=st.integers(8, 100))
def test_nothing_in_an_answer_can_steer_the_terminal(text: str, width: int) -> None:
    for hostile in (text, text + ESCAPES):
        answer = every_piece(hostile)
        assert not STEERING.search(COLOURS.sub("", on_screen(answer, width)))
        assert not STEERING.search(plain(answer))
        assert "\x1b[31m" not in on_screen(Reply(hostile))


def test_markup_is_text() -> None:
    written = COLOURS.sub("", on_screen(every_piece("[bold]not[/bold] :smile: [/]"), 200))
    assert written.count("[bold]not[/bold] :smile: [/]") >= 14


def test_misprints_are_marked_after_the_word_and_words_asked_for_stand_out() -> None:
    shown = Quotation(
        "The naval bae fell.",
        Address("slug", Place(7, 2, 3)),
        2,
        "Heading",
        Voice("Author"),
        marks=((4, 13),),
        errata=(Erratum(4, 13, "naval base"),),
        whole=False,
    )
    answer = Reply("Title", (Quote(shown),))
    assert plain(answer) == "Title\n\n    “The naval bae [sic] fell.”\n    — Author · Heading (§ 2) · from ¶ 7.2-3"
    written = on_screen(answer)
    assert "The \x1b[1;4mnaval bae\x1b[0m\x1b[2m [sic]\x1b[0m fell." in written


def test_plain_answers_show_every_piece() -> None:
    prompt = Prompt("id", "Why?", "evaluative", "core", 20, quotation("Words."), ("And then?",), ("Yes", "No"))
    answer = Reply(
        "Title",
        (
            Prose("Prose."),
            Quote(quotation("Words."), "1"),
            Claims((Claim("A claim.", (Place(7, 2, 2), Place(8, 1, 2))),)),
            Bullets(("one", "two"), "List"),
            Bullets(("one",), ordered=True),
            Question(prompt),
            Code("@book{\n}"),
            Differences((Difference("same", "in"), Difference("missing", "the"), Difference("added", "a"))),
        ),
        actions=(Action("Another", "quote x after:7.2"), Action("Cite", "cite"), Action("Long", "quote " + "x" * 999)),
    )
    below = "    — Author, quoting Somebody (a book) · Heading (§ 1) · ¶ 1.1"
    assert plain(answer).split("\n\n") == [
        "Title",
        "Prose.",
        f"1.  “Words.”\n{below}",
        "• A claim. (¶ 7.2, 8.1-2)",
        "List:\n• one\n• two",
        "1. one",
        f"    “Words.”\n{below}",
        "Why?",
        "Follow-ups:\n• And then?",
        "Positions to argue:\n• Yes\n• No",
        "evaluative · core · about 20 minutes",
        "@book{\n}",
        "in [-the-] {+a+}",
        "Try: /quote x after:7.2 · /cite",
    ]


async def test_the_picture_in_the_readme_is_what_is_answered_today(state: Path) -> None:
    drawn = await draw(state / "picture")
    assert PICTURE.read_text("utf-8") == drawn, "draw it anew: python -m tests.platforms.terminal.picture"
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
