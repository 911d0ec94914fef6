"""A circle goes on in the room that takes its room's place, if both rooms say so; nobody else can move anything."""

import pytest

from tests.platforms.matrix.circle import Circle, body, membership
from tests.platforms.matrix.plain import Plain
from tests.platforms.matrix.plain import plain as client

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def decided(circle: Circle, person: Plain, room: str) -> None:
    """Let a circle have settings, a schedule, a prompt of its own, and a history."""
    for line in (
        "config timezone Europe/Paris",
        "schedule add prompt thursdays 19:00",
        "prompts add What would you have done? passage:7.2",
        "schedule run 1",
    ):
        answer = body(await circle.ask(person, room, f"!{line}"))
        assert answer, line


async def tables(circle: Circle, room: str) -> set[str]:
    """Return of what something is kept about a room's group."""
    return set(await circle.app.groups.everything(f"matrix:{room}"))


async def moved(circle: Circle, person: Plain, old: str, new: str) -> None:
    """See that everything has moved, and works where it is."""
    await circle.comes(person, new)
    await circle.said(person, new)
    assert {"setting", "schedule", "own_prompt", "occurrence", "change"} <= await tables(circle, new)
    assert not {"setting", "schedule", "own_prompt", "occurrence"} & await tables(circle, old)
    asked = ("config show", "schedule list", "prompts list", "schedule history")
    shown = {line: body(await circle.ask(person, new, line)) for line in asked}
    assert "timezone: Europe/Paris (chosen here)" in shown["config show"]
    assert "1. prompt, thursdays 19:00 (Europe/Paris)" in shown["schedule list"]
    assert "What would you have done?" in shown["prompts list"]
    assert "1. prompt (if-anything), posted in" in shown["schedule history"]


async def test_a_public_room_that_is_upgraded_is_followed(circle: Circle) -> None:
    clara = await circle.person()
    old = await circle.room(clara, preset="public_chat", room_version="10")
    await decided(circle, clara, old)
    new = (await clara.request("POST", f"/rooms/{old}/upgrade", {"new_version": "11"}))["replacement_room"]
    await moved(circle, clara, old, new)


async def test_a_private_room_that_is_upgraded_is_followed_when_it_is_opened(circle: Circle) -> None:
    clara = await circle.person()
    old = await circle.room(clara, room_version="11")
    await decided(circle, clara, old)
    new = (await clara.request("POST", f"/rooms/{old}/upgrade", {"new_version": "12"}))["replacement_room"]
    await clara.invite(new, circle.bot.id)
    await moved(circle, clara, old, new)


async def test_an_upgrade_while_the_bot_is_stopped_is_followed(circle: Circle) -> None:
    clara = await circle.person()
    old = await circle.room(clara, preset="public_chat", room_version="10")
    await decided(circle, clara, old)
    await circle.stop()
    new = (await clara.request("POST", f"/rooms/{old}/upgrade", {"new_version": "12"}))["replacement_room"]
    await circle.start()
    await moved(circle, clara, old, new)


async def test_a_tombstone_that_names_a_room_that_knows_nothing_of_it_moves_nothing(circle: Circle) -> None:
    clara, mallory = await circle.person(), await circle.person("mallory")
    mine = await circle.room(clara)
    await decided(circle, clara, mine)
    theirs = await circle.room(mallory)
    await decided(circle, mallory, theirs)
    before = await circle.app.groups.everything(f"matrix:{mine}")
    # Mallory's room says that Clara's has taken its place.
    await mallory.state(theirs, "m.room.tombstone", content={"body": "moved", "replacement_room": mine})
    await circle.said(mallory, theirs)
    await circle.said(clara, mine)
    after = await circle.app.groups.everything(f"matrix:{mine}")
    assert after["setting"] == before["setting"]
    assert after["schedule"] == before["schedule"]
    assert "schedule" in await tables(circle, theirs)


async def test_a_room_that_only_says_that_it_takes_anothers_place_gets_nothing(circle: Circle) -> None:
    clara, mallory = await circle.person(), await circle.person("mallory")
    mine = await circle.room(clara)
    await decided(circle, clara, mine)
    claim = {"predecessor": {"room_id": mine, "event_id": "$last"}}
    theirs = await circle.room(mallory, room_version="11", creation_content=claim)
    await circle.said(mallory, theirs)
    assert {"setting", "schedule", "own_prompt"} <= await tables(circle, mine)
    assert not {"setting", "schedule", "own_prompt"} & await tables(circle, theirs)
    assert "timezone: UTC (the default)" in body(await circle.ask(mallory, theirs, "config show"))


async def test_a_room_to_which_only_a_tombstone_leads_is_left_again(circle: Circle) -> None:
    mallory, boris = await circle.person("mallory"), await circle.person("boris")
    theirs = await circle.room(mallory)
    elsewhere = await boris.create_room(preset="public_chat")
    async with client(circle.homeserver.address, circle.bot) as itself:
        await mallory.state(theirs, "m.room.tombstone", content={"body": "moved", "replacement_room": elsewhere})
        await circle.comes(boris, elsewhere)
        await circle.goes(itself, elsewhere)
    await mallory.state(theirs, "m.room.name", content={"name": "Changed"})
    await circle.said(mallory, theirs)
    memberships = [membership(each, circle.bot.id) for each in await boris.messages(elsewhere)]
    assert [each for each in memberships if each] == ["join", "leave"]  # and it does not come again
    await boris.invite(elsewhere, circle.bot.id)
    await circle.comes(boris, elsewhere)
    assert "1918" in body(await circle.ask(boris, elsewhere, "quote Cheka"))
