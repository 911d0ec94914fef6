"""The tests' own Synapse, their plain member and the faults between: they do what they say."""

import asyncio
from pathlib import Path

import aiohttp
import pytest

from tests.platforms.matrix.conftest import Member
from tests.platforms.matrix.faults import Fault, Faults, faults
from tests.platforms.matrix.plain import Plain, Refusal, plain
from tests.platforms.matrix.synapse import Synapse, synapse


@pytest.mark.extended
async def test_a_killed_server_keeps_its_rooms_and_tokens(tmp_path: Path) -> None:
    async with synapse(tmp_path / "home") as server:
        user = await server.register(server.fresh())
        async with plain(server.address, user) as member:
            room = await member.create_room()
            event = await member.send(room, "Before")
            server.kill()
            server.start()
            assert [one["event_id"] for one in await said(member, room)] == [event]
            server.stop()
            server.start()
            assert (await member.whoami())["device_id"] == user.device


async def said(member: Plain, room: str) -> list[dict[str, object]]:
    """Return the messages of a room."""
    return [event for event in await member.messages(room) if event["type"] == "m.room.message"]


@pytest.mark.extended
async def test_nobody_is_limited_unless_the_defaults_are_asked_for(member: Member, tmp_path: Path) -> None:
    eager = await member()
    room = await eager.create_room()
    await asyncio.gather(*(eager.send(room, f"{number}") for number in range(100)))
    async with synapse(tmp_path / "home", defaults=True) as server:
        one, other = [await server.register(server.fresh()) for _ in range(2)]
        await server.lift_limits(other)
        async with plain(server.address, one) as limited, plain(server.address, other) as free:
            assert await sent(limited, 20) < 15
            assert await sent(free, 20) == 20


async def sent(member: Plain, times: int) -> int:
    """How many messages in a row the server takes from that member."""
    room = await member.create_room()
    for number in range(times):
        try:
            await member.send(room, f"{number}")
        except Refusal as refusal:
            return number if refusal.code == "M_LIMIT_EXCEEDED" else -1
    return times


async def test_members_meet_in_a_room(member: Member) -> None:
    host, guest = await member("host"), await member("guest")
    room = await host.create_room(name="A circle", invite=[guest.id])
    assert await guest.wait_for_invite(host.id) == room
    await guest.join(room)
    question = await host.send(room, "Who was Serge?")
    assert (await guest.wait_for(lambda event: event["event_id"] == question, room))["content"]["body"].endswith("?")
    reaction = await guest.react(room, question, "🔁")
    await host.wait_for(lambda event: event["event_id"] == reaction, room)
    assert (await guest.state(room, "m.room.name"))["name"] == "A circle"
    assert (await host.state(room, "m.room.topic", content={"topic": "Serge"}))["topic"] == "Serge"
    with pytest.raises(Refusal, match="M_FORBIDDEN"):
        await guest.state(room, "m.room.topic", content={"topic": "Lenin"})
    await host.redact(room, question)
    await guest.wait_for(lambda event: event["type"] == "m.room.redaction", room)
    assert (await guest.event(room, question))["content"] == {}
    await guest.leave(room)
    kinds = [event["type"] for event in await host.messages(room)]
    assert (kinds[0], kinds[-1]) == ("m.room.create", "m.room.member")


@pytest.mark.extended
async def test_a_long_absence_is_caught_up_without_a_gap(member: Member) -> None:
    host = await member("host")
    room = await host.create_room()
    await host.sync()
    sent = [await host.send(room, f"{number}") for number in range(150)]
    content = await host.sync()
    assert content["rooms"]["join"][room]["timeline"]["limited"] is False
    unread = [event["event_id"] for event in host.unread[room] if event["type"] == "m.room.message"]
    assert unread == sent
    assert [event["event_id"] for event in await said(host, room)] == sent


async def test_a_wait_ends_and_shows_what_there_was_instead(member: Member) -> None:
    host = await member("host")
    room = await host.create_room()
    await host.send(room, "something else")
    with pytest.raises(TimeoutError, match="something else"):
        await host.wait_for(lambda event: event["type"] == "no such type", room, seconds=0.3)


