"""Whose invitations are accepted, when the bot goes, and that nothing from before it came is answered."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from bot.platforms.matrix.homeserver import Homeserver, open_session
from bot.platforms.matrix.joining import MOST_OF_ONE, SECONDS_BETWEEN, Joining
from bot.platforms.matrix.rooms import Rooms
from bot.platforms.matrix.sending import Pauses
from bot.store.chosen import Chosen
from bot.store.groups import Groups
from bot.store.schedules import Schedules
from bot.store.state import open_state
from tests.platforms.matrix.circle import Circle, body, gathered
from tests.platforms.matrix.plain import Json, Plain
from tests.platforms.matrix.plain import plain as client
from tests.platforms.matrix.synapse import Synapse

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_whoever_is_on_its_own_server_can_invite_it(circle: Circle) -> None:
    anna = await circle.person()
    room = await circle.room(anna)
    assert "1918" in body(await circle.ask(anna, room, "quote Cheka"))


async def test_where_users_are_named_it_comes_for_them_only(
    homeserver: Synapse, tmp_path: Path, shipped_index: Path
) -> None:
    user = await homeserver.register(homeserver.fresh("anna"))
    async with AsyncExitStack() as stack:
        anna = await stack.enter_async_context(client(homeserver.address, user))
        named = (user.id.upper().replace("@ANNA", "@Anna"), "elsewhere.test")
        circle = await stack.enter_async_context(gathered(homeserver, tmp_path, shipped_index, invites=named))
        boris = await circle.person()
        declined = await boris.create_room(invite=[circle.bot.id])
        await circle.goes(boris, declined)
        room = await circle.room(anna)
        assert "1918" in body(await circle.ask(anna, room, "quote Cheka"))


async def test_what_was_said_before_it_came_is_not_answered(circle: Circle) -> None:
    anna, boris = await circle.person("anna"), await circle.person("boris")
    room = await anna.create_room(preset="private_chat", invite=[boris.id])
    await boris.join(room)
    for _ in range(5):
        await boris.send(room, "!quote Cheka")
    await anna.invite(room, circle.bot.id)
    await boris.send(room, "!quote Lenin")
    await circle.comes(anna, room)
    assert await circle.said(boris, room) == []
    await anna.kick(room, circle.bot.id)
    await boris.send(room, "!quote Cheka")
    await anna.invite(room, circle.bot.id)
    await circle.comes(anna, room)
    assert await circle.said(boris, room) == []


async def test_it_comes_when_invited_while_it_was_stopped_and_answers_what_is_said_from_then_on(
    circle: Circle,
) -> None:
    anna = await circle.person("anna")
    await circle.stop()
    room = await anna.create_room(preset="private_chat", invite=[circle.bot.id])
    await anna.send(room, "quote Cheka")
    await circle.start()
    await circle.comes(anna, room)
    assert await circle.said(anna, room) == []


async def test_it_leaves_when_it_is_alone(circle: Circle) -> None:
    anna, boris = await circle.person("anna"), await circle.person("boris")
    room = await circle.room(anna, boris)
    await boris.leave(room)
    assert "1918" in body(await circle.ask(anna, room, "quote Cheka"))
    async with client(circle.homeserver.address, circle.bot) as itself:
        await anna.leave(room)
        await circle.goes(itself, room)


async def test_it_leaves_when_it_was_left_alone_while_stopped(circle: Circle) -> None:
    anna = await circle.person("anna")
    room = await circle.room(anna)
    await circle.stop()
    await anna.leave(room)
    async with client(circle.homeserver.address, circle.bot) as itself:
        await circle.start()
        await circle.goes(itself, room)


@pytest.mark.parametrize("how", ["kick", "ban"])
async def test_put_out_it_remembers_the_room_for_a_while_and_its_posts_wait_for_moderators(
    circle: Circle, how: str
) -> None:
    anna, boris = await circle.person("anna"), await circle.person("boris")
    room = await circle.room(anna, boris)
    group = f"matrix:{room}"
    await circle.ask(anna, room, "!config timezone Europe/Paris")
    await anna.request("POST", f"/rooms/{room}/{how}", {"user_id": circle.bot.id})
    other = await circle.room(boris)
    await circle.ask(boris, other, "contents")
    kept = await circle.app.groups.everything(group)
    assert kept["known_group"][0]["left_at"] is not None
    assert kept["setting"]
    if how == "kick":
        await anna.invite(room, circle.bot.id)
        await circle.comes(anna, room)
        await circle.said(anna, room)
        assert (await circle.app.groups.everything(group))["known_group"][0]["left_at"] is None


async def test_a_name_or_a_picture_of_its_own_that_changes_is_no_coming(circle: Circle) -> None:
    anna, boris = await circle.person("anna"), await circle.person("boris")
    room = await circle.room(anna, boris)
    await circle.stop()
    asked = await anna.send(room, "!quote Cheka")
    async with client(circle.homeserver.address, circle.bot) as itself:
        await itself.request("PUT", f"/profile/{itself.id}/displayname", {"displayname": "Another"})
    await anna.wait_for(lambda event: event["content"].get("displayname") == "Another", room)
    await circle.start()
    await circle.answer(anna, room, asked)


async def joining(
    stack: AsyncExitStack, homeserver: Synapse, folder: Path, clock: list[float]
) -> tuple[Joining, Plain]:
    """Return what answers invitations of a new account, without waiting between them, and that account's own client."""
    user = await homeserver.register(homeserver.fresh("kruzhok"))
    state = await open_state(stack, folder)
    groups = Groups(state, Chosen(state, Schedules(state, "2026a"), lambda: 0.0))
    home = Homeserver(homeserver.address, await stack.enter_async_context(open_session()), user.token)

    async def no_sleep(seconds: float) -> None:
        clock[0] += seconds

    def pauses() -> Pauses:
        return Pauses(Random(1))

    made = Joining(home, user.id, Rooms(), groups, (), lambda: datetime.now(UTC), lambda: clock[0], no_sleep, pauses)
    return made, await stack.enter_async_context(client(homeserver.address, user))


