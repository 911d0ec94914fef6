"""Polls under posts: begun by a reaction, once, counted as members voted, and told in the history."""

import pytest

from bot.platforms.matrix.polls import RESPONSE, START
from tests.platforms.matrix.circle import Circle, body, relation
from tests.platforms.matrix.plain import Json, Plain

pytestmark = pytest.mark.asyncio(loop_scope="module")

POLL_REACTION = "📊"


async def polled(circle: Circle) -> tuple[Plain, Plain, str, Json]:
    """Return Clara, Anna, their room, and a post in it that has positions to choose from."""
    clara, anna = await circle.person(), await circle.person("anna")
    room = await circle.room(clara, anna)
    await circle.ask(clara, room, "!schedule add prompt daily 12:00")
    return clara, anna, room, await with_positions(circle, clara, anna, room)


async def with_positions(circle: Circle, clara: Plain, reader: Plain, room: str) -> Json:
    """Post prompts until one has positions that make a poll."""
    for _ in range(10):
        await clara.send(room, "!schedule run 1")
        post = await reader.wait_for(
            lambda event: event["sender"] == circle.bot.id and event["content"].get("msgtype") == "m.text", room
        )
        if f"{POLL_REACTION} for a poll" in body(post):
            return post
    raise AssertionError("no prompt has positions")


async def poll_of(circle: Circle, person: Plain, room: str) -> Json:
    """Return the next poll in a room."""
    return await person.wait_for(lambda event: event["type"] == START, room)


def vote(poll: str, *answers: str) -> Json:
    """Return a vote in the form that clients send."""
    return {RESPONSE: {"answers": list(answers)}, "m.relates_to": {"rel_type": "m.reference", "event_id": poll}}


def stable_vote(poll: str, *answers: str) -> Json:
    """Return a vote in the form of the specification."""
    return {"m.selections": list(answers), "m.relates_to": {"rel_type": "m.reference", "event_id": poll}}


async def history(circle: Circle, clara: Plain, room: str, direct: str) -> str:
    """Return the history, as Clara is told it."""
    await clara.send(room, "!schedule history")
    return body(await clara.wait_for(lambda event: body(event).startswith("History"), direct))


async def test_a_poll_is_begun_once_and_reads_well_where_there_are_none(circle: Circle) -> None:
    clara, anna, room, post = await polled(circle)
    await anna.react(room, post["event_id"], POLL_REACTION)
    poll = await poll_of(circle, anna, room)
    begun = poll["content"][START]
    answers = [each["org.matrix.msc1767.text"] for each in begun["answers"]]
    assert len(answers) >= 2
    assert begun["max_selections"] == 1
    assert begun["question"]["org.matrix.msc1767.text"] in body(post)
    assert all(each in body(post) and each in body(poll) for each in answers)
    assert poll["content"]["m.mentions"] == {}
    assert relation(poll) == {"m.in_reply_to": {"event_id": post["event_id"]}}
    await clara.react(room, post["event_id"], POLL_REACTION)
    await circle.said(anna, room)
    await circle.restart()
    third = await circle.person("boris")
    await clara.invite(room, third.id)
    await third.join(room)
    await third.react(room, post["event_id"], POLL_REACTION)
    await circle.said(anna, room)
    assert len([each for each in await anna.messages(room) if each["type"] == START]) == 1


async def test_votes_in_both_forms_and_changed_ones_are_told_in_the_history(circle: Circle) -> None:
    clara, anna, room, post = await polled(circle)
    boris = await circle.person("boris")
    await clara.invite(room, boris.id)
    await boris.join(room)
    direct = await circle.direct_room(clara)
    assert "Poll:" not in await history(circle, clara, room, direct)
    await anna.react(room, post["event_id"], POLL_REACTION)
    poll = await poll_of(circle, anna, room)
    number, first, second = poll["event_id"], *[each["id"] for each in poll["content"][START]["answers"]][:2]
    assert "Poll: nobody has voted." in await history(circle, clara, room, direct)
    await anna.send(room, vote(number, first), RESPONSE)
    await boris.send(room, stable_vote(number, first), "m.poll.response")
    await clara.send(room, vote(number, first), RESPONSE)
    assert "Poll: 3 for “" in await history(circle, clara, room, direct)
    await clara.send(room, stable_vote(number, second), "m.poll.response")
    await boris.send(room, vote(number, "nonsense"), RESPONSE)
    for hostile in ({}, {RESPONSE: None}, {RESPONSE: {"answers": [[], 7, None]}}, {"m.selections": {"1": "2"}}):
        await boris.send(room, {**hostile, "m.relates_to": {"rel_type": "m.reference", "event_id": number}}, RESPONSE)
    told = await history(circle, clara, room, direct)
    assert "Poll: 1 for “" in told
    assert ", 1 for “" in told
    for name in (anna.id, boris.id):
        assert name not in told  # nobody's vote is told


@pytest.mark.extended
async def test_whoever_takes_the_reaction_back_takes_no_votes_of_others_with_it(circle: Circle) -> None:
    clara, anna, room, post = await polled(circle)
    direct = await circle.direct_room(clara)
    reaction = await anna.react(room, post["event_id"], POLL_REACTION)
    poll = await poll_of(circle, anna, room)
    await clara.send(room, vote(poll["event_id"], "1"), RESPONSE)
    await anna.redact(room, reaction)
    await circle.said(anna, room)
    assert START in (await anna.event(room, poll["event_id"]))["content"]
    assert "Poll: 1 for “" in await history(circle, clara, room, direct)


@pytest.mark.extended
async def test_in_encrypted_rooms_polls_are_counted_as_well(circle: Circle) -> None:
    reader = await circle.second()
    room = await reader.create_room(circle.bot.id)
    await reader.wait(
        lambda event: (
            event["room_id"] == room
            and event.get("state_key") == circle.bot.id
            and event["content"]["membership"] == "join"
        )
    )
    await reader.say(room, "schedule add prompt daily 12:00")
    seen: set[str] = set()

    def is_new_post(event: Json) -> bool:
        is_ours = event["room_id"] == room and event["sender"] == circle.bot.id
        return bool(is_ours and event.get("content", {}).get("msgtype") == "m.text" and event["event_id"] not in seen)

    post: Json = {}
    while f"{POLL_REACTION} for a poll" not in body({"content": {}, **post}):
        await reader.say(room, "schedule run 1")
        post = await reader.wait(is_new_post)
        seen.add(post["event_id"])
        assert len(seen) < 10
    await reader.react(room, post["event_id"], POLL_REACTION)
    poll = await reader.wait(lambda event: event["type"] == START)
    assert poll["decrypted"]
    await reader.send(room, RESPONSE, vote(poll["event_id"], "2"))
    asked = await reader.say(room, "schedule history")
    told = await reader.wait(lambda event: relation(event) == {"m.in_reply_to": {"event_id": asked}})
    assert "Poll: 0 for “" in body(told)
    assert ", 1 for “" in body(told)
