"""Scheduled posts: they notify, begin threads, mention everybody only where wished and allowed, and come once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.platforms.matrix.delivery import KEY
from bot.platforms.matrix.posts import IN_THE_THREAD, TO_BEGIN_WITH
from bot.posting import Target
from tests.platforms.matrix.circle import Circle, body, html, relation
from tests.platforms.matrix.markup import Read
from tests.platforms.matrix.plain import Json, Plain
from tests.platforms.matrix.plain import plain as client

pytestmark = pytest.mark.asyncio(loop_scope="module")

PAST = datetime(2020, 1, 1, tzinfo=UTC)


async def scheduled(circle: Circle, *settings: str, what: str = "prompt", **content: Any) -> tuple[Plain, Plain, str]:
    """Return Clara, who has scheduled something daily, Anna, and their room."""
    clara, anna = await circle.person(), await circle.person("anna")
    room = await circle.room(clara, anna, **content)
    for line in (*settings, f"schedule add {what} daily 12:00"):
        await circle.ask(clara, room, f"!{line}")
    return clara, anna, room


async def posted(circle: Circle, person: Plain, room: str) -> Json:
    """Return the next post in a room."""
    return await person.wait_for(
        lambda event: event["sender"] == circle.bot.id and event["content"].get("msgtype") == "m.text", room
    )


async def starter(circle: Circle, person: Plain, room: str, post: str) -> Json:
    """Return what the bot began the thread of a post with."""
    return await person.wait_for(
        lambda event: event["sender"] == circle.bot.id and relation(event).get("rel_type") == "m.thread", room
    )


async def key_and_target(circle: Circle, room: str) -> tuple[str, Target]:
    """Return the key of the only post of a room, and where it went."""
    (occurrence,) = (await circle.app.groups.everything(f"matrix:{room}"))["occurrence"]
    return str(occurrence["key"]), Target(f"matrix:{room}", "", room)


async def test_a_prompt_is_a_message_that_notifies_and_begins_its_thread(circle: Circle) -> None:
    clara, anna, room = await scheduled(circle)
    await clara.send(room, "!schedule run 1")
    post = await posted(circle, anna, room)
    assert IN_THE_THREAD in body(post)
    assert post["content"]["m.mentions"] == {}
    assert relation(post) == {}
    assert "@room" not in body(post)
    assert Read(html(post)).problems == []
    begun = await starter(circle, anna, room, post["event_id"])
    assert body(begun).startswith(f"{TO_BEGIN_WITH}: ")
    assert begun["content"]["msgtype"] == "m.notice"
    assert begun["content"]["m.mentions"] == {}
    assert relation(begun) == {
        "rel_type": "m.thread",
        "event_id": post["event_id"],
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": post["event_id"]},
    }


async def test_without_threads_and_for_quotes_there_is_a_post_alone(circle: Circle) -> None:
    clara, anna, room = await scheduled(circle, "config threads off", "schedule add quote daily 13:00")
    for number in (1, 2):
        await circle.ask(clara, room, f"!schedule run {number}")
        post = await posted(circle, anna, room)
        assert IN_THE_THREAD not in body(post)
    assert not any(
        relation(each).get("rel_type") for each in await anna.messages(room) if each["sender"] == circle.bot.id
    )


async def test_in_a_room_of_two_it_does_not_answer_its_own_posts(circle: Circle) -> None:
    clara = await circle.person()
    room = await circle.room(clara)
    await circle.ask(clara, room, "schedule add quote daily 12:00")
    asked = await clara.send(room, "schedule run 1")
    await posted(circle, clara, room)
    await circle.answer(clara, room, asked)
    assert await circle.said(clara, room) == []


async def test_everybody_is_mentioned_only_where_that_is_wished_and_allowed(circle: Circle) -> None:
    clara, anna, room = await scheduled(circle)
    await circle.ask(clara, room, "!config mention @room")
    direct = await circle.direct_room(clara)

    async def told(beginning: str) -> str:
        found = await clara.wait_for(lambda event: body(event).startswith(beginning), direct)
        return body(found)

    assert "Kruzhok may not mention everybody here. Give it the power level 50" in await told("mention is changed")
    await circle.ask(clara, room, "!config check")
    assert "✗ missing: mention everybody (@room)" in await told("Check")
    assert body(await circle.ask(clara, room, "!schedule run 1")) != ""
    assert "may not mention everybody" in await told("Kruzhok may not")
    levels = await clara.state(room, "m.room.power_levels")
    users = {**levels.get("users", {}), circle.bot.id: 50}
    await clara.state(room, "m.room.power_levels", content={**levels, "users": users})
    await circle.ask(clara, room, "!config check")
    assert "✓ mention everybody (@room)" in await told("Check")
    await clara.send(room, "!schedule run 1")
    post = await posted(circle, anna, room)
    assert body(post).startswith("@room ")
    assert post["content"]["m.mentions"] == {"room": True}
    await circle.ask(clara, room, "!config mention none")
    await clara.send(room, "!schedule run 1")
    again = await posted(circle, anna, room)
    assert "@room" not in body(again)
    assert again["content"]["m.mentions"] == {}


async def test_where_it_may_not_write_it_says_so_to_moderators(circle: Circle) -> None:
    clara, _anna, room = await scheduled(circle)
    levels = await clara.state(room, "m.room.power_levels")
    events = {**levels.get("events", {}), "m.room.message": 50, "m.room.encrypted": 50}
    direct = await circle.direct_room(clara)
    await clara.state(room, "m.room.power_levels", content={**levels, "events": events})
    await clara.send(room, "!config check")
    checked = await clara.wait_for(lambda event: body(event).startswith("Check"), direct)
    assert "✗ missing: post here" in body(checked)
    await clara.send(room, "!schedule run 1")
    refused = await clara.wait_for(lambda event: "Kruzhok may not write here" in body(event), direct)
    assert "power level 50" in body(refused)


async def test_a_post_comes_at_its_time_and_a_late_one_says_so(circle: Circle) -> None:
    _clara, anna, room = await scheduled(circle, what="quote")
    before = circle.ahead
    now = circle.now()
    noon = now.replace(hour=12, minute=0, second=1, microsecond=0)
    noon += timedelta(days=1) * (noon <= now)
    try:
        circle.ahead += noon - now
        circle.app.delivery.wake()
        post = await posted(circle, anna, room)
        assert "Late" not in body(post)
        await circle.stop()
        circle.ahead += timedelta(days=1, hours=2)
        await circle.start()
        late = await posted(circle, anna, room)
        assert "Late: planned for " in body(late)
        assert "12:00" in body(late)
    finally:
        circle.ahead = before
        await circle.restart()
    said = [each for each in await circle.said(anna, room) if each["content"].get("msgtype") == "m.text"]
    assert said == []


async def test_a_post_is_found_again_by_its_key_after_a_restart(circle: Circle) -> None:
    clara, anna, room = await scheduled(circle, what="quote")
    await clara.send(room, "!schedule run 1")
    post = await posted(circle, anna, room)
    for number in range(30):
        await anna.send(room, f"A thought, number {number}.")
    key, target = await key_and_target(circle, room)
    assert post["content"][KEY] == key
    await circle.restart()
    found = await circle.platform().find(target, key, PAST)
    assert found is not None
    assert found.message == post["event_id"]
    assert found.link.endswith(post["event_id"])
    assert await circle.platform().find(target, "another-key", PAST) is None
    assert await circle.platform().find(target, key, datetime.now(UTC) + timedelta(hours=1)) is None
    spoofed = {"msgtype": "m.text", "body": "I am a bot", KEY: "spoofed"}
    await anna.send(room, spoofed)
    assert await circle.platform().find(target, "spoofed", PAST) is None


async def test_in_encrypted_rooms_posts_are_made_and_found_as_well(circle: Circle) -> None:
    reader = await circle.second()
    room = await reader.create_room(circle.bot.id)

    def by_bot(event: Json) -> bool:
        return bool(event["room_id"] == room and event["sender"] == circle.bot.id and body(event))

    await reader.wait(
        lambda event: (
            event["room_id"] == room
            and event.get("state_key") == circle.bot.id
            and event.get("content", {}).get("membership") == "join"
        )
    )
    await reader.say(room, "schedule add prompt daily 12:00")
    await reader.say(room, "schedule run 1")
    post = await reader.wait(lambda event: by_bot(event) and event["content"]["msgtype"] == "m.text")
    assert post["decrypted"]
    begun = await reader.wait(lambda event: by_bot(event) and relation(event).get("rel_type") == "m.thread")
    assert relation(begun)["event_id"] == post["event_id"]
    key, target = await key_and_target(circle, room)
    assert post["content"][KEY] == key
    await circle.restart()
    found = await circle.platform().find(target, key, PAST)
    assert found is not None
    assert found.message == post["event_id"]
    async with client(circle.homeserver.address, circle.bot) as itself:
        raw = await itself.event(room, post["event_id"])
    assert raw["type"] == "m.room.encrypted"
    assert KEY not in raw["content"]


async def test_reactions_to_a_post_work_as_to_an_answer(circle: Circle) -> None:
    clara, anna, room = await scheduled(circle, what="quote")
    await clara.send(room, "!schedule run 1")
    post = await posted(circle, anna, room)
    await anna.react(room, post["event_id"], "📚")
    cited = await circle.answer(anna, room, post["event_id"])
    assert "Price" in body(cited)
    assert cited["content"]["msgtype"] == "m.notice"


async def test_moderators_are_told_in_their_room_of_what_was_not_posted(circle: Circle) -> None:
    clara = await circle.person()
    notices = await circle.room(clara, name="Moderators")
    room = await circle.room(clara)
    await circle.ask(clara, room, f"config notices {notices}")
    assert "notices: Moderators" in body(await circle.ask(clara, room, "config show"))
    await circle.ask(clara, room, f"schedule add quote {circle.now() + timedelta(minutes=2):%Y-%m-%d %H:%M}")
    before = circle.ahead
    await circle.stop()
    circle.ahead += timedelta(hours=12)
    await circle.start()
    try:
        told = await posted(circle, clara, notices)
        assert body(told).startswith("For moderators")
        assert "Schedule 1" in body(told)
    finally:
        circle.ahead = before
        await circle.restart()
    assert len([each for each in await clara.messages(notices) if body(each).startswith("For moderators")]) == 1
