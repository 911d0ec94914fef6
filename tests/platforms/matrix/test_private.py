"""Answers for one member alone go to a direct room with them, which is opened once."""

import pytest

from bot.platforms.matrix.answering import NO_DIRECT_ROOM, REFUSED, SENT_DIRECTLY
from tests.platforms.matrix.circle import Circle, body, membership, relation, replied_to
from tests.platforms.matrix.plain import Plain
from tests.platforms.matrix.plain import plain as client

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def readers(circle: Circle) -> tuple[Plain, Plain, str]:
    """Return a moderator and a reader who are both new, and their room with the bot."""
    clara, anna = await circle.person(), await circle.person()
    return clara, anna, await circle.room(clara, anna)


async def joined(person: Plain) -> int:
    """Return in how many rooms somebody is, or is invited to."""
    await person.sync()
    return len((await person.request("GET", "/joined_rooms"))["joined_rooms"]) + len(person.invites)


async def test_what_is_for_the_asker_alone_comes_in_a_direct_room(circle: Circle) -> None:
    clara, anna, room = await readers(circle)
    noted = await circle.ask(anna, room, "!privacy export")
    assert body(noted) == SENT_DIRECTLY
    assert noted["content"]["msgtype"] == "m.notice"
    assert noted["content"]["m.mentions"] == {}
    direct = await circle.direct_room(anna)
    answer = await circle.told(anna, direct)
    assert "about_you" in body(answer)
    assert relation(answer) == {}
    assert answer["content"]["msgtype"] == "m.notice"
    assert answer["content"]["m.mentions"] == {}
    assert "about_you" not in str(await clara.messages(room))
    members = await anna.request("GET", f"/rooms/{direct}/joined_members")
    assert set(members["joined"]) == {anna.id, circle.bot.id}
    own = next(each for each in await anna.messages(direct) if membership(each, anna.id) == "invite")
    assert own["content"]["is_direct"] is True


async def test_the_direct_room_is_opened_once_also_over_a_restart(circle: Circle) -> None:
    clara, anna, room = await readers(circle)
    await circle.ask(anna, room, "!privacy show")
    await circle.ask(anna, room, "!privacy show")
    direct = await circle.direct_room(anna)
    await circle.ask(anna, room, "!privacy export")
    await circle.restart()
    await circle.ask(anna, room, "!privacy delete")
    told = [body(await circle.told(anna, direct)) for _ in range(4)]
    assert [each.split("\n")[0] for each in told] == ["What is stored"] * 3 + ["Nothing to delete"]
    assert await joined(anna) == 2
    await circle.ask(clara, room, "!privacy show")
    assert await circle.direct_room(clara) != direct


async def test_a_direct_room_that_was_left_is_opened_anew(circle: Circle) -> None:
    _, anna, room = await readers(circle)
    await circle.ask(anna, room, "!privacy show")
    direct = await anna.wait_for_invite(circle.bot.id)
    await anna.leave(direct)
    await circle.ask(anna, room, "!privacy show")
    another = await anna.wait_for_invite(circle.bot.id)
    assert another != direct
    await anna.join(another)
    await circle.told(anna, another)
    await anna.leave(another)
    async with client(circle.homeserver.address, circle.bot) as itself:
        await circle.goes(itself, another)


async def test_whoever_reads_encrypted_rooms_gets_an_encrypted_one(circle: Circle) -> None:
    anna = await circle.person()
    reader = await circle.second()
    room = await circle.room(anna)
    await anna.invite(room, reader.user)
    await reader.join(room)
    await reader.say(room, "!privacy export")
    await reader.wait(lambda event: body(event) == SENT_DIRECTLY)
    async with client(circle.homeserver.address, circle.bot) as itself:
        direct = await direct_room_of(itself, reader.user)
    await reader.join(direct)
    answer = await reader.wait(lambda event: event["room_id"] == direct and "about_you" in body(event))
    assert answer["decrypted"]


async def direct_room_of(itself: Plain, user: str) -> str:
    """Return the room that the bot made for a user."""
    await itself.sync()
    for room, events in itself.unread.items():
        if any(membership(event, user) == "invite" and event["sender"] == itself.id for event in events):
            return room
    raise AssertionError(f"{user} is not invited")


