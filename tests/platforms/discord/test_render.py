"""How answers look on Discord: they keep its limits, lose nothing, and say whose words they are."""

from typing import Any

import pytest
from discord.ui import TextDisplay
from hypothesis import given
from hypothesis import strategies as st

from bot.app import App
from bot.caller import Caller
from bot.platforms.discord import limits
from bot.platforms.discord.render import MOST_BUTTONS, Button, notice, parts, view
from bot.reading import Address, Claim, Erratum, Place, Prompt, Quotation, Speaker, Voice
from bot.reply import Bullets, Claims, Code, Difference, Differences, Prose, Question, Quote, Reply
from tests.examples import examples
from tests.platforms.discord.hostile import TEXTS


def quotation(text: str, heading: str = "Heading", name: str = "Somebody", **more: Any) -> Quotation:
    voice = Voice("Author", (Speaker(name, "a book"),))
    return Quotation(text, Address("slug", Place(1, 1, 1)), 1, heading, voice, **more)


def every_piece(text: str) -> Reply:
    """Return an answer of every kind of piece, with this text wherever there is some."""
    words = quotation(text, text, text, marks=((0, min(3, len(text))),))
    return Reply(
        text,
        (
            Prose(text),
            Quote(words, text[:10]),
            Claims((Claim(text, (Place(1, 1, 2),)),)),
            Bullets((text, text), text[:50], ordered=True),
            Question(Prompt(text, text, text, text, 20, words, (text,), (text, text))),
            Code(text, text),
            Differences((Difference("same", text), Difference("missing", text), Difference("added", text))),
        ),
    )


def sizes(texts: tuple[str, ...]) -> tuple[int, int]:
    """Return the characters and components of a message with as many buttons as there can be."""
    buttons = [Button(label=str(number), custom_id=f"k1:{number}") for number in range(MOST_BUTTONS)]
    shown = view(texts, buttons)
    return sum(limits.length(text) for text in texts), shown.total_children_count


@pytest.mark.extended
@examples()
@given(TEXTS, st.sampled_from([1, 1, 20, 200]))
def test_no_message_is_larger_than_discord_takes(text: str, times: int) -> None:
    divided = parts(every_piece(text * times), {"quote": 1})
    assert divided
    for texts in divided:
        characters, components = sizes(texts)
        assert characters <= limits.TEXT
        assert components <= limits.COMPONENTS


def test_a_quotation_shows_where_it_stands_and_whose_it_is() -> None:
    shown = quotation("The naval bae fell.", marks=((4, 9),), errata=(Erratum(10, 13, "base"),), whole=False)
    assert parts(Reply("Title", (Quote(shown, "3"),)), {}) == [
        (
            "### Title",
            "> The **naval** bae \\[sic] fell.\n-# 3 · § 1 Heading · from ¶ 1.1 · Author, quoting Somebody (a book)",
        )
    ]


def test_every_piece_is_readable_without_colour() -> None:
    prompt = Prompt("id", "Why?", "evaluative", "core", 20, quotation("Words."), ("And then?",), ("Yes", "No"))
    reply = Reply(
        "Title",
        (
            Prose("Ask /quote or /privacy show, not /quoted."),
            Claims((Claim("A claim.", (Place(7, 2, 2), Place(8, 1, 2))),)),
            Bullets(("one", "two"), "List"),
            Bullets(("one",), ordered=True),
            Question(prompt),
            Code("@book{\n}", "bibtex"),
            Differences((Difference("same", "in"), Difference("missing", "the"), Difference("added", "a"))),
        ),
    )
    lists = "**Follow-ups**\n- And then?\n**Positions to argue**\n- Yes\n- No"
    below = "-# § 1 Heading · ¶ 1.1 · Author, quoting Somebody (a book)"
    assert parts(reply, {"quote": 1, "privacy show": 2}) == [
        (
            "### Title",
            "Ask </quote:1> or </privacy show:2>, not /quoted.",
            "- A claim. (¶ 7.2, 8.1-2)",
            "**List**\n- one\n- two",
            "1. one",
            f"> Words.\n{below}\n**Why?**\n{lists}\n-# evaluative · core · about 20 minutes",
            "```bibtex\n@book{\n}\n```",
            "In the text: in **the**\nYou wrote: in **a**",
        )
    ]


@pytest.mark.parametrize("line", ["read 1", "read 3", "search Serge", "read ¶9", "summary 3", "glossary", "contents"])
async def test_what_is_quoted_is_there_word_for_word(app: App, line: str) -> None:
    reply = await app.commands.answer(Caller("reader", "test:1"), line)
    shown = "\n".join(text for texts in parts(reply, {}) for text in texts).replace("**", "").replace("\\", "")
    for quoted in reply.quotations:
        if not quoted.errata:
            assert quoted.text in shown


async def test_long_paragraphs_are_shown_whole(app: App) -> None:
    text = " ".join(f"Sentence {number} of a very long paragraph (p. {number})." for number in range(400))
    divided = parts(Reply("Long", (Quote(quotation(text)),)), {})
    assert len(divided) > 3
    quoted = [line[2:] for texts in divided for each in texts[1:] for line in each.split("\n") if line[:2] == "> "]
    assert " ".join(part.strip() for part in quoted) == text
    assert all("¶ 1.1" in texts[-1] for texts in divided), "each part says where it stands"
    assert divided[0][0] == f"### Long (1 of {len(divided)})"


def test_what_somebody_is_quoted_to_have_written_is_not_clickable() -> None:
    reply = Reply("Title", (Prose("“see “it” in /quote there”: nothing. Ask again (/quote does)."),))
    assert parts(reply, {"quote": 1}) == [
        ("### Title", "“see “it” in /quote there”: nothing. Ask again (</quote:1> does).")
    ]


def test_a_sign_after_a_space_at_the_beginning_of_a_quotation_is_escaped() -> None:
    shown = quotation("  # big words", errata=(Erratum(0, 2, ""),))
    assert "\n" not in parts(Reply("", (Quote(shown),)), {})[0][1].split("\n-# ")[0]
    assert "# big" not in parts(Reply("", (Quote(quotation("  # big", marks=((2, 2),))),)), {})[0][1].replace(r"\#", "")


def test_a_notice_is_plain_text() -> None:
    texts = [
        each.content for each in notice("No **such** @everyone.", {}).walk_children() if isinstance(each, TextDisplay)
    ]
    assert texts == [r"No \*\*such\*\* \@everyone."]


async def test_a_view_is_not_kept_by_discord_py() -> None:
    assert view(("Text.",), [Button(label="x", custom_id="k1:x")]).is_finished()
