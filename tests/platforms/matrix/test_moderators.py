"""Who may configure a circle, by the power levels of its room; and that configuring works as on Discord."""

from typing import Any

import pytest

from bot.platforms.matrix.answering import REFUSED, SENT_DIRECTLY
from bot.platforms.matrix.delivery import NO_ROLES, NO_TAGS, ONLY_ROOM
from tests.platforms.matrix.circle import Circle, body
from tests.platforms.matrix.plain import Plain

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERSIONS = ("10", pytest.param("11", marks=pytest.mark.extended), "12")


async def moderates(circle: Circle, person: Plain, room: str) -> bool:
    """Ask for what only moderators get, and return whether they did."""
    said = body(await circle.ask(person, room, "!schedule list"))
    assert said in (SENT_DIRECTLY, REFUSED)
    return said == SENT_DIRECTLY


async def three(circle: Circle, **content: Any) -> tuple[Plain, Plain, Plain, str]:
    """Return Clara, who made a room, Anna and Boris, and the room with the bot in it."""
    clara, anna, boris = [await circle.person(name) for name in ("clara", "anna", "boris")]
    return clara, anna, boris, await circle.room(clara, anna, boris, **content)


async def set_levels(person: Plain, room: str, **changed: Any) -> None:
    """Change a room's power levels."""
    levels = await person.state(room, "m.room.power_levels")
    await person.state(room, "m.room.power_levels", content={**levels, **changed})


async def standing(circle: Circle, room: str, *people: Plain) -> list[bool]:
    """Return of each person whether they moderate."""
    return [await moderates(circle, each, room) for each in people]


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_creator_moderates_and_members_do_not(circle: Circle, version: str) -> None:
    clara, anna, boris, room = await three(circle, room_version=version)
    assert await standing(circle, room, clara, anna, boris) == [True, False, False]


@pytest.mark.parametrize("version", VERSIONS)
async def test_levels_decide_when_the_command_runs(circle: Circle, version: str) -> None:
    clara, anna, boris, room = await three(circle, room_version=version)
    users = (await clara.state(room, "m.room.power_levels"))["users"]
    await set_levels(clara, room, users={**users, anna.id: 50, boris.id: 49})
    assert await standing(circle, room, anna, boris) == [True, False]
    await set_levels(clara, room, users={**users, anna.id: 49, boris.id: 50})
    assert await standing(circle, room, anna, boris) == [False, True]


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_level_is_that_which_changing_the_room_takes(circle: Circle, version: str) -> None:
    clara, anna, boris, room = await three(circle, room_version=version)
    users = (await clara.state(room, "m.room.power_levels"))["users"]
    await set_levels(clara, room, users={**users, anna.id: 75, boris.id: 60}, state_default=75)
    assert await standing(circle, room, clara, anna, boris) == [True, True, False]
    await set_levels(clara, room, users=users, users_default=75)
    assert await standing(circle, room, anna, boris) == [True, True]


async def test_further_creators_of_version_12_moderate_whatever_the_levels_are(circle: Circle) -> None:
    clara, anna, boris = [await circle.person(name) for name in ("clara", "anna", "boris")]
    further = {"additional_creators": [anna.id]}
    room = await circle.room(clara, anna, boris, room_version="12", creation_content=further)
    levels = await clara.state(room, "m.room.power_levels")
    assert not {clara.id, anna.id} & set(levels.get("users", {}))
    await set_levels(clara, room, state_default=100)
    assert await standing(circle, room, clara, anna, boris) == [True, True, False]


async def test_whoever_was_put_out_learns_no_more_by_reactions_in_their_direct_room(circle: Circle) -> None:
    clara, anna, boris = await circle.person("clara"), await circle.person(), await circle.person("boris")
    room = await circle.room(clara, anna, boris)
    users = (await clara.state(room, "m.room.power_levels")).get("users", {})
    await set_levels(clara, room, users={**users, anna.id: 50})
    for number in range(8):
        chosen = f'length = "{("sentence", "passage")[number % 2]}", threads = "{("on", "off")[number % 2]}"'
        await circle.ask(clara, room, f"!config import {{ grace = {number}, {chosen} }} apply:yes")
    await circle.ask(anna, room, "!config log")
    direct = await circle.direct_room(anna)
    shown = await circle.told(anna, direct)
    assert "React with ➡️ for the next page" in body(shown)
    await anna.react(direct, shown["event_id"], "➡️")
    assert "grace: " in body(await circle.answer(anna, direct, shown["event_id"]))
    await clara.kick(room, anna.id)
    await circle.said(clara, room)
    await anna.react(direct, shown["event_id"], "➡")
    refused = body(await circle.answer(anna, direct, shown["event_id"]))
    assert refused == "Only moderators of this group may use config log."


