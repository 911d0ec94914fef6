"""What is stored, shown and deleted."""

import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from bot.app import App
from bot.caller import Caller
from bot.errors import DeliveryFailed, Refused, UserError
from bot.features.privacy import ABOUT_GROUPS
from bot.platforms.terminal.room import Room
from bot.posting import Post, Receipt, Target
from bot.reply import Bullets, Code, Prose, Reply
from bot.store.groups import OF_GROUPS
from bot.store.inbox import Received
from bot.store.outbox import Message
from bot.store.state import FILE
from tests.conftest import Ask
from tests.features.conftest import Circle, said

MODERATOR = Caller("m", "test:1", is_moderator=True)
# Tables that know neither groups nor members.
ABOUT_NOBODY = {"matrix_stream", "button_line", "published_commands"}
# Columns that can name somebody, or where they are.
ABOUT_SOMEBODY = re.compile(r"group|scope|server|channel|member|user|author|moderator")


def stored_in(reply: Reply) -> dict[str, object]:
    """Return what an export gives out."""
    (exported,) = (piece for piece in reply.pieces if isinstance(piece, Code))
    found = json.loads(exported.text)
    assert isinstance(found, dict)
    return found


def rows(folder: Path) -> dict[str, list[dict[str, object]]]:
    """Return every row of every table of the state."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in names}  # noqa: S608


def columns(folder: Path) -> dict[str, set[str]]:
    """Return the columns of every table of the state."""
    with closing(sqlite3.connect(folder / FILE)) as connection:
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: {row[1] for row in connection.execute(f"PRAGMA table_info({name})")} for name in names}


async def test_everything_about_privacy_is_answered_privately(ask: Ask) -> None:
    for line in ("/privacy show", "/privacy export", "/privacy delete", "/privacy delete group"):
        assert (await ask(line, MODERATOR)).private
    for line in ("/privacy show", "/privacy export", "/privacy delete"):
        assert (await ask(line)).private


async def test_a_member_learns_that_nothing_is_stored_about_them(ask: Ask) -> None:
    await ask("/discuss")
    reply = await ask("/privacy show")
    assert [piece for piece in reply.pieces if isinstance(piece, Bullets)] == []
    assert any(isinstance(piece, Prose) and "Nothing is stored about you" in piece.text for piece in reply.pieces)
    assert stored_in(await ask("/privacy export")) == {"about_you": []}


async def test_no_word_or_name_of_a_member_reaches_the_state(app: App, ask: Ask, state: Path) -> None:
    planted = "Zebra1917"
    for line in (f"/quote {planted}", "/discuss", "/quote", f"/search {planted}", f"/verify {planted} says so"):
        await ask(line, Caller(planted, "test:1"))
    for file in sorted(state.glob("state.sqlite*")):  # noqa: ASYNC240  # the bot waits for nothing meanwhile
        assert planted.casefold().encode() not in file.read_bytes().lower()


async def test_a_moderator_exports_and_deletes_what_the_group_was_given(ask: Ask) -> None:
    await ask("/discuss")
    about_group = stored_in(await ask("/privacy export", MODERATOR))["about_this_group"]
    assert isinstance(about_group, dict)
    (given,) = about_group["given"]
    assert given["kind"] == "prompt"
    assert given["given_at"] == "2026-05-01T00:30:00+00:00"
    deleted = await ask("/privacy delete group", MODERATOR)
    assert "Deleted 1 entry about this group" in said(deleted)
    assert stored_in(await ask("/privacy export", MODERATOR))["about_this_group"] == {}


async def test_a_member_may_not_delete_what_is_stored_about_the_group(ask: Ask) -> None:
    with pytest.raises(Refused, match="Only moderators"):
        await ask("/privacy delete group")


async def test_what_is_to_be_deleted_is_said_plainly(ask: Ask) -> None:
    with pytest.raises(UserError, match=r"Nothing is deleted\. Say me or group, not “everything”"):
        await ask("/privacy delete everything", MODERATOR)


async def test_every_table_about_somebody_can_be_shown_exported_and_deleted(circle: Circle) -> None:
    tables = columns(circle.folder)
    assert set(ABOUT_GROUPS) == set(OF_GROUPS)
    about = {name for name, names in tables.items() if any(ABOUT_SOMEBODY.search(column) for column in names)}
    assert about == set(OF_GROUPS), "say in OF_GROUPS and ABOUT_GROUPS what a new table keeps, and why"
    assert set(tables) - about == ABOUT_NOBODY, "say here that a new table knows nobody"
    assert all(column in tables[name] for name, column in OF_GROUPS.items())
    members = {name for name, names in tables.items() if "member" in names}
    assert members == {"change"}, "privacy delete takes members' numbers out of changes alone"


class Broken(Room):
    """A room that takes no post."""

    async def post(self, target: Target, post: Post, key: str) -> Receipt:
        """Refuse."""
        raise DeliveryFailed("the room is closed")


async def fill(circle: Circle, who: Caller) -> None:
    """Bring something about a circle into every table."""
    lines = [
        "config length sentence",
        "prompts add What should our union do about it? passage:7.2",
        "prompts disable if-anything",
        "schedule add prompt thursdays 19:00",
        "schedule add quote daily 08:00",
        "schedule run 1",
        "schedule remove 2",
        "discuss",
    ]
    for line in lines:
        await circle.ask(f"/{line}", who)
    await circle.app.groups.seen(who.group, who.server)
    await ask_on_matrix(circle, who.group)
    circle.clock.wait(days=7)
    for _ in range(8):
        circle.clock.wait(minutes=11)
        await circle.app.delivery.deliver_due(Broken(circle.folder))


async def ask_on_matrix(circle: Circle, group: str) -> None:
    """Leave a question, an answer on its way, one that was sent, and a poll, as Matrix does."""
    now, app = circle.clock(), circle.app
    await app.inbox.take_in("@kruzhok:example.org", "s1", [Received(group, f"$asked in {group}", {})], now)
    message = Message(f"key in {group}", group, "", group, "m.room.message", {})
    await app.outbox.keep(message, now)
    await app.outbox.remember(message, f"$answered in {group}", now)
    await app.outbox.asked(f"$post in {group}", group, "$poll", now)


async def test_what_is_deleted_about_a_group_is_gone_and_another_keeps_its_own(circle: Circle) -> None:
    for who in (circle.moderator, circle.elsewhere):
        await fill(circle, who)
    about_group = stored_in(await circle.ask("/privacy export"))["about_this_group"]
    assert isinstance(about_group, dict)
    assert set(about_group) == set(OF_GROUPS)
    shown = said(await circle.ask("/privacy show"))
    for name, (called, why) in ABOUT_GROUPS.items():
        assert f"{called}: {len(about_group[name])} ({why})" in shown
    kept = await circle.app.groups.everything("terminal:c")
    await circle.ask("/privacy delete group")
    left = [row for table in rows(circle.folder).values() for row in table if "terminal:a" in row.values()]
    assert left == []
    assert await circle.app.groups.everything("terminal:c") == kept
    assert "About this group\nNothing." in said(await circle.ask("/privacy show"))
    assert "length: passage (the default)" in said(await circle.ask("/config show"))
    assert await circle.deliver() == 0
    assert (await circle.ask("/schedule add prompt thursdays 19:00")).title == "Schedule 1 is set"


async def test_a_moderator_is_shown_and_taken_out_of_what_they_changed(circle: Circle) -> None:
    await circle.ask("/config timezone Europe/Paris")
    assert "beside 1 change that you made" in said(await circle.ask("/privacy show"))
    await circle.ask("/config grace 2", circle.elsewhere)
    # It is shown to them wherever they are, also as a member.
    member = replace(circle.member, user=circle.moderator.user, group="terminal:z", server="")
    assert "beside 2 changes that you made" in said(await circle.ask("/privacy show", member))
    about_you = stored_in(await circle.ask("/privacy export", member))["about_you"]
    assert isinstance(about_you, list)
    assert [each["what"] for each in about_you] == ["grace", "timezone"]
    assert "taken out of 2 changes" in said(await circle.ask("/privacy delete", member))
    assert not any(circle.moderator.user in row.values() for table in rows(circle.folder).values() for row in table)
    assert "by a member who had their name deleted" in said(await circle.ask("/config log"))
    assert "timezone: Europe/Paris (chosen here)" in said(await circle.ask("/config show"))
    assert (await circle.ask("/privacy delete me")).title == "Nothing to delete"


async def test_other_moderators_numbers_are_not_given_out(circle: Circle) -> None:
    await circle.ask("/config timezone Europe/Paris")
    other = replace(circle.moderator, user="terminal:other")
    reply = await circle.ask("/privacy export", other)
    assert "another moderator" in str(reply)
    assert "terminal:mo" not in str(stored_in(reply))
    assert "terminal:mo" in str(stored_in(await circle.ask("/privacy export")))
