"""Every command is answered once and in order, however often the bot or the homeserver is killed meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from time import monotonic
from typing import Any

import aiohttp
import pytest

from tests.platforms.matrix.plain import Plain, Refusal, plain
from tests.platforms.matrix.process import Bot, running_bot
from tests.platforms.matrix.second import open_second
from tests.platforms.matrix.synapse import Synapse, synapse

COMMANDS = 200
# So many are asked before the first of them must be answered.
AHEAD = 10
SOONEST_KILL, LATEST_KILL = 1.0, 3.0
SECONDS_TO_ANSWER = 90.0
# A start takes so long where nothing else runs; a bot that is killed sooner every time never comes to answer.
SECONDS_TO_START = 1.5
HOMESERVER_KILLS = 4

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who asks, and sees answers.

    Attributes:
        say: Sends a text; returns the event's id.
        answers: Waits until there are so many answers of the bot's, and returns all events of the room, in order.
    """

    say: Callable[[str, int], Awaitable[str]]
    answers: Callable[[int], Awaitable[list[Event]]]


def answered(events: list[Event], bot: str) -> list[str]:
    """Return which events the bot answered, in the order of its answers."""
    return [
        event["content"]["m.relates_to"]["m.in_reply_to"]["event_id"]
        for event in events
        if event["sender"] == bot and event["type"] == "m.room.message"
    ]


async def kill_again_and_again(bot: Bot, done: asyncio.Event, dice: Random, scale: float) -> int:
    """Kill the bot and start it again, every one to three seconds until all is done; returns how often.

    Args:
        scale: How much longer everything takes here than on a machine with nothing else to do.
    """
    kills = 0
    while True:
        with suppress(TimeoutError):
            await asyncio.wait_for(done.wait(), dice.uniform(SOONEST_KILL, LATEST_KILL) * scale)
            return kills
        bot.kill()
        bot.start()
        kills += 1


async def seconds_to_start(bot: Bot, member: Member) -> float:
    """Start the bot, and return how long it took until a question was answered."""
    begun = monotonic()
    await member.say("!contents", COMMANDS)
    bot.start()
    await member.answers(1)
    return monotonic() - begun


async def ask_all(member: Member, bot: str) -> None:
    """Ask everything, a few questions ahead of the answers; then hold the answers to the questions."""
    asked = answered(await member.answers(0), bot)
    before = len(asked)
    for number in range(COMMANDS):
        asked.append(await member.say(f"!quote Cheka {number}", number))
        if number >= AHEAD:
            await member.answers(before + number - AHEAD)
    events = await member.answers(before + COMMANDS)
    assert answered(events, bot) == asked


def on_plain_http(person: Plain, room: str, bot: str) -> Member:
    """Return a member of an unencrypted room, who tries again while the homeserver is down."""
    seen: list[Event] = []

    async def patiently(attempt: Callable[[], Awaitable[Any]]) -> Any:
        for _ in range(600):
            try:
                return await attempt()
            except (aiohttp.ClientError, Refusal):
                with suppress(TimeoutError):
                    await asyncio.wait_for(asyncio.Event().wait(), 0.1)
        raise AssertionError("the homeserver stays away")

    async def say(text: str, number: int) -> str:
        return str(await patiently(lambda: person.send(room, text, txn=f"t{number}")))

    async def answers(number: int) -> list[Event]:
        while len(answered(seen, bot)) < number:
            seen.append(
                await patiently(
                    lambda: person.wait_for(
                        lambda event: event["sender"] == bot and event["type"] == "m.room.message",
                        room,
                        SECONDS_TO_ANSWER,
                    )
                )
            )
        return await patiently(lambda: person.messages(room)) if number >= COMMANDS else seen

    return Member(say, answers)


@asynccontextmanager
async def a_plain_room(server: Synapse, bot: Bot) -> AsyncIterator[Member]:
    """Meet the bot in an unencrypted room."""
    user = await server.register(server.fresh())
    async with plain(server.address, user) as person:
        room = await person.create_room(preset="private_chat", invite=[bot.user.id])
        await person.wait_for(lambda event: _is_entry(event, bot.user.id), room, SECONDS_TO_ANSWER)
        yield on_plain_http(person, room, bot.user.id)


@asynccontextmanager
async def an_encrypted_room(server: Synapse, bot: Bot, folder: Path) -> AsyncIterator[Member]:
    """Meet the bot in an encrypted room."""
    user = await server.register(server.fresh())
    async with open_second(folder) as person:
        await person.login(server.address, user.id, user.password)
        room = await person.create_room(bot.user.id)
        await person.wait(lambda event: _is_entry(event, bot.user.id), SECONDS_TO_ANSWER)

        async def say(text: str, number: int) -> str:
            return await person.say(room, text)

        async def answers(number: int) -> list[Event]:
            def readable() -> list[Event]:
                return [event for event in person.seen if event["room_id"] == room]

            if len(answered(readable(), bot.user.id)) < number:
                await person.wait(lambda _: len(answered(readable(), bot.user.id)) >= number, SECONDS_TO_ANSWER)
            return readable()

        yield Member(say, answers)


def _is_entry(event: Event, user: str) -> bool:
    return bool(event["sender"] == user and event["content"].get("membership") == "join")


@pytest.mark.extended
@pytest.mark.parametrize("kind", ["plain", "encrypted"])
async def test_a_bot_that_is_killed_again_and_again_misses_nothing_and_repeats_nothing(
    state: Path, homeserver: Synapse, kind: str, tmp_path: Path
) -> None:
    account = await homeserver.register(homeserver.fresh("bot"))
    with running_bot(state, homeserver.address, account) as bot:
        meeting = (
            a_plain_room(homeserver, bot)
            if kind == "plain"
            else an_encrypted_room(homeserver, bot, tmp_path / "second")
        )
        async with meeting as member:
            bot.kill()
            scale = max(1.0, await seconds_to_start(bot, member) / SECONDS_TO_START)
            done = asyncio.Event()
            killing = asyncio.ensure_future(kill_again_and_again(bot, done, Random(kind), scale))
            try:
                await ask_all(member, account.id)
            finally:
                done.set()
                kills = await killing
    assert kills >= 5
    assert bot.problems == []


@pytest.mark.extended
async def test_a_homeserver_that_is_killed_takes_nothing_along(state: Path, tmp_path: Path) -> None:
    async with synapse(tmp_path / "synapse") as server:
        account = await server.register(server.fresh("bot"))
        with running_bot(state, server.address, account) as bot:
            async with a_plain_room(server, bot) as member:
                kills = 0

                async def say(text: str, number: int) -> str:
                    nonlocal kills
                    if number % (COMMANDS // HOMESERVER_KILLS) == COMMANDS // HOMESERVER_KILLS // 2:
                        server.kill()
                        await asyncio.to_thread(server.start)
                        kills += 1
                    return await member.say(text, number)

                await ask_all(Member(say, member.answers), account.id)
    assert kills == HOMESERVER_KILLS