async def test_configuring_works_as_elsewhere(circle: Circle) -> None:
    clara = await circle.person()
    anna = await circle.person("anna")
    room = await circle.room(clara, anna)

    async def ask(line: str) -> str:
        assert body(await circle.ask(clara, room, f"!{line}")) == SENT_DIRECTLY, line
        return body(await circle.told(clara, direct))

    await circle.ask(clara, room, "!config show")
    direct = await circle.direct_room(clara)
    first = body(await circle.told(clara, direct))
    assert first.startswith("Settings\n")
    assert "timezone: UTC (the default)" in first
    assert "!config timezone Europe/Paris" in first
    changed = await ask("config timezone Europe/Paris")
    assert "timezone was UTC, and is Europe/Paris now." in changed
    assert "Undo: !config timezone default" in changed
    assert "timezone: Europe/Paris (chosen here)" in await ask("config show")
    log = await ask("config log")
    assert "timezone: default → Europe/Paris, by member" in log
    assert clara.id in log
    assert 'timezone = "Europe/Paris"' in await ask("config export")
    await ask('config import { timezone = "Asia/Tokyo", length = "sentence" } apply:yes')
    assert "length: sentence (chosen here)" in await ask("config show")
    added = await ask("schedule add prompt thursdays 19:00")
    assert "Schedule 1 is set" in added
    assert "Asia/Tokyo" in added
    assert "1. prompt" in await ask("schedule list")
    assert "Schedule 1 does not post on" in await ask("schedule skip 1")
    assert "Paused" in await ask("schedule pause 1")
    assert "goes on" in await ask("schedule resume 1")
    assert "is removed" in await ask("schedule remove 1")
    assert "What would you have done?" in await ask("prompts add What would you have done? passage:7.2")
    assert "What would you have done?" in await ask("prompts list")
    assert "settings: 2" in await ask("privacy show")
    assert "All is well" in await ask("config check")
    assert "Deleted" in await ask("privacy delete group")
    assert "timezone: UTC (the default)" in await ask("config show")


async def test_what_makes_no_sense_on_matrix_is_not_offered_and_refused_in_words(circle: Circle) -> None:
    clara = await circle.person()
    room = await circle.room(clara)
    shown = body(await circle.ask(clara, room, "config show"))
    names = {line[2:].partition(":")[0] for line in shown.splitlines() if line.startswith("• ")}
    assert {"prefix", "mention", "channel", "threads"} <= names
    assert not names & {"tag", "moderators"}
    for value in ("", "none", "default", "news"):
        assert body(await circle.ask(clara, room, f"config tag {value}")) == NO_TAGS
        assert body(await circle.ask(clara, room, f"config moderators {value}")) == NO_ROLES
    assert NO_TAGS in body(await circle.ask(clara, room, 'config import {tag = "none"}'))
    assert body(await circle.ask(clara, room, f"config mention {clara.id}")) == ONLY_ROOM


async def test_a_channel_is_a_room_that_the_moderator_moderates_too(circle: Circle) -> None:
    clara, anna = await circle.person("clara"), await circle.person("anna")
    room = await circle.room(clara)
    alias = circle.homeserver.fresh("announcements")
    other = await circle.room(clara, room_alias_name=alias, name="<b>News</b> @room")
    foreign = await circle.room(anna, clara)
    said = body(await circle.ask(clara, room, f"config channel #{alias}:{circle.homeserver.name}"))
    assert "is <b>News</b> @room now" in said
    assert "is the circle's own channel now" in body(await circle.ask(clara, room, "config channel here"))
    assert "<b>News</b> @room" in body(await circle.ask(clara, room, f"config channel {other}"))
    assert "no moderator of that room" in body(await circle.ask(clara, room, f"config channel {foreign}"))
    assert "is not in that room" in body(await circle.ask(clara, room, "config channel !none:circle.test"))
    assert "There is no room #none" in body(await circle.ask(clara, room, "config channel #none:circle.test"))