@pytest.mark.parametrize(
    ("fault", "what"),
    [
        (Fault.BAD_GATEWAY, (502, None)),
        (Fault.REVOKED, (401, "M_UNKNOWN_TOKEN")),
        (Fault.LIMITED, (429, "M_LIMIT_EXCEEDED")),
        (Fault.HALF_CLOSED, aiohttp.ClientPayloadError),
        (Fault.LOST_ANSWER, aiohttp.ServerDisconnectedError),
        (Fault.BLACK_HOLE, TimeoutError),
    ],
)
async def test_a_fault_spoils_what_it_is_meant_for_until_it_is_over(
    homeserver: Synapse, member: Member, fault: Fault, what: object
) -> None:
    person = await member()
    async with faults(homeserver.address) as proxy:
        proxy.set(fault, only="whoami")
        assert await outcome(proxy, "account/whoami", person) == what
        assert await outcome(proxy, "joined_rooms", person) == (200, None)
        proxy.set(Fault.NONE)
        assert await outcome(proxy, "account/whoami", person) == (200, None)
    assert proxy.requests[-1] == ("GET", "/_matrix/client/v3/account/whoami")
    assert await person.whoami(), "the token was good all the time"


async def test_a_fault_may_be_over_after_so_many_requests(homeserver: Synapse, member: Member) -> None:
    person = await member()
    async with faults(homeserver.address) as proxy:
        proxy.set(Fault.LIMITED, times=2)
        outcomes = [await outcome(proxy, "account/whoami", person) for _ in range(3)]
        assert outcomes == [(429, "M_LIMIT_EXCEEDED")] * 2 + [(200, None)]
        assert (proxy.count(), proxy.count("whoami"), proxy.count("sync")) == (3, 3, 0)


async def outcome(proxy: Faults, path: str, person: Plain) -> object:
    """What came of one request: the status and the errcode, or the exception."""
    headers = {"Authorization": f"Bearer {person.user.token}"}
    timeout = aiohttp.ClientTimeout(total=1.0)
    url = f"{proxy.address}/_matrix/client/v3/{path}"
    try:
        async with aiohttp.ClientSession(headers=headers, timeout=timeout) as session, session.get(url) as response:
            text = await response.text()
            content = await response.json() if text.startswith("{") else {}
            return response.status, content.get("errcode")
    except (aiohttp.ClientError, TimeoutError) as error:
        return type(error)


async def test_what_hangs_in_a_black_hole_is_cut_off_when_that_is_over(homeserver: Synapse, member: Member) -> None:
    person = await member()
    async with faults(homeserver.address) as proxy, plain(proxy.address, person.user) as through:
        proxy.set(Fault.BLACK_HOLE)
        waiting = asyncio.ensure_future(through.whoami())
        await proxy.asked("whoami")
        assert not waiting.done()
        proxy.set(Fault.NONE)
        # aiohttp asks once more by itself for what may be asked again.
        assert (await waiting)["user_id"] == person.id
        assert proxy.count("whoami") == 2


async def test_an_answer_may_be_lost_after_the_message_was_sent(homeserver: Synapse, member: Member) -> None:
    person = await member()
    room = await person.create_room()
    async with faults(homeserver.address) as proxy, plain(proxy.address, person.user) as through:
        # aiohttp sends a PUT again by itself, once.
        proxy.set(Fault.LOST_ANSWER, only="/send/", times=2)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await through.send(room, "Once", txn="1")
        event = await through.send(room, "Once", txn="1")
        assert proxy.count("/send/") == 3
        assert [one["event_id"] for one in await said(person, room)] == [event]


async def test_a_server_that_is_down_is_a_bad_gateway_behind_the_proxy(member: Member) -> None:
    person = await member()
    async with faults("http://127.0.0.1:9") as proxy:
        assert await outcome(proxy, "account/whoami", person) == (502, None)