def invitation(inviter: str, user: str) -> list[Json]:
    """Return what is told with an invitation."""
    return [{"type": "m.room.member", "state_key": user, "sender": inviter, "content": {"membership": "invite"}}]


async def test_a_flood_of_invitations_is_bounded_and_taken_up_slowly(homeserver: Synapse, tmp_path: Path) -> None:
    clock = [0.0]
    async with AsyncExitStack() as stack:
        made, itself = await joining(stack, homeserver, tmp_path, clock)
        mallory, anna = [
            await stack.enter_async_context(
                client(homeserver.address, await homeserver.register(homeserver.fresh("mallory")))
            )
            for _ in range(2)
        ]
        first, last, other = [await each.create_room(invite=[itself.id]) for each in (mallory, mallory, anna)]
        for room in (first, *(f"!{number}:circle.test" for number in range(MOST_OF_ONE - 1)), last):
            made.invited(room, invitation(mallory.id, itself.id))
            made.invited(room, invitation(mallory.id, itself.id))  # told of twice, it is answered once
        made.invited(other, invitation(anna.id, itself.id))
        await itself.sync()
        assert set(itself.invites) == {first, last, other}
        running = asyncio.ensure_future(made.run())
        try:
            while itself.invites:
                await itself.sync(1)
        finally:
            running.cancel()
        assert set((await itself.request("GET", "/joined_rooms"))["joined_rooms"]) == {first, other}
        assert clock[0] >= MOST_OF_ONE * SECONDS_BETWEEN


async def test_what_tells_of_no_inviter_is_declined(homeserver: Synapse, tmp_path: Path) -> None:
    told: list[list[Any]] = [
        [],
        ["text", None, 7],
        [{"type": "m.room.member"}],
        [{"type": "m.room.member", "state_key": "@x:circle.test", "sender": 7, "content": {"membership": "invite"}}],
    ]
    async with AsyncExitStack() as stack:
        made, itself = await joining(stack, homeserver, tmp_path, [0.0])
        anna = await stack.enter_async_context(
            client(homeserver.address, await homeserver.register(homeserver.fresh("anna")))
        )
        for each in told:
            made.invited(await anna.create_room(invite=[itself.id]), each)
        await itself.sync()
        assert len(itself.invites) == len(told)
        running = asyncio.ensure_future(made.run())
        try:
            while itself.invites:
                await itself.sync(1)
        finally:
            running.cancel()
        assert (await itself.request("GET", "/joined_rooms"))["joined_rooms"] == []
