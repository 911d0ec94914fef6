"""Help, and what is being read."""

from dataclasses import replace

import pytest

from bot.app import App
from bot.caller import Caller
from bot.errors import UserError
from bot.reply import Bullets, Prose, Reply
from tests.conftest import CALLER, Ask

MODERATOR = replace(CALLER, is_moderator=True)
# What a phone shows of one item without turning it into a page: Discord's and Element's lines have about 45 letters.
MOST_LETTERS, MOST_ITEMS = 220, 20


def items(reply: Reply, heading: str = "") -> list[str]:
    """Return the items of an answer under a heading."""
    return [
        item for each in reply.pieces if isinstance(each, Bullets) and each.heading == heading for item in each.items
    ]


async def test_help_names_every_command_that_members_have(ask: Ask, app: App) -> None:
    listed = items(await ask("/help"))
    for command in app.commands.all:
        assert any(item.startswith(f"/{command.usage}: ") for item in listed) != command.for_moderators, command.name
    assert items(await ask("/help"), "For moderators") == []


async def test_help_names_moderators_commands_below_in_a_line_a_group(ask: Ask, app: App) -> None:
    reply = await ask("/help", MODERATOR)
    assert items(reply) == items(await ask("/help"))
    assert isinstance(reply.pieces[-1], Bullets)
    below = items(reply, "For moderators")
    assert [item.partition(":")[0] for item in below] == ["/config", "/schedule", "/prompts"]
    for command in app.commands.all:
        first, _, second = command.name.partition(" ")
        line = next((item for item in below if item.startswith(f"/{first}: ")), "")
        assert (f" {second}," in line or f" {second}." in line) == command.for_moderators, command.name


async def test_help_is_short_enough_for_a_phone(ask: Ask) -> None:
    reply = await ask("/help", MODERATOR)
    everything = items(reply) + items(reply, "For moderators")
    assert len(everything) <= MOST_ITEMS
    assert [item for item in everything if len(item) > MOST_LETTERS] == []


@pytest.mark.parametrize("group", ["config", "schedule", "prompts", "privacy"])
async def test_a_group_of_commands_is_explained_with_each_of_them(ask: Ask, app: App, group: str) -> None:
    listed = items(await ask(f"/help {group}", MODERATOR))
    expected = [f"/{each.usage}: {each.about}" for each in app.commands.all if each.name.startswith(f"{group} ")]
    assert listed == expected
    assert len(expected) > 2


@pytest.mark.parametrize("typed", ["/help /schedule add", "/help !SCHEDULE  add", "/help schedule add"])
async def test_a_command_is_explained_however_it_is_written(ask: Ask, typed: str) -> None:
    assert (await ask(typed)).title == "/schedule add what when [section:] [kind:]"


async def test_each_command_is_explained_with_every_argument(ask: Ask, app: App) -> None:
    for command in app.commands.all:
        reply = await ask(f"/help {command.name}")
        assert reply.title == f"/{command.usage}"
        explained = [item for piece in reply.pieces if isinstance(piece, Bullets) for item in piece.items]
        assert [item.split(":")[0].split(" ")[0] for item in explained] == [a.name for a in command.arguments]


async def test_an_unknown_command_is_met_with_the_one_that_is_meant(ask: Ask) -> None:
    with pytest.raises(UserError, match="Did you mean /quote"):
        await ask("/help qoute")
    with pytest.raises(UserError, match="Did you mean /config timezone"):
        await ask("/help config timezon")


async def test_about_says_only_what_the_source_says_of_rights(ask: Ask) -> None:
    text = " ".join(piece.text for piece in (await ask("/about")).pieces if isinstance(piece, Prose))
    assert "The source says nothing of rights." in text
    assert "(about 2007)" in text


async def test_another_reading_must_exist(ask: Ask) -> None:
    with pytest.raises(UserError, match="There is no reading “capital”"):
        await ask("/about", Caller("a", "test:1", reading="capital"))