async def test_where_nobody_else_is_private_answers_are_given_right_there(circle: Circle) -> None:
    anna = await circle.person()
    room = await circle.room(anna)
    assert "about_you" in body(await circle.ask(anna, room, "privacy export"))
    assert "Settings" in body(await circle.ask(anna, room, "config show"))
    assert await joined(anna) == 1


async def test_refusals_say_why_directly_and_only_that_they_are_in_the_room(circle: Circle) -> None:
    _, anna, room = await readers(circle)
    assert body(await circle.ask(anna, room, "!config timezone Europe/Paris")) == REFUSED
    direct = await circle.direct_room(anna)
    assert body(await circle.told(anna, direct)) == "Only moderators of this group may use config timezone."
    assert body(await circle.ask(anna, room, "!privacy delete group")) == REFUSED
    assert "Only moderators may delete" in body(await circle.told(anna, direct))


async def test_mistakes_are_told_where_they_are_made(circle: Circle) -> None:
    clara, _, room = await readers(circle)
    assert "“nowhere”" in body(await circle.ask(clara, room, "!config timezone nowhere"))
    assert "99" in body(await circle.ask(clara, room, "!read 99"))


async def test_a_circle_can_have_every_answer_given_to_the_asker_alone(circle: Circle) -> None:
    clara, anna, room = await readers(circle)
    await circle.ask(clara, room, "!config private on")
    assert body(await circle.ask(anna, room, "!quote Cheka")) == SENT_DIRECTLY
    answer = await circle.told(anna, await circle.direct_room(anna))
    assert "1918" in body(answer)


async def test_reactions_to_a_private_answer_are_about_the_room_in_which_it_was_asked(circle: Circle) -> None:
    clara, anna, room = await readers(circle)
    await circle.ask(clara, room, "!config private on")
    await circle.direct_room(clara)
    await circle.ask(anna, room, "!quote Serge")
    direct = await circle.direct_room(anna)
    answer = await circle.told(anna, direct)
    assert "React with 🔁 for another" in body(answer)
    await anna.react(direct, answer["event_id"], "🔁")
    another = await circle.answer(anna, direct, answer["event_id"])
    assert body(another) != body(answer)
    assert replied_to(another) == answer["event_id"]
    await circle.ask(clara, room, "!config private off")
    # In the room nobody is told of it: there are the notes for the question, and for the two settings.
    assert [body(each) for each in await circle.said(anna, room)] == [SENT_DIRECTLY] * 2


async def test_what_is_asked_in_a_direct_room_is_about_that_room(circle: Circle) -> None:
    _, anna, room = await readers(circle)
    await circle.ask(anna, room, "!privacy show")
    direct = await circle.direct_room(anna)
    assert "1918" in body(await circle.ask(anna, direct, "quote Cheka"))
    assert "Settings" in body(await circle.ask(anna, direct, "config show"))  # both have the same power there


async def test_a_private_answer_is_taken_back_with_its_command(circle: Circle) -> None:
    _, anna, room = await readers(circle)
    asked = await anna.send(room, "!privacy export")
    noted = await circle.answer(anna, room, asked)
    direct = await circle.direct_room(anna)
    answer = await circle.told(anna, direct)
    await anna.redact(room, asked)
    await circle.said(anna, room)
    assert "body" not in (await anna.event(room, noted["event_id"]))["content"]
    assert "body" not in (await anna.event(direct, answer["event_id"]))["content"]


async def test_whoever_cannot_be_invited_is_told_so_and_no_empty_room_is_left(circle: Circle) -> None:
    _, anna, room = await readers(circle)
    async with client(circle.homeserver.address, circle.bot) as itself:
        before = len((await itself.request("GET", "/joined_rooms"))["joined_rooms"])
        blocked = {"default_action": "block"}
        await anna.request("PUT", f"/user/{anna.id}/account_data/m.invite_permission_config", blocked)
        for _ in range(2):
            assert body(await circle.ask(anna, room, "!privacy export")) == NO_DIRECT_ROOM
        await circle.said(anna, room)
        assert len((await itself.request("GET", "/joined_rooms"))["joined_rooms"]) == before
    await anna.request("PUT", f"/user/{anna.id}/account_data/m.invite_permission_config", {})
    assert body(await circle.ask(anna, room, "!privacy export")) == SENT_DIRECTLY
