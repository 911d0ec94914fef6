"""What is kept of what members say on Matrix: nothing, once it is answered; and nothing of it is logged."""

import logging
import sqlite3

import pytest

from bot.features.privacy import ABOUT_GROUPS
from tests.platforms.matrix.circle import Circle, body
from tests.platforms.matrix.plain import Plain

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIDED = "Rosa told me in confidence"


def kept(circle: Circle) -> str:
    """Return everything that stands in the databases of the state folder, but for the readings."""
    found: list[str] = []
    for file in circle.folder.glob("*.sqlite"):
        if file.name.startswith("library"):
            continue
        with sqlite3.connect(file) as connection:
            found += connection.iterdump()
        connection.close()
    assert found
    return "\n".join(found)


async def said(circle: Circle) -> tuple[Plain, Plain, str]:
    """Let members ask all kinds of things, and return them and their room."""
    clara, anna = await circle.person(), await circle.person()
    room = await circle.room(clara, anna)
    for line in (f"!quote {CONFIDED}", f"!kruzhok {CONFIDED}", f"!verify {CONFIDED}", "!privacy export", "!read 99"):
        await circle.ask(anna, room, line)
    await anna.send(room, CONFIDED)
    answer = await circle.ask(anna, room, "!quote Cheka")
    await anna.react(room, answer["event_id"], "🔁")
    await circle.answer(anna, room, answer["event_id"])
    return clara, anna, room


async def test_no_text_and_no_name_of_a_reader_is_kept(circle: Circle) -> None:
    _, anna, room = await said(circle)
    await circle.said(anna, room)
    everything = kept(circle)
    assert CONFIDED not in everything
    assert anna.id not in everything
    assert "1918" not in everything  # nor what they were answered


async def test_nothing_that_members_say_is_logged(circle: Circle, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        _, anna, room = await said(circle)
        await circle.said(anna, room)
    assert CONFIDED not in caplog.text
    assert "confidence" not in caplog.text


async def test_what_is_kept_of_the_room_is_shown_and_can_be_deleted(circle: Circle) -> None:
    clara, anna, room = await said(circle)
    await circle.ask(clara, room, "!config timezone Europe/Paris")
    direct = await circle.direct_room(clara)
    await circle.ask(clara, room, "!privacy show")
    shown = await clara.wait_for(lambda event: body(event).startswith("What is stored"), direct)
    assert f"{ABOUT_GROUPS['matrix_answer'][0]}: " in body(shown)
    assert "settings: 1" in body(shown)
    await circle.ask(clara, room, "!privacy export")
    exported = await clara.wait_for(lambda event: "about_this_group" in body(event), direct)
    assert anna.id not in body(exported)
    assert CONFIDED not in body(exported)
    await circle.ask(clara, room, "!privacy delete group")
    everything = await circle.app.groups.everything(f"matrix:{room}")
    assert "setting" not in everything
    # What answers that very command, so that it is not answered twice.
    assert len(everything.get("matrix_answer", [])) <= 1
