"""Typed commands: names, arguments, and what people get wrong."""

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from bot.app import App
from bot.commands import command
from bot.errors import UserError
from bot.reply import Reply
from tests.conftest import CALLER, Ask
from tests.examples import examples


@pytest.mark.parametrize("prefix", ["/", "!", ""])
async def test_a_prefix_may_be_a_slash_an_exclamation_mark_or_none(app: App, prefix: str) -> None:
    found, arguments = app.commands.parse(f"{prefix}quote Cheka section:2")
    assert (found.name, arguments) == ("quote", {"words": "Cheka", "section": "2"})


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("/quote section:2 Cheka", {"words": "Cheka", "section": "2"}),
        ("/quote Cheka SECTION:2", {"words": "Cheka", "section": "2"}),
        ("/quote Trotsky: a life", {"words": "Trotsky: a life"}),
        ("/quote kind:evaluative", {"words": "kind:evaluative"}),
        ('/quote "self-inflicted death"', {"words": '"self-inflicted death"'}),
        ("/quote Cheka section: 2", {"words": "Cheka", "section": "2"}),
        ("/quote section: politics", {"words": "section: politics"}),
        ("/search words:Cheka", {"words": "Cheka"}),
        ("/summary section:3", {"section": "3"}),
        ("/quote   a   b  ", {"words": "a   b"}),
        ("/search x page:2", {"words": "x", "page": 2}),
        ("/discuss Kronstadt kind:evaluative", {"about": "Kronstadt", "kind": "evaluative"}),
        ("/schedule add prompt thursdays 19:00", {"what": "prompt", "when": "thursdays 19:00"}),
        ("/schedule add thursdays 19:00 what:prompt", {"what": "prompt", "when": "thursdays 19:00"}),
        ("/schedule add what:prompt when:thursdays 19:00", {"what": "prompt", "when": "thursdays 19:00"}),
        ("/schedule skip 3 2026-05-07", {"number": 3, "which": "2026-05-07"}),
        ("/schedule skip which:2026-05-07 number:3", {"number": 3, "which": "2026-05-07"}),
        ("/schedule skip which:2026-05-07 3", {"number": 3, "which": "2026-05-07"}),
        (
            "/schedule move 3 2026-05-07 20:00 which:2026-05-09",
            {"number": 3, "to": "2026-05-07 20:00", "which": "2026-05-09"},
        ),
        ("/schedule run counted:no", {"counted": "no"}),
        ("/config log page:2", {"page": 2}),
        ("/config timezone Europe/Paris scope:server", {"value": "Europe/Paris", "scope": "server"}),
        ("/config export scope:server", {"scope": "server"}),
    ],
)
async def test_arguments_are_read_as_the_design_says(app: App, line: str, arguments: dict[str, object]) -> None:
    assert app.commands.parse(line)[1] == arguments


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "Type a command"),
        ("/", "Type a command"),
        ("/qoute Cheka", "Did you mean /quote"),
        ("/xyzzy", "/help lists them all"),
        ("/search", "needs words"),
        ("/config timezon Europe/Paris", "Did you mean /config timezone"),
        ("/config frobnicate", "/help config lists them all"),
        ("/schedule", "schedule add, schedule list"),
        ("/contents now", "takes nothing more"),
        ("/quote x section:1 section:2", "there twice"),
        ("/privacy", "privacy show, privacy export, privacy delete"),
        ("/search x page:0x2", "whole number"),
        ("/quote x after:somewhere", "Write it like 7.2"),
    ],
)
async def test_what_is_wrong_is_said_with_the_way_out(ask: Ask, line: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        await ask(line)


async def test_an_undescribed_argument_is_refused_when_the_command_is_made() -> None:
    async def feature(caller: object, words: str) -> Reply:
        """Say something."""
        return Reply(words)

    with pytest.raises(ValueError, match="words"):
        command("say", feature, rest="words")


HOSTILE = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from("/!¶§\"'“”’`*_~|<>@#-:().,;^{}[]\\ \n\r\t\0\x1b\u200b\u202e\u0301\ud800🙂👩‍👩‍👧"),
    ),
    max_size=60,
)
NAMES = ["quote", "search", "read", "summary", "discuss", "glossary", "cite", "verify", "help", "about", "contents"]


@given(st.sampled_from(NAMES), HOSTILE)
@examples(300, HealthCheck.function_scoped_fixture)
async def test_anything_typed_gets_an_answer_or_a_sentence(app: App, name: str, text: str) -> None:
    try:
        reply = await app.commands.answer(CALLER, f"/{name} {text}")
    except UserError as error:
        reply = Reply(str(error))
    assert reply.title.strip()
    for quotation in reply.quotations:
        paragraph = await app.library.paragraph(quotation.address.reading, quotation.address.place.paragraph)
        assert quotation.text in paragraph.text


@pytest.mark.parametrize("text", ["x" * 10_000, "Cheka " * 1_700, "🙂" * 5_000, "\u0301" * 10_000, "a'" * 5_000])
async def test_ten_thousand_characters_are_answered(ask: Ask, text: str) -> None:
    for name in ("quote", "search", "discuss", "glossary"):
        assert (await ask(f"/{name} {text}")).title
