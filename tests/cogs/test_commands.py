"""Every slash command answers, with the feature's own words."""

from typing import Any

import discord
import pytest

from tests.platforms.discord.circle import Circle, buttons, text

# What is asked, and what stands in the answer.
ASKED: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("quote", {"words": "Cheka"}, "self-inflicted death in 1918"),
    ("quote", {}, "Wayne Price"),
    ("quote", {"words": "Cheka", "section": "2", "after": "7.1-3"}, "¶"),
    ("search", {"words": "Kronstadt"}, "**Kronstadt**"),
    ("search", {"words": "Serge", "page": 2}, "page 2 of"),
    ("read", {"place": "¶7"}, "¶ 7.1"),
    ("read", {"place": "1"}, "page 1 of"),
    ("read", {}, "Introduction"),
    ("contents", {}, "Criticisms of the Bolsheviks"),
    ("summary", {"section": "2"}, "(¶ "),
    ("discuss", {"about": "Cheka", "kind": "interpretive"}, "Follow-ups"),
    ("discuss", {"section": "2"}, "minutes"),
    ("glossary", {"term": "Cheka"}, "Mentioned in"),
    ("glossary", {}, "People"),
    ("cite", {"place": "7.2", "style": "bibtex"}, "```bibtex"),
    ("cite", {}, "Price"),
    ("verify", {"quotation": "self-inflicted death in 1918"}, "Word for word"),
    ("verify", {"quotation": "self-inflicted birth in 1918"}, "You wrote: self-inflicted **birth**"),
    ("help", {}, "</quote:"),
    ("help", {"command": "quote"}, "after"),
    ("about", {}, "Kruzhok"),
    ("privacy show", {}, "Nothing is stored about you"),
    ("privacy export", {}, "```json"),
    ("privacy delete", {"what": "me"}, "Nothing is stored about you"),
)


@pytest.mark.parametrize(("command", "options", "said"), ASKED, ids=[f"{name} {given}" for name, given, _ in ASKED])
async def test_a_command_answers(circle: Circle, command: str, options: dict[str, Any], said: str) -> None:
    message = await circle.ask(command, **options)
    assert said in text(message)
    assert message.ephemeral == command.startswith("privacy")


async def test_every_readers_command_is_asked_above(circle: Circle) -> None:
    assert {name for name, _, _ in ASKED} == {each.name for each in circle.app.commands.all if not each.for_moderators}


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("quote", {"words": "Cheka"}),
        ("search", {"words": "Cheka"}),
        ("read", {}),
        ("contents", {}),
        ("summary", {"section": "2"}),
        ("discuss", {}),
        ("glossary", {}),
        ("cite", {}),
        ("verify", {"quotation": "Serge"}),
        ("help", {}),
        ("about", {}),
    ],
)
async def test_a_private_answer_is_seen_by_one_member_and_can_be_posted(
    circle: Circle, command: str, options: dict[str, Any]
) -> None:
    message = await circle.ask(command, private=True, **options)
    assert message.ephemeral
    assert not circle.posted()
    posted = await circle.press(message, "Post here")
    assert not posted.ephemeral
    assert text(posted) == text(message)
    assert "Post here" not in buttons(posted)
    assert {label: each for label, each in buttons(message).items() if label != "Post here"} == buttons(posted)


async def test_an_answer_to_everybody_offers_no_posting(circle: Circle) -> None:
    assert "Post here" not in buttons(await circle.ask("quote", words="Cheka"))


async def test_what_is_private_by_nature_cannot_be_posted(circle: Circle) -> None:
    assert "Post here" not in buttons(await circle.ask("privacy show"))


async def test_what_is_wrong_is_said_to_the_one_who_asked(circle: Circle) -> None:
    message = await circle.ask("read", place="¶99")
    assert message.ephemeral
    assert "There is no ¶ 99" in text(message)
    assert not circle.posted()


async def test_members_cannot_delete_what_belongs_to_the_group(circle: Circle) -> None:
    refused = await circle.ask("privacy delete", what="group")
    assert refused.ephemeral
    assert "Only moderators" in text(refused)
    assert "Deleted 0 entries" in text(await circle.ask("privacy delete", by=circle.clara, what="group"))


async def test_who_may_not_write_may_not_post(circle: Circle) -> None:
    muted = discord.PermissionOverwrite(send_messages=False)
    circle.channel = circle.guild.create_text_channel("quiet", overwrites={circle.anna: muted})
    told = await circle.press(await circle.ask("quote", words="Cheka", private=True), "Post here")
    assert told.ephemeral
    assert "You need the permission “Send Messages” in #quiet" in text(told)
    assert not circle.posted()
