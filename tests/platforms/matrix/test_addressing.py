"""What is said to the bot, and what is said to others, about it, or by other bots."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.matrix.addressing import Asked, Said, Surroundings, asked, bare, parted, reaction, redacted, said
from tests.examples import examples
from tests.platforms.matrix.hostile import TEXTS

BOT = "@kruzhok:circle.test"
NAMES = (BOT, "kruzhok", "Kruzhok 📖")
WORDS = frozenset(("quote", "help", "read", "config", "search"))
MANY = Surroundings("!", NAMES, is_for_two=False, words=WORDS)
TWO = Surroundings("!", NAMES, is_for_two=True, words=WORDS)
OTHER = Surroundings("%%", NAMES, is_for_two=False, words=WORDS)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


def line(text: str, around: Surroundings = MANY, mentioned: str = "") -> str | None:
    """Return what is asked by a text; None if nothing is."""
    found = asked(Said("$event", "@anna:circle.test", text, mentioned=frozenset({mentioned} - {""})), around)
    return found.line if found else None


def event(text: Any = "!quote Cheka", **content: Any) -> dict[str, Any]:
    """Return the event of a message."""
    sent = {"msgtype": "m.text", "body": text, **content}
    return {"type": "m.room.message", "event_id": "$event", "sender": "@anna:circle.test", "content": sent}


@pytest.mark.parametrize(
    "text",
    [
        "!quote Cheka",
        "  !quote Cheka\n",
        "/quote Cheka",
        "!kruzhok quote Cheka",
        "!Kruzhok: quote Cheka",
        "/kruzhok quote Cheka",
        "@kruzhok quote Cheka",
        "@kruzhok: quote Cheka",
        "@kruzhok:circle.test quote Cheka",
        "@kruzhok:circle.test: quote Cheka",
        "kruzhok: quote Cheka",
        "KRUZHOK, quote Cheka",
        "kruzhok quote Cheka",
        "Kruzhok 📖: quote Cheka",
        "Kruzhok 📖 quote Cheka",
        "[@kruzhok:circle.test](https://matrix.to/#/@kruzhok:circle.test) quote Cheka",
        "[Kruzhok](https://matrix.to/#/%40kruzhok%3Acircle.test): quote Cheka",
        "[Kruzhok](<https://matrix.to/#/@kruzhok:circle.test?via=circle.test>) quote Cheka",
    ],
)
def test_every_way_to_address_the_bot_is_understood(text: str) -> None:
    assert line(text) == "quote Cheka"
    assert line(text, TWO) == "quote Cheka"


@pytest.mark.parametrize(
    "text",
    [
        "quote Cheka",
        "Cheka",
        "!weather in Berlin",
        "!quotes",
        "! quote Cheka",
        "!",
        "!!!",
        "!part 2 weather in Berlin",
        "!part",
        "!help",
        "!HELP ",
        "/me quotes",
        "/part",
        "hello !quote Cheka",
        "what does @kruzhok quote",
        "kruzhok is a little circle",
        "Kruzhok 📖 is down again",
        "kruzhok's answer was odd",
        "kruzhoks quote Cheka",
        "@kruzhoklike quote Cheka",
        "@kruzhok:elsewhere.test quote Cheka",
        "[boris](https://matrix.to/#/@boris:circle.test) quote Cheka",
        "[Kruzhok](https://example.org/#/@kruzhok:circle.test) quote Cheka",
        "> <@anna:circle.test> !quote Cheka",
        "",
        " \n ",
    ],
)
def test_what_is_not_said_to_the_bot_gets_silence(text: str) -> None:
    assert line(text) is None


def test_after_its_name_every_word_is_meant_for_it() -> None:
    assert line("!kruzhok qoute Cheka") == "qoute Cheka"
    assert line("@kruzhok what is this") == "what is this"
    assert line("kruzhok: what is this") == "what is this"
    assert line("Kruzhok 📖 what is this", mentioned=BOT) == "what is this"
    assert line("Kruzhok 📖 what is this") is None
    for alone in (
        "!kruzhok",
        "@kruzhok",
        "@kruzhok:circle.test:",
        "!kruzhok help",
        "[k](https://matrix.to/#/" + BOT + ")",
    ):
        assert line(alone) == "help", alone


def test_where_two_are_alone_every_line_is_meant_for_the_bot() -> None:
    for text in ("quote Cheka", "!help", "help", "!weather in Berlin", "kruzhok is a little circle"):
        assert line(text, TWO) is not None, text
    assert line("  ", TWO) is None


def test_another_prefix_takes_the_place_of_the_first_but_for_the_bots_name() -> None:
    assert line("%%quote Cheka", OTHER) == line("%%kruzhok quote Cheka", OTHER) == "quote Cheka"
    assert line("!quote Cheka", OTHER) is None
    assert line("!kruzhok quote Cheka", OTHER) == line("/quote Cheka", OTHER) == "quote Cheka"
    assert line("%%help", OTHER) == "help"
    assert line("%%weather", OTHER) is None


def test_a_part_of_an_answer_is_a_command_like_others() -> None:
    assert asked(Said("$e", "@a:b", "!part 2 read 3"), MANY) == Asked("read 3", 2)
    assert asked(Said("$e", "@a:b", "@kruzhok part 12 read 3"), MANY) == Asked("read 3", 12)
    assert parted("part 0 read 3") == Asked("read 3", 1)
    assert parted("part two read 3") == Asked("part two read 3")


def test_what_a_message_replies_to_is_not_what_it_says() -> None:
    to = {"m.in_reply_to": {"event_id": "$other"}}
    text = "> <@boris:circle.test> !quote Lenin\n> and more\n\n!quote Cheka"
    message = said(event(text, **{"m.relates_to": to}))
    assert message is not None
    assert message.text == "!quote Cheka"
    assert message.thread == ""
    kept = said(event("> a saying\n\n!quote Cheka", **{"m.relates_to": to}))
    assert kept is not None
    assert kept.text.startswith("> a saying")


def test_a_thread_is_known_by_the_event_it_began_with() -> None:
    message = said(event(**{"m.relates_to": {"rel_type": "m.thread", "event_id": "$root"}}))
    assert message is not None
    assert message.thread == "$root"
    for wrong in (7, None, ["$root"], "x" * 300):
        message = said(event(**{"m.relates_to": {"rel_type": "m.thread", "event_id": wrong}}))
        assert message is not None
        assert message.thread == "", wrong


@pytest.mark.parametrize(
    "sent",
    [
        event(msgtype="m.notice"),
        event(msgtype="m.emote"),
        event(msgtype="m.image"),
        event(msgtype=["m.text"]),
        event(7),
        event(None),
        event({"body": "!quote"}),
        event(**{"m.new_content": {"msgtype": "m.text", "body": "!quote"}}),
        event(**{"m.relates_to": {"rel_type": "m.replace", "event_id": "$other"}}),
        {**event(), "content": "!quote Cheka"},
        {**event(), "content": None},
        {**event(), "sender": None},
        {**event(), "event_id": 7},
        {**event(), "type": "m.sticker"},
        {},
    ],
)
def test_notices_edits_and_what_is_no_message_of_a_person_say_nothing(sent: dict[str, Any]) -> None:
    assert said(sent) is None


@examples(50)
@given(JSON, JSON, JSON)
def test_whatever_an_event_holds_it_is_read_or_passed_over(first: Any, second: Any, third: Any) -> None:
    for content in (first, {"m.relates_to": first, "body": second, "msgtype": "m.text", "m.mentions": third}):
        for kind in ("m.room.message", "m.reaction", "m.room.redaction"):
            sent = {"type": kind, "event_id": "$event", "sender": "@anna:circle.test", "content": content}
            message = said(sent)
            if message is not None:
                asked(message, MANY)
                asked(message, TWO)
            reaction(sent)
            redacted(sent)
    relates = {"rel_type": first, "event_id": second, "key": third}
    reaction({"type": "m.reaction", "content": {"m.relates_to": relates}})
    said(event(**{"m.relates_to": relates, "m.mentions": {"user_ids": third}}))


@given(TEXTS)
def test_hostile_text_asks_for_nothing_unless_it_begins_with_us(text: str) -> None:
    names = {"kruzhok", "@kruzhok", "!kruzhok", "/kruzhok", "!", "/"}
    if not any(text.strip().casefold().startswith(name) for name in names):
        assert line(text) is None


def test_reactions_are_the_same_with_and_without_the_sign_for_colour() -> None:
    relates = {"rel_type": "m.annotation", "event_id": "$answer", "key": "➡️"}
    assert reaction({"type": "m.reaction", "content": {"m.relates_to": relates}}) == ("$answer", "➡")
    assert bare("➡️") == bare("➡") == "➡"
    for wrong in ({"rel_type": "m.reference"}, {"event_id": None}, {"key": 7}):
        assert reaction({"type": "m.reaction", "content": {"m.relates_to": {**relates, **wrong}}}) is None


def test_what_is_taken_back_stands_where_the_rooms_version_has_it() -> None:
    old, new = {"redacts": "$old", "content": {}}, {"content": {"redacts": "$new"}}
    assert redacted({"type": "m.room.redaction", **old}) == "$old"
    assert redacted({"type": "m.room.redaction", **new}) == "$new"
    assert redacted({"type": "m.room.redaction", "content": None}) is None
    assert redacted({"type": "m.room.message", **old}) is None
