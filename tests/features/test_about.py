"""Help, and what is being read."""

import pytest

from bot.app import App
from bot.caller import Caller
from bot.errors import UserError
from bot.reply import Bullets, Prose
from tests.conftest import Ask


async def test_help_names_every_command_that_a_member_can_use(ask: Ask, app: App) -> None:
    (listed,) = (piece for piece in (await ask("/help")).pieces if isinstance(piece, Bullets))
    names = [each.name for each in app.commands.all if not each.for_moderators]
    assert [item.split(" [")[0].split(":")[0].removeprefix("/") for item in listed.items if "contents" in item]
    assert all(any(item.startswith(f"/{name}") for item in listed.items) for name in names)
    assert not any("schedule" in item for item in listed.items)


async def test_moderators_see_theirs_in_a_line_a_group(ask: Ask, app: App) -> None:
    moderator = Caller("m", "test:1", is_moderator=True)
    _, listed = (piece for piece in (await ask("/help", moderator)).pieces if isinstance(piece, Bullets))
    assert len(listed.items) == 3
    for each in app.commands.all:
        if each.for_moderators:
            first, second = each.name.split(" ")
            assert any(item.startswith(f"/{first}:") and second in item for item in listed.items)


async def test_each_command_is_explained_with_every_argument(ask: Ask, app: App) -> None:
    for command in app.commands.all:
        reply = await ask(f"/help {command.name}")
        assert reply.title == f"/{command.usage}"
        explained = [item for piece in reply.pieces if isinstance(piece, Bullets) for item in piece.items]
        assert [item.split(":")[0].split(" ")[0] for item in explained] == [a.name for a in command.arguments]


async def test_an_unknown_command_is_met_with_the_one_that_is_meant(ask: Ask) -> None:
    with pytest.raises(UserError, match="Did you mean /quote"):
        await ask("/help qoute")


async def test_about_says_only_what_the_source_says_of_rights(ask: Ask) -> None:
    text = " ".join(piece.text for piece in (await ask("/about")).pieces if isinstance(piece, Prose))
    assert "The source says nothing of rights." in text
    assert "(about 2007)" in text


async def test_another_reading_must_exist(ask: Ask) -> None:
    with pytest.raises(UserError, match="There is no reading “capital”"):
        await ask("/about", Caller("a", "test:1", reading="capital"))
