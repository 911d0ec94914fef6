"""What is stored, shown and deleted."""

import json
from pathlib import Path

import pytest

from bot.app import App
from bot.caller import Caller
from bot.errors import Refused
from bot.reply import Bullets, Code, Prose
from tests.conftest import Ask

MODERATOR = Caller("m", "test:1", is_moderator=True)


async def test_everything_about_privacy_is_answered_privately(ask: Ask) -> None:
    for line in ("/privacy show", "/privacy export", "/privacy delete", "/privacy delete group"):
        assert (await ask(line, MODERATOR)).private


async def test_a_member_learns_that_nothing_is_stored_about_them(ask: Ask) -> None:
    await ask("/discuss")
    reply = await ask("/privacy show")
    assert [piece for piece in reply.pieces if isinstance(piece, Bullets)] == []
    assert any(isinstance(piece, Prose) and "Nothing is stored about you" in piece.text for piece in reply.pieces)


async def test_no_word_or_name_of_a_member_reaches_the_state(app: App, ask: Ask, state: Path) -> None:
    planted = "Zebra1917"
    for line in (f"/quote {planted}", "/discuss", "/quote", f"/search {planted}", f"/verify {planted} says so"):
        await ask(line, Caller(planted, "test:1"))
    for file in sorted(state.glob("state.sqlite*")):  # noqa: ASYNC240  # the bot waits for nothing meanwhile
        assert planted.casefold().encode() not in file.read_bytes().lower()


async def test_a_moderator_exports_and_deletes_what_the_group_was_given(ask: Ask) -> None:
    await ask("/discuss")
    (exported,) = (piece for piece in (await ask("/privacy export", MODERATOR)).pieces if isinstance(piece, Code))
    (given,) = json.loads(exported.text)["about_this_group"]
    assert given["kind"] == "prompt"
    assert given["given_at"] == "2026-05-01T00:30:00+00:00"
    await ask("/privacy delete group", MODERATOR)
    (exported,) = (piece for piece in (await ask("/privacy export", MODERATOR)).pieces if isinstance(piece, Code))
    assert json.loads(exported.text)["about_this_group"] == []


async def test_a_member_may_not_delete_what_is_stored_about_the_group(ask: Ask) -> None:
    with pytest.raises(Refused, match="Only moderators"):
        await ask("/privacy delete group")
