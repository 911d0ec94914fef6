"""How answers belong to what they answer: replies, threads, edits, and what is taken back, seen by other clients."""

import pytest

from tests.platforms.matrix.circle import Circle, body, relation, replied_to
from tests.platforms.matrix.plain import Json, Plain
from tests.platforms.matrix.second import Second

pytestmark = pytest.mark.asyncio(loop_scope="module")

QUOTED = "self-inflicted death in 1918"


async def readers(circle: Circle) -> tuple[Plain, Plain, str]:
    """Return Anna, who made a room, Boris, and the room with the bot in it."""
    anna, boris = await circle.person("anna"), await circle.person("boris")
    return anna, boris, await circle.room(anna, boris)


def in_thread(root: str, to: str = "") -> Json:
    """Return how a message says that it is in a thread."""
    found: Json = {"rel_type": "m.thread", "event_id": root, "is_falling_back": not to}
    return {**found, "m.in_reply_to": {"event_id": to or root}}


async def test_asked_in_a_thread_it_answers_in_the_thread(circle: Circle) -> None:
    anna, boris, room = await readers(circle)
    root = await anna.send(room, "What about the Cheka?")
    answer = await circle.ask(boris, room, "!quote Cheka", **in_thread(root))
    asked = replied_to(answer)
    assert relation(answer) == {
        "rel_type": "m.thread",
        "event_id": root,
        "is_falling_back": False,
        "m.in_reply_to": {"event_id": asked},
    }
    await boris.react(room, answer["event_id"], "➕")
    context = await circle.answer(boris, room, answer["event_id"])
    assert relation(context)["event_id"] == root
    later = await circle.ask(boris, room, "!quote Lenin")
    assert relation(later) == {"m.in_reply_to": {"event_id": replied_to(later)}}


async def test_a_reply_that_is_a_command_is_answered_outside_threads(circle: Circle) -> None:
    anna, boris, room = await readers(circle)
    first = await anna.send(room, "What about the Cheka?")
    fallback = f"> <{anna.id}> What about the Cheka?\n\n!quote Cheka"
    answer = await circle.ask(boris, room, fallback, **{"m.in_reply_to": {"event_id": first}})
    assert QUOTED in body(answer)
    assert "rel_type" not in relation(answer)


async def test_a_command_that_is_edited_is_not_answered_again(circle: Circle) -> None:
    anna, _, room = await readers(circle)
    alone = await circle.room(anna)  # where every line is meant for the bot
    for where in (room, alone):
        asked = await anna.send(where, "!quote Cheka")
        await circle.answer(anna, where, asked)
        new = {"msgtype": "m.text", "body": "!quote Lenin"}
        relates = {"rel_type": "m.replace", "event_id": asked}
        edits = [
            {"msgtype": "m.text", "body": "* !quote Lenin", "m.new_content": new, "m.relates_to": relates},
            {"msgtype": "m.text", "body": "!quote Lenin", "m.relates_to": relates},
            {"msgtype": "m.text", "body": "!quote Lenin", "m.new_content": new},
        ]
        await circle.silent(anna, where, *edits)


async def is_gone(person: Plain, room: str, event: str) -> bool:
    """Tell whether an event was taken back."""
    return "body" not in (await person.event(room, event))["content"]


@pytest.mark.parametrize("version", ["10", pytest.param("12", marks=pytest.mark.extended), "11"])
async def test_what_is_taken_back_takes_its_answer_with_it(circle: Circle, version: str) -> None:
    anna, boris = await circle.person("anna"), await circle.person("boris")
    room = await circle.room(anna, boris, room_version=version)
    answers = []
    for line in ("!quote Cheka", "!read 1", "!quote Lenin"):
        asked = await boris.send(room, line)
        answers.append((await circle.answer(boris, room, asked))["event_id"])
        if line != "!quote Lenin":
            await boris.redact(room, asked)
    await circle.said(boris, room)
    assert [await is_gone(anna, room, each) for each in answers] == [True, True, False]
    moderated = await boris.send(room, "!quote Stalin")
    answer = await circle.answer(boris, room, moderated)
    await anna.redact(room, moderated)
    await circle.said(anna, room)
    assert await is_gone(anna, room, answer["event_id"])


async def test_what_is_taken_back_before_it_is_answered_has_no_answer_that_stays(circle: Circle) -> None:
    anna, _, room = await readers(circle)
    asked = []
    for _ in range(5):
        asked.append(await anna.send(room, "!quote Cheka"))
        await anna.redact(room, asked[-1])
    await circle.said(anna, room)
    own = [each for each in await anna.messages(room) if each["sender"] == circle.bot.id and body(each)]
    assert len(own) == 1  # to what was asked afterwards
    assert replied_to(own[0]) not in asked


async def test_what_is_taken_back_while_the_bot_is_stopped_is_not_answered(circle: Circle) -> None:
    anna, _, room = await readers(circle)
    answered = await anna.send(room, "!quote Cheka")
    answer = await circle.answer(anna, room, answered)
    await circle.stop()
    asked = await anna.send(room, "!quote Lenin")
    await anna.redact(room, asked)
    await anna.redact(room, answered)
    await circle.start()
    said = await circle.said(anna, room)
    assert [body(each) for each in said if each["type"] == "m.room.message"] == []
    assert await is_gone(anna, room, answer["event_id"])


async def encrypted(circle: Circle) -> tuple[Second, str]:
    """Return somebody whose client encrypts, and a room of theirs with the bot."""
    reader = await circle.second()
    room = await reader.create_room(circle.bot.id)
    await reader.wait(
        lambda event: event["room_id"] == room and event["type"] == "m.room.member" and event["sender"] == circle.bot.id
    )
    return reader, room


async def test_in_encrypted_rooms_answers_belong_to_what_they_answer_as_well(circle: Circle) -> None:
    reader, room = await encrypted(circle)

    async def answered(to: str) -> Json:
        answer = await reader.wait(lambda event: event["sender"] == circle.bot.id and replied_to(event) == to)
        assert answer["decrypted"]
        return answer

    asked = await reader.say(room, "!quote Cheka")
    answer = await answered(asked)
    assert QUOTED in body(answer)
    assert relation(answer) == {"m.in_reply_to": {"event_id": asked}}
    in_it = await reader.reply(room, asked, "!quote Lenin", thread=asked)
    assert relation(await answered(in_it))["event_id"] == asked
    await reader.react(room, answer["event_id"], "🔁")
    another = await answered(answer["event_id"])
    assert body(another) != body(answer)
    edit = await reader.edit(room, asked, "!quote Stalin")
    await reader.redact(room, asked)
    gone = await reader.wait(lambda event: event["type"] == "m.room.redaction" and event["sender"] == circle.bot.id)
    assert answer["event_id"] in (gone.get("redacts"), gone["content"].get("redacts"))
    assert not any(replied_to(event) == edit for event in reader.seen)
