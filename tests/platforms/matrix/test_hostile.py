"""What hostile members send does no harm: everybody else is answered as before, and nothing is logged as a bug."""

import json
import secrets
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from tests.platforms.matrix.circle import Circle, body, html, relation
from tests.platforms.matrix.hostile import SIGNS
from tests.platforms.matrix.markup import Read
from tests.platforms.matrix.plain import Plain, Refusal
from tests.platforms.matrix.plain import plain as client

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOSTILE_KINDS = (
    "m.reaction",
    "m.room.redaction",
    "m.sticker",
    "org.matrix.msc3381.poll.start",
    "org.matrix.msc3381.poll.response",
    "m.room.encrypted",
)
WRONG: tuple[Any, ...] = (None, 7, True, "text", [], {"a": {"b": []}}, "x" * 5_000)


async def circle_with_mallory(circle: Circle) -> tuple[Plain, Plain, str]:
    """Return Anna, Mallory, and their room with the bot."""
    anna, mallory = await circle.person("anna"), await circle.person("mallory")
    return anna, mallory, await circle.room(anna, mallory, preset="trusted_private_chat")


async def thrown(person: Plain, room: str, content: Any, kind: str = "m.room.message") -> bool:
    """Send whatever it is; return whether the server took it."""
    try:
        await person.send(room, content, kind)
    except Refusal:
        return False
    return True


async def test_events_of_any_shape_are_passed_over(circle: Circle) -> None:
    anna, mallory, room = await circle_with_mallory(circle)
    told = {"msgtype": "m.text", "body": "!quote Cheka"}
    taken = 0
    for wrong in WRONG:
        for content in (
            {"body": wrong, "msgtype": "m.text"},
            {"body": "!quote Cheka", "msgtype": wrong},
            {"m.relates_to": wrong, "body": wrong},
            {"m.new_content": wrong, **told},
        ):
            taken += await thrown(mallory, room, content)
        for kind in HOSTILE_KINDS:
            every = {"m.relates_to": wrong, "redacts": wrong, "algorithm": wrong, "ciphertext": wrong}
            taken += await thrown(mallory, room, every, kind)
    assert taken > 40
    assert await circle.said(anna, room) == []


async def test_a_command_with_hostile_relations_is_answered_all_the_same(circle: Circle) -> None:
    anna, mallory, room = await circle_with_mallory(circle)
    first = await anna.send(room, "Good evening.")
    for relates in (
        *WRONG[:-1],
        {"rel_type": 7, "event_id": first},
        {"rel_type": "m.thread", "event_id": ["x"]},
        {"rel_type": "m.thread"},
        {"m.in_reply_to": None},
        {"m.in_reply_to": {"event_id": 7}},
        {"m.in_reply_to": {"event_id": first, "m.in_reply_to": {}}},
        {"rel_type": "org.example.other", "event_id": first},
    ):
        content = {"msgtype": "m.text", "body": "!quote Cheka", "m.relates_to": relates, "m.mentions": relates}
        try:
            asked = await mallory.send(room, content)
        except Refusal:
            continue
        answer = await circle.answer(mallory, room, asked)
        assert "1918" in body(answer), relates
        assert relation(answer) == {"m.in_reply_to": {"event_id": asked}}, relates


async def test_text_of_the_longest_that_servers_take_is_answered_in_a_message_that_fits(circle: Circle) -> None:
    anna, mallory, room = await circle_with_mallory(circle)
    lines = ("!kruzhok ", "!quote ", "!read ", "!help ", "!search x section:")
    for at, sign in enumerate(("<", "👩‍👩‍👧‍👦", "@room ", "\U000e0001")):
        most = 60_000 // len(json.dumps(sign, ensure_ascii=False)[1:-1].encode())
        for line in (lines[at % len(lines)], "!verify "):
            answer = await circle.ask(mallory, room, f"{line}{sign * most}")
            assert len(json.dumps(answer["content"]).encode()) < 60_000, (line, sign)
            assert Read(html(answer)).problems == []
    assert "1918" in body(await circle.ask(anna, room, "!quote Cheka"))


async def test_signs_that_mean_something_to_clients_stay_text(circle: Circle) -> None:
    _, mallory, room = await circle_with_mallory(circle)
    taken = 0
    for at in range(0, len(SIGNS), 8):
        signs = " ".join(SIGNS[at : at + 8])
        try:
            asked = await mallory.send(room, f"!kruzhok verify {signs} self-inflicted {signs}")
        except Refusal:
            continue
        taken += 1
        answer = await circle.answer(mallory, room, asked)
        assert answer["content"]["m.mentions"] == {}
        read = Read(html(answer))
        assert read.problems == [], signs
        assert not [link for link in read.links if "matrix.to/#/@" in link], signs
    assert taken > len(SIGNS) / 16


