"""Whoever wants to verify the bot interactively sees at once, and once, that it does not do that."""

import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.platforms.matrix.declining import CANCEL, CODE, REASON, REQUEST, Declining
from bot.platforms.matrix.homeserver import Homeserver, MatrixRefused, Unreachable, open_session
from tests.platforms.matrix.circle import Circle, relation
from tests.platforms.matrix.faults import Fault, faults
from tests.platforms.matrix.plain import Json, Plain
from tests.platforms.matrix.plain import plain as client

pytestmark = pytest.mark.asyncio(loop_scope="module")


def wish(person: str, to: str) -> Json:
    """Return the message by which somebody in a room wants to verify somebody else."""
    asked = {"from_device": "PHONE", "methods": ["m.sas.v1"], "to": to}
    return {"msgtype": REQUEST, "body": f"{person} wants to verify you", **asked}


async def declined(circle: Circle, person: Plain, room: str, event: str) -> Json:
    """Wait for the event that declines a request; returns its content."""
    found = await person.wait_for(lambda each: each["type"] == CANCEL, room)
    assert found["sender"] == circle.bot.id
    assert relation(found) == {"rel_type": "m.reference", "event_id": event}
    content: Json = found["content"]
    return content


async def test_a_request_in_a_room_is_declined_once(circle: Circle) -> None:
    anna = await circle.person()
    room = await circle.room(anna)
    content = await declined(circle, anna, room, await anna.send(room, wish(anna.id, circle.bot.id)))
    assert (content["code"], content["reason"]) == (CODE, REASON)
    await circle.restart()
    assert await circle.said(anna, room) == []


async def test_a_request_that_others_are_to_answer_is_left_to_them(circle: Circle) -> None:
    clara, anna = await circle.person(), await circle.person()
    room = await circle.room(clara, anna)
    await circle.silent(anna, room, wish(anna.id, clara.id), {**wish(anna.id, circle.bot.id), "msgtype": "m.notice"})


async def test_an_old_request_is_passed_over(circle: Circle) -> None:
    anna = await circle.person()
    room = await circle.room(anna)
    circle.ahead = timedelta(minutes=11)
    try:
        await circle.silent(anna, room, wish(anna.id, circle.bot.id))
    finally:
        circle.ahead = timedelta(0)


async def test_a_request_in_a_room_that_was_made_for_it_is_declined_when_the_bot_comes(circle: Circle) -> None:
    anna = await circle.person()
    await circle.stop()
    room = await anna.create_room(preset="trusted_private_chat", is_direct=True, invite=[circle.bot.id])
    await anna.send(room, "quote Cheka")
    asked = await anna.send(room, wish(anna.id, circle.bot.id))
    await circle.start()
    await declined(circle, anna, room, asked)
    assert await circle.said(anna, room) == [], "what else was said before the bot came was not said to it"


async def test_a_request_in_an_encrypted_room_is_declined_in_the_same_way(circle: Circle) -> None:
    reader = await circle.second()
    room = await reader.create_room(circle.bot.id)
    await reader.wait(
        lambda each: each.get("state_key") == circle.bot.id and each["content"].get("membership") == "join"
    )
    asked = await reader.send(room, "m.room.message", wish(reader.user, circle.bot.id))
    answer = await reader.wait(lambda each: each["type"] == CANCEL)
    assert answer["decrypted"]
    assert (relation(answer)["event_id"], answer["content"]["code"]) == (asked, CODE)


class Device:
    """A device that sends requests past all rooms, as clients do among one user's devices and older ones to others."""

    def __init__(self, circle: Circle, person: Plain) -> None:
        self._circle = circle
        self._person = person
        self._came: list[Json] = []

    async def ask(self, transaction: Any, **changed: Any) -> None:
        """Send a request to all devices of the bot."""
        sent_at = int(self._circle.now().timestamp() * 1000)
        asked = {"from_device": self._person.user.device, "methods": ["m.sas.v1"], "timestamp": sent_at}
        messages = {self._circle.bot.id: {"*": {**asked, "transaction_id": transaction, **changed}}}
        await self._person.request("PUT", f"/sendToDevice/{REQUEST}/{secrets.token_hex(8)}", {"messages": messages})

    async def declined(self, last: str) -> list[str]:
        """Return the transactions that were declined, up to one."""
        for _ in range(30):
            news = await self._person.sync(1)
            self._came += [each for each in news.get("to_device", {}).get("events", ()) if each["type"] == CANCEL]
            if any(each["content"]["transaction_id"] == last for each in self._came):
                break
        assert all(each["sender"] == self._circle.bot.id for each in self._came)
        assert all((each["content"]["code"], each["content"]["reason"]) == (CODE, REASON) for each in self._came)
        return [each["content"]["transaction_id"] for each in self._came]


