"""What people see of Kruzhok in Element Web: answers without a warning, whatever becomes of their devices.

This needs Node and npm's registry, so only ``./kruzhok test -m element`` runs it.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.platforms.matrix import polls
from bot.platforms.matrix.answering import CANNOT_READ, PATIENCE
from tests.platforms.matrix.circle import Circle, body, html
from tests.platforms.matrix.element import Device, Element, Poll, Shield, install, open_element
from tests.platforms.matrix.encrypted import is_join
from tests.platforms.matrix.plain import Json
from tests.platforms.matrix.synapse import Synapse

pytestmark = [pytest.mark.element, pytest.mark.extended, pytest.mark.asyncio(loop_scope="module")]

NO_WARNING = Shield("NONE")
# The first evaluative prompt of the shipped reading, and what it makes a poll of.
QUESTION = (
    "How well does Serge’s position on Kronstadt hold, as Price reports it: not to deny the right to suppress the "
    "rebellion, but to denounce the way it was done?"
)
POSITIONS = ("Well: a right does not excuse every means", "Badly: granting the right opens the door")

Client = Callable[..., Awaitable[Element]]


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the client is installed in, once."""
    folder = tmp_path_factory.mktemp("element")
    install(folder)
    return folder


@pytest_asyncio.fixture(loop_scope="module")
async def client(homeserver: Synapse, program: Path, tmp_path: Path) -> AsyncIterator[Client]:
    """Bring somebody new with a device that they have signed, or somebody's further device: ``await client(anna)``."""
    async with AsyncExitStack() as exits:

        async def new(of: Element | None = None, signed: bool = True) -> Element:
            name = of.user if of else (await homeserver.register(homeserver.fresh("reader"))).id
            element = await exits.enter_async_context(open_element(program, tmp_path / "element.log"))
            recovery = of.recovery if of and signed else ""
            await element.login(homeserver.address, name, "correct horse", signed=signed, recovery=recovery)
            return element

        yield new


async def room_of(circle: Circle, element: Element, *others: str) -> str:
    """Make an encrypted room with the bot in it; returns its id."""
    room = await element.create_room(circle.bot.id, *others)
    await element.wait(lambda event: event["room_id"] == room and is_join(event, circle.bot.id))
    return room


async def answer_to(circle: Circle, element: Element, event_id: str) -> Json:
    """Return the bot's answer to an event as the client reads it; no warning is shown beside it."""
    answer = await element.wait(
        lambda event: (event["sender"], event["reply_to"], event["failure"]) == (circle.bot.id, event_id, "")
    )
    assert answer["is_encrypted"]
    assert await element.shield(answer) == NO_WARNING
    return answer


async def asked(circle: Circle, element: Element, room: str, line: str) -> Json:
    """Type a line; returns the answer."""
    return await answer_to(circle, element, await element.say(room, line))


async def test_a_question_is_answered_by_a_device_that_is_signed(circle: Circle, client: Client) -> None:
    anna = await client()
    answer = await asked(circle, anna, await room_of(circle, anna), "!quote Cheka")
    assert "self-inflicted" in body(answer)
    (device,) = (await anna.devices_of(circle.bot.id)).values()
    assert device == Device("Kruzhok", signed_by_owner=True, verified=False)
    assert await anna.is_cross_signed(circle.bot.id)


async def test_an_encrypted_answer_says_what_a_plain_one_says(circle: Circle, client: Client) -> None:
    anna, boris = await client(), await circle.person()
    here, there = await room_of(circle, anna), await circle.room(boris)
    for line in ("!quote Cheka", "!read 2", "!discuss ¶3.6", "!cite 7.2", "!nosuch"):
        encrypted, plain = await asked(circle, anna, here, line), await circle.ask(boris, there, line)
        apart = {"m.relates_to": None}  # each answers its own question
        assert encrypted["content"] | apart == plain["content"] | apart
        assert (encrypted["content"]["msgtype"], encrypted["content"]["m.mentions"]) == ("m.notice", {})
        assert html(encrypted)


async def test_who_wants_to_verify_the_bot_sees_at_once_that_it_does_not(circle: Circle, client: Client) -> None:
    anna = await client()
    # As “Verify user” does it: in a room that is just made, whoever is there yet.
    room = await anna.create_room(circle.bot.id)
    assert await anna.verify(room, circle.bot.id) == (circle.bot.id, "m.user")
    assert await anna.verify(room, circle.bot.id) == (circle.bot.id, "m.user")


async def test_clients_that_pass_over_unsigned_devices_talk_to_us(circle: Circle, client: Client) -> None:
    anna, unsigned = await client(), await circle.second()
    room = await room_of(circle, anna, unsigned.user)
    await unsigned.join(room)
    # A device that nobody has signed is seen to be one, …
    seen = await anna.wait_for_event(await unsigned.say(room, "Good evening"))
    assert await anna.shield(seen) == Shield("RED", "UNSIGNED_DEVICE")
    await anna.isolate()
    # … and from then on neither heard …
    unheard = await unsigned.say(room, "Is anybody here?")
    event = await anna.wait(lambda event: event["event_id"] == unheard)
    assert event["failure"] == "UNSIGNED_SENDER_DEVICE"
    question = await anna.say(room, "!quote Cheka")
    assert "self-inflicted" in body(await answer_to(circle, anna, question))
    # … nor told anything.
    unread = await unsigned.wait(lambda event: event.get("event_id") == question)
    assert unread["type"] == "m.room.encrypted"


