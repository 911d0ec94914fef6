"""The HTML of answers is Matrix's subset, well formed, and made of our tags alone, whatever is in them."""

import json
import re
import unicodedata

import pytest
from hypothesis import given

from bot.app import App
from bot.caller import Caller
from bot.commands import safely
from bot.platforms.matrix import limits
from bot.platforms.matrix.render import Message, Shown, content, parts
from bot.reply import Action, Prose, Reply
from tests.examples import examples
from tests.parity import QUESTIONS
from tests.platforms.matrix.hostile import SIGNS, TEXTS
from tests.platforms.matrix.markup import Read
from tests.platforms.matrix.replies import everything

MODERATOR = Caller("test:clara", "test:1", is_moderator=True)
FOR_MODERATORS = (
    "help",
    "help config",
    "help config timezone",
    "config show",
    "config log",
    "config export",
    "config check",
    "config timezone Europe/Paris",
    "config timezone nowhere",
    "schedule list",
    "schedule add prompt thursdays 19:00",
    "schedule add prompt 99:30",
    "schedule history",
    "schedule preview 1",
    "prompts list",
    "prompts add ¶7 Is this so?",
    "privacy show",
    "privacy export",
    "discuss lesser evil",
    "verify self-inflicted birth in 1918",
    "cite 7.2 style:bibtex",
    "cite 7.2 style:csl-json",
    "quot",
    "nosuch <b>",
)
SHOWN = Shown(commands=("quote", "help", "config show"), line="read 3", source="See https://x.org/a, and so on.")
# The source, or a message in a room.
OURS = re.compile(r"https://x\.org/a|https://matrix\.to/#/![^/\s]+/\$[\w~%+-]+")
# What an event holds besides, at its largest: three names of 255 bytes, a thread's relation, mentions.
BESIDE = {"room_id": "!" * 255, "m.mentions": {"user_ids": ["@" * 255]}, "type": "m.room.message", "r": "$" * 600}
# Base64 of the message with its padding, index, code and signature; the server's addresses, hashes and links.
SIGNED, SERVERS = 16 + 80, 8_000


def encrypted_size(message: Message) -> int:
    """Return how many bytes an event takes whose text is encrypted, as matrix-nio writes it."""
    plain = len(json.dumps({**BESIDE, "content": content(message, notice=True)}))
    return (plain + SIGNED) * 4 // 3 + SERVERS


def well_made(message: Message) -> Read:
    """Hold a message against everything that holds for all of them; returns what a client reads."""
    read = Read(message.html)
    assert read.problems == [], message.html
    for shown in (message.body, read.text):
        assert not any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in shown)
        assert not any(char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029" for char in shown)
    assert len(message.body) <= limits.PART * 1.3, "with its title and the lines under it"
    assert limits.size(message.body, message.html) <= limits.TEXT
    assert encrypted_size(message) <= limits.EVENT
    return read


@pytest.mark.parametrize("line", [*QUESTIONS, *FOR_MODERATORS])
async def test_every_answer_is_well_made(app: App, line: str) -> None:
    answer = await safely(app.commands.answer(MODERATOR, line))
    shown = Shown(commands=tuple(each.name for each in app.commands.all), line=line)
    for message in parts(answer, shown):
        well_made(message)
        for quoted in answer.quotations if isinstance(answer, Reply) else ():
            if not quoted.errata:
                assert quoted.text in message.body
                assert quoted.text in Read(message.html).text


@examples(60)
@given(TEXTS, TEXTS)
def test_hostile_text_comes_out_as_text(text: str, short: str) -> None:
    for message in parts(everything(text, short), SHOWN):
        read = well_made(message)
        assert all(OURS.fullmatch(link) for link in read.links), read.links


# Those that grow most when they are written, and those that are worst to divide; below, all the others.
@pytest.mark.extended
@pytest.mark.parametrize("sign", ["<", "🙂"])
def test_65_kilobytes_of_a_hostile_sign_are_divided_into_events_that_fit(sign: str) -> None:
    number = 65_536 // len(sign.encode("utf-8", "surrogatepass"))
    messages = parts(everything(sign * number), SHOWN)
    assert len(messages) > 3
    for message in messages:
        well_made(message)


@pytest.mark.extended
@pytest.mark.parametrize("sign", SIGNS[::4])
def test_65_kilobytes_of_any_hostile_sign_are_divided_into_events_that_fit(sign: str) -> None:
    test_65_kilobytes_of_a_hostile_sign_are_divided_into_events_that_fit(sign)


def test_a_link_leads_to_the_source_or_to_a_message_and_nowhere_else() -> None:
    said = (
        "See https://x.org/a, or https://x.org/ab, “https://x.org/a”, https://matrix.to/#/@anna:x.org and "
        "(https://matrix.to/#/!r:x.org/$e-_1). javascript:https://x.org/a"
    )
    (message,) = parts(Reply("", (Prose(said),)), SHOWN)
    assert well_made(message).links == ["https://x.org/a", "https://matrix.to/#/!r:x.org/$e-_1"]
    assert message.body == said
    assert Read(message.html).text == said


def test_a_line_to_type_is_code_and_cannot_end_it() -> None:
    (message,) = parts(Reply("T", actions=(Action("<b>", "quote </code><b>x"),)), Shown(prefix="k<"))
    assert "<p>&lt;b&gt;: <code>k&lt;quote &lt;/code&gt;&lt;b&gt;x</code></p>" in message.html
    well_made(message)