async def test_names_of_people_and_rooms_are_text(circle: Circle) -> None:
    anna = await circle.person()
    await anna.request("PUT", f"/profile/{anna.id}/displayname", {"displayname": '<b onclick="x">@room</b> kruzhok'})
    room = await circle.room(anna, name="<script>alert(1)</script> @room", topic="!quote Cheka")
    other = await circle.room(anna, name="<img src=x> @room")
    lines = ("config show", f"config channel {other}", "schedule add quote daily 12:00", "schedule run 1", "config log")
    answers = [await circle.ask(anna, room, line) for line in lines]
    for answer in answers:
        assert Read(html(answer)).problems == []
        assert answer["content"]["m.mentions"] == {}
    assert "<img src=x> @room" in body(answers[1])


async def test_whoever_has_the_bots_name_is_not_the_bot(circle: Circle) -> None:
    anna, mallory, room = await circle_with_mallory(circle)
    name = circle.bot.id[1:].partition(":")[0]
    await mallory.request("PUT", f"/profile/{mallory.id}/displayname", {"displayname": name})
    answer = await circle.ask(anna, room, "!quote Cheka")
    spoofed = await mallory.send(room, {**answer["content"], "m.relates_to": {}})
    await anna.react(room, spoofed, "🔁")
    await circle.silent(
        mallory,
        room,
        {"msgtype": "m.text", "body": "good evening", "m.mentions": {"user_ids": [circle.bot.id], "room": True}},
        {"msgtype": "m.text", "body": f"{mallory.id} quote Cheka", "m.mentions": {"user_ids": [circle.bot.id]}},
        {"msgtype": "m.text", "body": "hello", "format": "org.matrix.custom.html", "formatted_body": "!quote Cheka"},
    )


async def test_redacting_what_is_not_ones_own_takes_nothing_back(circle: Circle) -> None:
    anna, boris = await circle.person("anna"), await circle.person("boris")
    room = await circle.room(anna, boris)
    asked = await anna.send(room, "!quote Cheka")
    answer = await circle.answer(anna, room, asked)
    for content in ({"redacts": asked}, {"redacts": answer["event_id"]}, {"redacts": "$unknown"}):
        await thrown(boris, room, content, "m.room.redaction")
    with pytest.raises(Refusal):
        await boris.redact(room, asked)
    await circle.said(anna, room)
    assert "1918" in body(await anna.event(room, answer["event_id"]))


async def test_json_as_deep_as_the_server_takes_it_stops_nothing(circle: Circle) -> None:
    anna, mallory, room = await circle_with_mallory(circle)
    deepest = 0
    for depth in (50, 100, 200, 300, 400, 450, 500, 600, 700, 800, 900, 950, 1_000, 2_000):
        raw = f'{{"msgtype": "m.text", "body": "!quote Cheka", "deep": {"[" * depth}{"]" * depth}}}'
        if await raw_send(circle, mallory, room, raw):
            deepest = depth
    assert deepest >= 50
    answers = await circle.said(mallory, room)
    assert all("1918" in body(each) for each in answers)
    other = await circle.room(anna)
    assert "1918" in body(await circle.ask(anna, other, "quote Cheka"))


async def raw_send(circle: Circle, person: Plain, room: str, raw: str) -> bool:
    """Send an event whose content is written already; return whether the server took it."""
    where = f"/_matrix/client/v3/rooms/{quote(room)}/send/m.room.message/{secrets.token_hex(8)}"
    headers = {"Authorization": f"Bearer {person.user.token}", "Content-Type": "application/json"}
    async with (
        aiohttp.ClientSession() as session,
        session.put(circle.homeserver.address + where, data=raw.encode(), headers=headers) as response,
    ):
        return response.status == 200


async def test_state_of_any_shape_is_passed_over(circle: Circle) -> None:
    anna, mallory, room = await circle_with_mallory(circle)
    for wrong in WRONG:
        for kind in ("m.room.name", "m.room.topic", "m.room.canonical_alias", "m.room.tombstone", "org.example.other"):
            names = ("name", "alias", "replacement_room", "body", "alt_aliases")
            try:
                await mallory.state(room, kind, content=dict.fromkeys(names, wrong))
            except Refusal:
                continue
    assert "1918" in body(await circle.ask(anna, room, "!quote Cheka"))
    async with client(circle.homeserver.address, circle.bot) as itself:
        assert room in (await itself.request("GET", "/joined_rooms"))["joined_rooms"]


async def test_a_flood_of_commands_keeps_no_other_room_waiting(circle: Circle) -> None:
    anna, mallory, room = await circle_with_mallory(circle)
    other = await circle.room(anna)
    for _ in range(12):
        await mallory.send(room, "!search Serge")
    asked = await anna.send(other, "quote Cheka")
    await circle.answer(anna, other, asked)
    said = await circle.said(mallory, room)
    assert len(said) == 12
