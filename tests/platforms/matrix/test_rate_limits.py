"""Under the limits that Synapse has by default, all is answered, answers come first, and nothing comes twice."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from bot.caller import Caller
from tests.platforms.matrix.circle import Circle, gathered, replied_to
from tests.platforms.matrix.plain import Json, Plain
from tests.platforms.matrix.synapse import Synapse, synapse

# Synapse lets everybody send ten messages at once, and then one in five seconds.
BURST = 10
SECONDS = 120.0


@asynccontextmanager
async def limited(folder: Path, index: Path) -> AsyncIterator[tuple[Synapse, Circle]]:
    """Bring a circle together on a homeserver as it is set up by default."""
    async with synapse(folder / "synapse", defaults=True) as server, gathered(server, folder / "bot", index) as circle:
        yield server, circle


async def member_without_limits(server: Synapse, circle: Circle) -> Plain:
    """Return somebody who may write as fast as they like: it is the bot that is limited."""
    person = await circle.person()
    await server.lift_limits(person.user)
    return person


def ours(events: list[Json], circle: Circle) -> list[Json]:
    """Return the bot's messages."""
    return [each for each in events if each["sender"] == circle.bot.id and each["type"] == "m.room.message"]


@pytest.mark.extended
async def test_more_than_the_server_takes_at_once_is_answered_in_the_end(tmp_path: Path, shipped_index: Path) -> None:
    async with limited(tmp_path, shipped_index) as (server, circle):
        person = await member_without_limits(server, circle)
        rooms = [await circle.room(person) for _ in range(2)]
        asked = [(room, await person.send(room, "!quote Cheka")) for _ in range(7) for room in rooms]
        for room, event in asked:
            await person.wait_for(_answers(event), room, SECONDS)
        for room in rooms:
            answers = [replied_to(each) for each in ours(await person.messages(room), circle)]
            assert answers == [event for where, event in asked if where == room]
        assert circle.errors == []


@pytest.mark.extended
async def test_a_scheduled_post_lets_answers_go_first(tmp_path: Path, shipped_index: Path) -> None:
    async with limited(tmp_path, shipped_index) as (server, circle):
        person = await member_without_limits(server, circle)
        room = await circle.room(person)
        asked = [(await circle.ask(person, room, "!contents"))["event_id"]]
        moderator = Caller(f"matrix:{person.id}", f"matrix:{room}", is_moderator=True)
        soon = circle.now() + timedelta(minutes=4)
        await circle.app.commands.answer(moderator, f"schedule add prompt daily {soon:%H:%M}")
        asked += [await person.send(room, "!quote Cheka") for _ in range(BURST)]
        await person.wait_for(_answers(asked[BURST - 2]), room, SECONDS)
        circle.ahead = timedelta(minutes=5)
        circle.app.delivery.wake()
        await person.wait_for(_is_post(circle), room, SECONDS)
        said = ours(await person.messages(room), circle)
        posts = [at for at, each in enumerate(said) if each["content"]["msgtype"] == "m.text"]
        assert posts == [BURST + 1], "one post, after all the answers"
        assert circle.errors == []


def _answers(asked: str) -> Callable[[Json], bool]:
    return lambda event: replied_to(event) == asked


def _is_post(circle: Circle) -> Callable[[Json], bool]:
    return lambda event: event["sender"] == circle.bot.id and event["content"].get("msgtype") == "m.text"
