"""Whatever goes wrong between bot and homeserver, nothing is missed or answered twice, and the server has peace."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from bot.platforms.matrix.serving import REFUSED
from tests.platforms.matrix.conftest import Member
from tests.platforms.matrix.faults import Fault, Faults, faults
from tests.platforms.matrix.plain import Json, Plain
from tests.platforms.matrix.process import Bot, running_bot
from tests.platforms.matrix.synapse import Synapse

SENDING = "/send/m.room.message/"
SYNC, CREATE = "/sync", "/createRoom"
OUTAGE_SECONDS, MOST_REQUESTS = 10.0, 10
SECONDS = 60.0


class Circle:
    """A room with the bot, which reaches its homeserver through a proxy only."""

    def __init__(self, faults: Faults, bot: Bot, person: Plain, room: str) -> None:
        self.faults = faults
        self.bot = bot
        self.person = person
        self.room = room

    async def ask(self, text: str = "!quote Cheka", room: str = "") -> str:
        """Ask something; returns the event's id."""
        return await self.person.send(room or self.room, text)

    async def answer(self, asked: str, room: str = "") -> Json:
        """Wait for the answer to an event."""
        return await self.person.wait_for(lambda event: replied_to(event) == asked, room or self.room, SECONDS)

    async def answers(self) -> list[str]:
        """Return which events have been answered up to now, in order; what was asked before is answered by then."""
        await self.answer(await self.ask("!contents"))
        events = await self.person.messages(self.room)
        return [replied_to(event) for event in events if event["sender"] == self.bot.user.id and replied_to(event)]


def replied_to(event: Json) -> str:
    """Return which event an event answers."""
    relation = event["content"].get("m.relates_to") or {}
    return str(relation.get("m.in_reply_to", {}).get("event_id", ""))


@asynccontextmanager
async def meeting(state: Path, homeserver: Synapse, person: Plain) -> AsyncIterator[Circle]:
    """Bring the bot into a room."""
    account = await homeserver.register(homeserver.fresh("bot"))
    async with faults(homeserver.address) as between:
        with running_bot(state, between.address, account) as bot:
            room = await enter(person, bot)
            yield Circle(between, bot, person, room)


async def enter(person: Plain, bot: Bot) -> str:
    """Make a room with the bot in it."""
    room = await person.create_room(preset="private_chat", invite=[bot.user.id])

    def is_entry(event: Json) -> bool:
        return bool(event["sender"] == bot.user.id and event["content"].get("membership") == "join")

    await person.wait_for(is_entry, room, SECONDS)
    return room


@pytest.fixture
async def circle(state: Path, homeserver: Synapse, member: Member) -> AsyncIterator[Circle]:
    async with meeting(state, homeserver, await member()) as met:
        yield met


@pytest.mark.parametrize(
    "fault",
    [
        Fault.LOST_ANSWER,
        Fault.BLACK_HOLE,
        *(pytest.param(each, marks=pytest.mark.extended) for each in (Fault.HALF_CLOSED, Fault.BAD_GATEWAY)),
    ],
)
async def test_an_answer_whose_sending_fails_comes_once(circle: Circle, fault: Fault) -> None:
    circle.faults.set(fault, SENDING, times=1)
    asked = await circle.ask()
    await circle.faults.asked(SENDING, 1, SECONDS)
    circle.faults.set(Fault.NONE)
    await circle.answer(asked)
    answers = await circle.answers()
    assert answers[0] == asked
    assert len(answers) == len(set(answers)) == 2


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, pytest.param(Fault.HALF_CLOSED, marks=pytest.mark.extended)])
async def test_news_that_get_lost_come_again(circle: Circle, fault: Fault) -> None:
    await circle.answer(await circle.ask())
    circle.faults.set(fault, SYNC, times=2)
    asked = [await circle.ask(f"!quote Lenin {number}") for number in range(5)]
    for each in asked:
        await circle.answer(each)
    answers = await circle.answers()
    assert answers[1:-1] == asked


async def test_a_room_whose_server_wants_patience_does_not_keep_another_waiting(circle: Circle, member: Member) -> None:
    other = await enter(circle.person, circle.bot)
    circle.faults.retry_after = 3000
    circle.faults.set(Fault.LIMITED, f"rooms/{circle.room.replace('!', '%21').replace(':', '%3A')}{SENDING}", times=1)
    slow = await circle.ask()
    await circle.faults.asked(SENDING, 1, SECONDS)
    quick = await circle.ask(room=other)
    await circle.answer(quick, other)
    first = circle.faults.count(SENDING)
    assert first == 2, "what is limited is not tried again before the server wants it"
    await circle.answer(slow)
    assert len(set(await circle.answers())) == 2


async def test_a_direct_room_is_opened_once_though_nobody_hears_of_it(circle: Circle, member: Member) -> None:
    anna = await member()
    await circle.person.invite(circle.room, anna.id)
    await anna.join(circle.room)
    circle.faults.set(Fault.BLACK_HOLE, CREATE)
    await anna.send(circle.room, "!privacy export")
    await circle.faults.asked(CREATE, 1, SECONDS)
    # The next try succeeds, but neither its answer nor the stream gets through before the one after it.
    circle.faults.keep_back(SYNC)
    circle.faults.set(Fault.LOST_ANSWER, CREATE, times=1)
    direct = await anna.wait_for_invite(circle.bot.user.id, SECONDS)
    await anna.join(direct)
    await anna.wait_for(lambda event: "about_you" in str(event["content"].get("body")), direct, SECONDS)
    circle.faults.keep_back("")
    await circle.answers()
    await anna.sync()
    assert anna.invites == {}
    assert circle.faults.count(CREATE) == 2


async def test_a_revoked_token_ends_the_bot_with_one_sentence(circle: Circle) -> None:
    circle.faults.set(Fault.REVOKED)
    code = await asyncio.to_thread(circle.bot.ended, SECONDS)
    assert code == 78
    assert circle.bot.log[-1] == REFUSED
    assert not any("Traceback" in line for line in circle.bot.log)


@pytest.mark.extended
async def test_a_server_that_is_down_is_asked_seldom(circle: Circle) -> None:
    await circle.answer(await circle.ask())
    asked = await circle.ask()
    circle.faults.set(Fault.BAD_GATEWAY)
    before = circle.faults.count()
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.Event().wait(), OUTAGE_SECONDS)
    requests = circle.faults.count() - before
    circle.faults.set(Fault.NONE)
    await circle.answer(asked)
    assert requests <= MOST_REQUESTS
    assert asked in await circle.answers()