async def test_who_trusts_verified_devices_alone_is_told_once_and_answered_when_they_do_not(
    circle: Circle, client: Client
) -> None:
    anna = await client()
    room = await room_of(circle, anna)
    await anna.trust_verified_alone(True)
    questions = [await anna.say(room, f"!quote {word}") for word in ("Cheka", "Lenin")]
    await anna.trust_verified_alone(False)
    assert "Kronstadt" in body(await asked(circle, anna, room, "!quote Kronstadt"))
    circle.ahead += PATIENCE + timedelta(seconds=1)
    assert body(await answer_to(circle, anna, questions[0])) == CANNOT_READ
    assert "Serge" in body(await asked(circle, anna, room, "!quote Serge"))
    assert not [event for event in anna.seen if event["reply_to"] == questions[1]]


@pytest.mark.parametrize("signed", [True, False], ids=["signed", "unsigned"])
async def test_a_new_device_of_a_member_reads_what_comes_next(circle: Circle, client: Client, signed: bool) -> None:
    phone = await client()
    room = await room_of(circle, phone)
    await asked(circle, phone, room, "!quote Cheka")
    laptop = await client(phone, signed=signed)
    question = await phone.say(room, "!quote Lenin")
    assert "Lenin" in body(await answer_to(circle, laptop, question))
    assert "Lenin" in body(await answer_to(circle, phone, question))
    await answer_to(circle, phone, (await asked(circle, laptop, room, "!read 2"))["reply_to"])
    known = (await phone.devices_of(phone.user))[laptop.device]
    assert known == Device("Element", signed_by_owner=signed, verified=signed)
    await laptop.logout()
    assert "Kronstadt" in body(await asked(circle, phone, room, "!quote Kronstadt"))


async def test_whoever_joins_later_reads_later_answers_alone(circle: Circle, client: Client) -> None:
    anna, boris = await client(), await client()
    room = await room_of(circle, anna)
    before = await asked(circle, anna, room, "!quote Cheka")
    await anna.invite(room, boris.user)
    await boris.join(room)
    for asking in (anna, boris):
        question = await asking.say(room, "!quote Lenin")
        for each in (anna, boris):
            assert "Lenin" in body(await answer_to(circle, each, question))
    seen = [event["failure"] for event in boris.seen if event.get("event_id") == before["event_id"]]
    assert set(seen) == {"HISTORICAL_MESSAGE_USER_NOT_JOINED"}


async def test_a_reaction_does_what_the_answer_says(circle: Circle, client: Client) -> None:
    anna = await client()
    room = await room_of(circle, anna)
    first = await asked(circle, anna, room, "!quote Cheka")
    assert "🔁 for another" in body(first)
    await anna.react(room, first["event_id"], "🔁")
    second = await answer_to(circle, anna, first["event_id"])
    assert "Cheka" in body(second)
    assert body(second) != body(first)


async def test_an_answer_is_in_the_thread_in_which_it_was_asked(circle: Circle, client: Client) -> None:
    anna = await client()
    room = await room_of(circle, anna)
    root = await anna.wait_for_event(await anna.say(room, "!quote Cheka"))
    assert (await answer_to(circle, anna, root["event_id"]))["thread"] == ""
    question = await anna.reply(room, root["event_id"], "!quote Lenin", thread=root["event_id"])
    answer = await answer_to(circle, anna, question)
    assert answer["thread"] == root["event_id"]
    assert await anna.thread(root) == [question, answer["event_id"]]


async def test_a_poll_is_understood_and_its_votes_are_counted(circle: Circle, client: Client) -> None:
    anna = await client()
    room = await room_of(circle, anna)
    await asked(circle, anna, room, "!schedule add prompt thursdays 19:00 kind:evaluative")
    assert "Posted" in body(await asked(circle, anna, room, "!schedule run"))
    post = await anna.wait(
        lambda event: (event["sender"], event["content"].get("msgtype")) == (circle.bot.id, "m.text")
    )
    assert QUESTION in body(post)
    assert await anna.shield(post) == NO_WARNING
    await anna.react(room, post["event_id"], "📊")
    start = await anna.wait(lambda event: event["type"] == polls.START)
    assert start["reply_to"] == post["event_id"]
    assert await anna.shield(start) == NO_WARNING
    assert await anna.poll(start) == Poll(QUESTION, {"1": POSITIONS[0], "2": POSITIONS[1]}, 1, True, [])
    for answer, counted in (("2", (0, 1)), ("1", (1, 0))):
        await anna.vote(start, answer)
        assert (await anna.poll(start)).votes[-1] == (anna.user, [answer])
        told = (f"{number} for “{position}”" for number, position in zip(counted, POSITIONS, strict=True))
        assert f"Poll: {', '.join(told)}." in body(await asked(circle, anna, room, "!schedule history"))


async def test_after_a_restart_it_goes_on_as_the_same_device(circle: Circle, client: Client) -> None:
    anna = await client()
    room = await room_of(circle, anna)
    first = await asked(circle, anna, room, "!quote Cheka")
    devices = await anna.devices_of(circle.bot.id)
    await circle.stop()
    missed = await anna.say(room, "!quote Lenin")
    await circle.start()
    assert "Lenin" in body(await answer_to(circle, anna, missed))
    await anna.react(room, first["event_id"], "🔁")
    await answer_to(circle, anna, first["event_id"])
    assert await anna.devices_of(circle.bot.id) == devices
    answers = [event for event in anna.seen if event["sender"] == circle.bot.id and event["type"] == "m.room.message"]
    assert [event["reply_to"] for event in answers] == [first["reply_to"], missed, first["event_id"]]
