"""How answers look on Matrix: as in the terminal, in parts that lose nothing, with commands as the room types them."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.app import App
from bot.caller import Caller
from bot.commands import Failure, safely
from bot.platforms.matrix.blocks import Block, Run, divided
from bot.platforms.matrix.render import Message, Shown, content, parts, reactions
from bot.platforms.terminal.plain import plain
from bot.reading import Claim, Erratum, Place
from bot.reply import (
    Action,
    Bullets,
    Claims,
    Code,
    Difference,
    Differences,
    PlannedTime,
    Prose,
    Question,
    Quote,
    Reply,
    Times,
)
from tests.examples import examples
from tests.parity import QUESTIONS, words
from tests.platforms.matrix.hostile import SIGNS, TEXTS
from tests.platforms.matrix.markup import Read
from tests.platforms.matrix.replies import AT, every_piece, prompt, quotation

READER = Caller("reader", "test:1")
BELOW = "— Author, quoting Somebody (a book) · Heading (§ 1) · ¶ 1.1"
HTML_BELOW = "<p>— <em>Author, quoting Somebody (a book) · Heading (§ 1) · ¶ 1.1</em></p>"


def only(answer: Reply | Failure, **shown: Any) -> Message:
    (message,) = parts(answer, Shown(**shown))
    return message


def typed_in(text: str) -> set[str]:
    """Return what is offered to be typed, in either form, without a prefix."""
    return set(re.findall(r"[!/]([a-z][^·\n]*[^·\n ])", text))


@pytest.mark.parametrize("line", QUESTIONS)
async def test_matrix_says_what_the_terminal_says(app: App, line: str) -> None:
    answer = await app.commands.answer(READER, line)
    shown = Shown(commands=tuple(each.name for each in app.commands.all), line=line)
    (message,) = parts(answer, shown)
    told, *tried = plain(answer).split("\n\nTry: ")
    offered = "".join(tried)
    body = message.body
    if offered:
        body, _, after = body.partition(f"\n\n{answer.actions[0].label}: ")
        assert typed_in(f": {after}".partition("\n\nReact")[0]) == typed_in(offered)
    assert words(body) == words(told)
    first = f"\n{answer.actions[0].label}: " if offered else "\nReact"
    assert words(Read(message.html).text.partition(first)[0]) == words(told)


def test_every_piece_is_readable_alone_and_in_html() -> None:
    reply = Reply(
        "Title",
        (
            Prose("Prose."),
            Quote(quotation("Words & more."), "1"),
            Claims((Claim("A claim.", (Place(7, 2, 2), Place(8, 1, 2))), Claim("Another.", ()))),
            Bullets(("one", "two"), "List"),
            Bullets(("one", "two"), ordered=True),
            Question(prompt()),
            Code("@book{\n\tx\n}\n", "bibtex"),
            Differences((Difference("same", "in"), Difference("missing", "the"), Difference("added", "a"))),
            Times((PlannedTime(AT, "after the clocks change"),), "Next"),
        ),
        actions=(Action("Another", "quote x after:7.2"), Action("Cite", "cite"), Action("Long", "quote " + "x" * 999)),
    )
    message = only(reply)
    assert message.body.split("\n\n") == [
        "Title",
        "Prose.",
        f"1. “Words & more.”\n{BELOW}",
        "• A claim. (¶ 7.2, 8.1-2)\n• Another.",
        "List:\n• one\n• two",
        "1. one\n2. two",
        f"“Words.”\n{BELOW}",
        "Why?",
        "Follow-ups:\n• And then?",
        "Positions to argue:\n• Yes\n• No",
        "evaluative · core · about 20 minutes",
        "@book{\n\tx\n}",
        "In the text: in *the*\nYou wrote: in *a*",
        "Next:\n• Tuesday 8 December 2026 18:30 (after the clocks change)",
        "Another: !quote x after:7.2\nCite: !cite",
        "React with 🔁 for another, 📚 to cite, 📊 for a poll.",
    ]
    assert message.html == (
        "<h4>Title</h4><p>Prose.</p>"
        f"<blockquote><p>1. Words &amp; more.</p>{HTML_BELOW}</blockquote>"
        "<ul><li>A claim. <em>(¶ 7.2, 8.1-2)</em></li><li>Another.</li></ul>"
        "<p><strong>List</strong></p><ul><li>one</li><li>two</li></ul>"
        "<ol><li>one</li><li>two</li></ol>"
        f"<blockquote><p>Words.</p>{HTML_BELOW}</blockquote>"
        "<p><strong>Why?</strong></p>"
        "<p><strong>Follow-ups</strong></p><ul><li>And then?</li></ul>"
        "<p><strong>Positions to argue</strong></p><ul><li>Yes</li><li>No</li></ul>"
        "<p><em>evaluative · core · about 20 minutes</em></p>"
        '<pre><code class="language-bibtex">@book{\n\tx\n}\n</code></pre>'
        "<p>In the text: in <strong>the</strong><br>You wrote: in <strong>a</strong></p>"
        "<p><strong>Next</strong></p><ul><li>Tuesday 8 December 2026 18:30 (after the clocks change)</li></ul>"
        "<p>Another: <code>!quote x after:7.2</code><br>Cite: <code>!cite</code></p>"
        "<p>React with 🔁 for another, 📚 to cite, 📊 for a poll.</p>"
    )


def test_a_quotation_shows_misprints_and_what_was_asked_for() -> None:
    shown = quotation("The naval bae fell.", marks=((4, 9),), errata=(Erratum(10, 13, "base"),), whole=False)
    message = only(Reply("", (Quote(shown),)))
    assert message.body == f"“The naval bae [sic] fell.”\n{BELOW.replace('¶', 'from ¶')}"
    assert "<p>The <strong>naval</strong> bae<em> [sic]</em> fell.</p>" in message.html


def test_a_sentence_is_a_message_without_marks() -> None:
    message = only(Failure("usage", "No <such> thing. Usage: /quote [words]"), commands=("quote",), prefix="?")
    assert message == Message(
        "No <such> thing. Usage: ?quote [words]", "No &lt;such&gt; thing. Usage: <strong>?quote</strong> [words]"
    )
    assert content(message, notice=True) == {
        "msgtype": "m.notice",
        "body": message.body,
        "format": "org.matrix.custom.html",
        "formatted_body": message.html,
    }
    assert content(message, notice=False)["msgtype"] == "m.text"


def test_commands_in_our_sentences_begin_as_they_do_in_the_room() -> None:
    names = ("quote", "config show", "config timezone")
    said = "/help config: /config shows all (/quote too), “/quote” is “not /quote this”, nor a/quote or /quoted."
    reply = Reply("/quote [words]", (Prose(said), Bullets(("/config timezone: a zone.",))))
    message = only(reply, commands=(*names, "help"), prefix=".")
    assert message.body == (
        ".quote [words]\n\n.help config: .config shows all (.quote too), “/quote” is “not /quote this”, nor a/quote or "
        "/quoted.\n\n• .config timezone: a zone."
    )


def test_what_the_reading_says_is_never_taken_for_a_command() -> None:
    asked = prompt("See /quote there.", "Why /quote it?")
    pieces = (Quote(quotation("See /quote there.")), Claims((Claim("/quote says so.", ()),)), Question(asked))
    for message in parts(Reply("", pieces), Shown(commands=("quote",))):
        assert message.body.count("/quote") == 4
        assert "!quote" not in message.body


async def test_no_command_keeps_its_slash_in_an_answer(app: App) -> None:
    names = tuple(each.name for each in app.commands.all)
    moderator = Caller("test:clara", "test:1", is_moderator=True)
    found = []
    for line in ("help", *(f"help {name}" for name in names), "schedule list", "config reading", "nosuch"):
        answer = await safely(app.commands.answer(moderator, line))
        for message in parts(answer, Shown(commands=names, line=line)):
            found += re.findall(r"(?<!\S)\(?/[a-z]+[^\n]{0,30}", message.body)
    assert found == []


@examples(60)
@given(TEXTS, st.integers(1, 600), st.sampled_from(["paragraph", "quotation", "item", "line", "code"]))
def test_a_divided_block_loses_no_character(text: str, times: int, kind: Any) -> None:
    runs = (Run(text * times), Run(text * (times // 2), "strong"), Run("end"))
    block = Block(kind, runs, below="below", heading="heading", begins=True)
    found = [each for part in divided([block]) for each in part]
    for style in ("", "strong"):
        written = "".join(run.text for each in found for run in each.runs if run.style == style)
        assert written == "".join(run.text for run in runs if run.style == style)
    assert [each.heading for each in found] == ["heading", *[""] * (len(found) - 1)]
    assert all(each.below == "below" for each in found)


# A second each: none, the one that is worst to write, and the one that is worst to divide; then all the others.
@pytest.mark.parametrize(
    "sign", ["", "<", "🙂", *(pytest.param(each, marks=pytest.mark.extended) for each in SIGNS[::5])]
)
def test_the_parts_of_an_answer_have_every_word_of_it(sign: str) -> None:
    text = " ".join(f"w{number} said {sign} (p. {number})." for number in range(3000))
    for piece in every_piece(text):
        messages = parts(Reply("", (piece,)), Shown(line="read 3"))
        assert len(messages) > 3
        for written in ("\n".join(each.body for each in messages), "\n".join(each.html for each in messages)):
            named = re.findall(r"(?<![^\W\d_])w\d+", written)
            assert set(named) == set(re.findall(r"w\d+", plain(Reply("", (piece,))))), type(piece)
            for number in ("w0", "w1500", "w2999"):
                assert named.count(number) == named.count("w7"), "none is there more often than others"


def test_a_part_names_the_next_and_the_last_says_what_can_be_done() -> None:
    sentences = [f"Sentence {number} (p. {number})." for number in range(2000)]
    reply = Reply("Long", (Quote(quotation(" ".join(sentences))),), actions=(Action("Another", "quote"),))
    first, *_, last = messages = parts(reply, Shown(prefix="?", line="quote cheka"))
    of = len(messages)
    assert first.body.startswith(f"Long (1 of {of})\n\n“Sentence 0 (p. 0).")
    assert first.body.endswith(f".”\n{BELOW}\n\nNext part: ?part 2 quote cheka\n\nReact with ➡️ for the next part.")
    assert last.body.startswith(f"Long ({of} of {of})\n\n“Sentence")
    assert last.body.endswith(f"{BELOW}\n\nAnother: ?quote\n\nReact with 🔁 for another.")
    quoted = " ".join(re.findall(r"“(.*)”", "\n".join(each.body for each in messages)))
    assert quoted == " ".join(sentences), "divided between sentences"


def test_a_line_too_long_to_be_typed_again_is_left_to_the_reaction() -> None:
    reply, line = Reply("Long", (Prose("word " * 9000),)), "verify " + "word " * 99
    first, *_ = parts(reply, Shown(line=line))
    assert first.body.endswith("word\n\nReact with ➡️ for the next part.")
    assert reactions(reply, line, 1, 4) == {"➡": f"part 2 {line}"}
    first, *_ = parts(reply, Shown())
    assert first.body.endswith("word"), "what cannot be asked again has no next part to ask for"


def test_an_ordered_list_goes_on_where_the_part_before_it_ended() -> None:
    first, second, *_ = parts(Reply("", (Bullets(("word " * 300,) * 20, "List", ordered=True),)), Shown())
    last = int(re.findall(r"^(\d+)\. ", first.body, re.MULTILINE)[-1])
    assert f"\n\n{last + 1}. word" in second.body
    assert f'<ol start="{last + 1}"><li>word' in second.html
    assert "List" not in second.body


def test_reactions_stand_for_what_an_answer_offers() -> None:
    actions = (
        Action("Another", "quote x after:7.2"),
        Action("Context", "read ¶7"),
        Action("Cite", "cite 7.2"),
        Action("Open the section", "read 2"),
        Action("Next page", "search x page:3", turns=True),
        Action("Page before", "search x page:1", turns=True),
    )
    reply = Reply("", (Question(prompt()),), actions=actions)
    offered = {
        "🔁": "quote x after:7.2",
        "➕": "read ¶7",
        "📚": "cite 7.2",
        "📊": "poll slug id",
        "➡": "search x page:3",
    }
    assert reactions(reply, "search x") == offered
    assert reactions(reply, "search x", 2, 2) == offered
    assert reactions(reply, "search x", 1, 2) == {"➡": "part 2 search x"}
    assert reactions(reply, "", 1, 2) == {}
    assert reactions(Reply("", (Question(prompt()),), private=True), "prompts show") == {}
    assert reactions(Reply("", (Question(prompt(positions=())),)), "discuss") == {}
    assert reactions(Reply("", actions=actions[-1:]), "search x page:2") == {}
    assert only(reply).body.endswith(
        "React with 🔁 for another, ➕ for context, 📚 to cite, 📊 for a poll, ➡️ for the next page."
    )


async def test_a_page_turns_forward_only(app: App) -> None:
    for line, turned in (("search Serge", "search Serge page:2"), ("read 3 page:2", "read 3 page:3")):
        assert reactions(await app.commands.answer(READER, line), line)["➡"] == turned
    for line in ("search Serge page:5", "read 3 page:3"):
        assert "➡" not in reactions(await app.commands.answer(READER, line), line)