async def test_a_request_from_device_to_device_is_declined_once(circle: Circle) -> None:
    device = Device(circle, await circle.person())
    await device.ask("first")
    assert await device.declined("first") == ["first"]
    await device.ask("first")
    await device.ask("second")
    assert await device.declined("second") == ["first", "second"]


async def test_each_of_several_requests_at_once_is_declined(circle: Circle) -> None:
    device = Device(circle, await circle.person())
    await circle.stop()
    for number in range(4):
        await device.ask(f"at once {number}")
    await circle.start()
    assert sorted(await device.declined("at once 3")) == [f"at once {number}" for number in range(4)]


async def test_a_device_is_declined_no_more_than_so_often_at_a_time(circle: Circle) -> None:
    device = Device(circle, await circle.person())
    await circle.stop()
    for number in range(40):
        await device.ask(f"flood {number}")
    await circle.start()
    await device.ask("afterwards")
    assert len(await device.declined("afterwards")) == 21


async def test_the_homeserver_is_asked_once_for_each_request_and_again_after_silence(circle: Circle) -> None:
    anna = await circle.person()
    asked = {"from_device": anna.user.device, "timestamp": int(datetime.now(UTC).timestamp() * 1000)}
    async with faults(circle.homeserver.address) as between, open_session() as session:
        declining = Declining(Homeserver(between.address, session, anna.user.token), lambda: datetime.now(UTC))
        between.set(Fault.LOST_ANSWER, "sendToDevice", times=1)
        for transaction in ("one", "two", "one"):
            declining.take(anna.id, {**asked, "transaction_id": transaction})
        with suppress(Unreachable):
            await declining.send()
        await declining.send()
        declining.take(anna.id, {**asked, "transaction_id": "one"})
        await declining.send()
        assert between.count("sendToDevice") == 3
        came = (await anna.sync())["to_device"]["events"]
        assert [each["content"]["transaction_id"] for each in came] == ["one", "two"]


async def test_what_the_homeserver_does_not_take_is_given_up(circle: Circle) -> None:
    anna = await circle.person()
    async with open_session() as session:
        declining = Declining(Homeserver(circle.homeserver.address, session, "no token"), lambda: datetime.now(UTC))
        asked = {"from_device": "PHONE", "timestamp": int(datetime.now(UTC).timestamp() * 1000)}
        declining.take(anna.id, {**asked, "transaction_id": "one"})
        declining.take(anna.id, {**asked, "transaction_id": "half a \ud83d"})
        for _ in range(2):
            with pytest.raises(MatrixRefused):
                await declining.send()
        await declining.send()


@pytest.mark.parametrize(
    "changed",
    [{"timestamp": 1_000}, {"timestamp": "now"}, {"timestamp": True}, {"from_device": 7}, {"from_device": ""}],
)
async def test_what_is_no_request_is_passed_over(circle: Circle, changed: Json) -> None:
    device = Device(circle, await circle.person())
    for transaction in ("wrong", ["a", "list"], "x" * 300):
        await device.ask(transaction, **changed)
    await device.ask("x" * 300)
    await device.ask("right")
    assert await device.declined("right") == ["right"]


async def test_the_bots_own_account_sees_it_too_when_it_verifies_its_devices(circle: Circle) -> None:
    itself = await circle.homeserver.login(circle.bot.id, circle.bot.password)
    async with client(circle.homeserver.address, itself) as person:
        device = Device(circle, person)
        await device.ask("own")
        assert await device.declined("own") == ["own"]
