"""Matrix: how quickly commands are answered by way of a real Synapse, beside a bot that only echoes."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from bot.app import App, open_app
from bot.caller import Caller
from bot.platforms.matrix.serving import serve
from bot.settings import SHIPPED_DATA, MatrixSettings, Settings
from tests.bench.discord import resident_mb
from tests.bench.table import Table, Timing, tell
from tests.platforms.matrix.plain import Json, Plain, plain
from tests.platforms.matrix.process import running_bot
from tests.platforms.matrix.second import Second, open_second
from tests.platforms.matrix.synapse import Synapse, User, running

_ROOT = Path(__file__).parents[2]
_COMMANDS, _WARMING_UP = 200, 20
_ENCRYPTED_ROOMS, _ROOMS_AT_START = 30, 60
_AIM = 1.3
_SECONDS = 120.0
_WORDS = "Cheka Kronstadt Trotsky Lenin Stalin anarchists Bolsheviks Serge revolution party".split()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a bot made of many commands; memory in MB."""

    latency: Timing
    memory: float


def measure(folder: Path, full: bool) -> Iterator[Table]:
    """Measure, and give tables; a full run measures the same."""
    for name in ("plain", "encrypted", "prompts", "many"):
        (folder / name).mkdir()
    with running() as server:
        yield asyncio.run(_answers(server, folder))
        yield asyncio.run(_rooms(server, folder))


async def _answers(server: Synapse, folder: Path) -> Table:
    tell("matrix: an echo bot …")
    echo = await _echo(server)
    tell("matrix: Kruzhok in a plain room …")
    in_plain = await _in_plain(server, folder / "plain")
    tell("matrix: Kruzhok in an encrypted room …")
    encrypted = await _encrypted(server, folder)
    rows = [
        [name, str(each.latency), f"{each.latency.at(0.5) / echo.latency.at(0.5):.2f}", f"{each.memory:.0f}"]
        for name, each in (("echo bot, plain", echo), ("Kruzhok, plain", in_plain), ("Kruzhok, encrypted", encrypted))
    ]
    title = f"Matrix: {_COMMANDS} commands, one by one, from sending to seeing the answer (aim: {_AIM} × the echo)"
    return Table(title, ("", "p50 / p99 ms", "× echo p50", "memory MB"), rows)


def _is_answer(bot: str, asked: str) -> Callable[[Json], bool]:
    def is_it(event: Json) -> bool:
        relation = event["content"].get("m.relates_to") or {}
        return bool(event["sender"] == bot and relation.get("m.in_reply_to", {}).get("event_id") == asked)

    return is_it


async def _ask_all(ask: Callable[[str], Awaitable[Any]]) -> Timing:
    times = []
    for number in range(_WARMING_UP + _COMMANDS):
        begun = perf_counter_ns()
        await ask(f"!quote {_WORDS[number % len(_WORDS)]}")
        times.append(perf_counter_ns() - begun)
    return Timing(sorted(times[_WARMING_UP:]))


@asynccontextmanager
async def _person(server: Synapse) -> AsyncIterator[Plain]:
    async with plain(server.address, await server.register(server.fresh())) as person:
        yield person


async def _meet(person: Plain, bot: str) -> str:
    room = await person.create_room(preset="private_chat", invite=[bot])
    await person.wait_for(
        lambda event: event["sender"] == bot and event["content"].get("membership") == "join", room, _SECONDS
    )
    return room


async def _in_room(server: Synapse, bot: str) -> Timing:
    async with _person(server) as person:
        room = await _meet(person, bot)

        async def ask(text: str) -> None:
            await person.wait_for(_is_answer(bot, await person.send(room, text)), room, _SECONDS)

        return await _ask_all(ask)


async def _echo(server: Synapse) -> Asked:
    account = await server.register(server.fresh("echo"))
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(_ROOT),
        "ECHO_HOMESERVER": server.address,
        "ECHO_TOKEN": account.token,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.bench.echo_bot", env=environment)
    try:
        latency = await _in_room(server, account.id)
        return Asked(latency, resident_mb(process.pid))
    finally:
        process.kill()
        await process.wait()


async def _in_plain(server: Synapse, state: Path) -> Asked:
    account = await server.register(server.fresh("bot"))
    with running_bot(state, server.address, account) as bot:
        latency = await _in_room(server, account.id)
        return Asked(latency, resident_mb(bot.process))


async def _encrypted(server: Synapse, folder: Path) -> Asked:
    state = folder / "encrypted"
    account = await server.register(server.fresh("bot"))
    with running_bot(state, server.address, account) as bot:
        async with _second(server, folder / "second") as person:
            room = await person.create_room(account.id)
            await person.wait(
                lambda event: event["sender"] == account.id and event["content"].get("membership") == "join", _SECONDS
            )

            async def ask(text: str) -> None:
                await person.wait(_is_answer(account.id, await person.say(room, text)), _SECONDS)
                person.seen.clear()

            return Asked(await _ask_all(ask), resident_mb(bot.process))


@asynccontextmanager
async def _second(server: Synapse, folder: Path) -> AsyncIterator[Second]:
    user = await server.register(server.fresh())
    async with open_second(folder) as person:
        await person.login(server.address, user.id, user.password)
        yield person


async def _rooms(server: Synapse, folder: Path) -> Table:
    tell(f"matrix: a scheduled prompt to {_ENCRYPTED_ROOMS} encrypted rooms …")
    prompts = await _prompts(server, folder)
    tell(f"matrix: start with {_ROOMS_AT_START} rooms …")
    ready = await _start(server, folder / "many")
    rows = [
        [f"a scheduled prompt and its thread in {_ENCRYPTED_ROOMS} encrypted rooms, all of it", f"{prompts:.1f} s"],
        [f"from the start to the first answer, in {_ROOMS_AT_START} rooms", f"{ready:.1f} s"],
    ]
    return Table("Matrix: many rooms", ("", "seconds"), rows)


async def _prompts(server: Synapse, folder: Path) -> float:
    """Return how long it takes from when prompts are due to when the last was seen."""
    account = await server.register(server.fresh("bot"))
    async with AsyncExitStack() as stack:
        app, clock = await _served(stack, server, folder / "prompts", account)
        person = await stack.enter_async_context(_second(server, folder / "reader"))
        rooms = [await person.create_room(account.id) for _ in range(_ENCRYPTED_ROOMS)]
        for room in rooms:
            await person.wait(
                lambda event, room=room: (
                    event["room_id"] == room  # type: ignore[misc]  # a default of a lambda
                    and event["sender"] == account.id
                    and event["content"].get("membership") == "join"
                ),
                _SECONDS,
            )
        for room in rooms:
            moderator = Caller(f"matrix:{person.user}", f"matrix:{room}", is_moderator=True)
            await app.commands.answer(moderator, f"schedule add prompt daily {clock.soon}")
        begun = perf_counter_ns()
        clock.ahead = timedelta(minutes=5)
        app.delivery.wake()
        for room in rooms:
            await person.wait(
                lambda event, room=room: (
                    event["room_id"] == room  # type: ignore[misc]  # as above
                    and event["content"].get("m.relates_to", {}).get("rel_type") == "m.thread"
                ),
                _SECONDS,
            )
        return (perf_counter_ns() - begun) / 1e9


class _Clock:
    """A clock that can be put ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def soon(self) -> str:
        """A time of day within the next five minutes, and not within the next two."""
        return f"{datetime.now(UTC) + timedelta(minutes=4):%H:%M}"


async def _served(stack: AsyncExitStack, server: Synapse, state: Path, account: User) -> tuple[App, _Clock]:
    """Serve in this process, with a clock of our own."""
    clock, stop = _Clock(), asyncio.Event()
    app = await stack.enter_async_context(open_app(Settings(state, (SHIPPED_DATA,)), now=clock))
    settings = MatrixSettings(server.address, account.id, account.password)
    serving = asyncio.ensure_future(serve(app, settings, state, stop))

    async def end() -> None:
        stop.set()
        await serving

    stack.push_async_callback(end)
    return app, clock


async def _start(server: Synapse, state: Path) -> float:
    """Return how long it takes from the start of a bot that is in many rooms to its first answer."""
    account = await server.register(server.fresh("bot"))
    async with _person(server) as person:
        with running_bot(state, server.address, account) as bot:
            rooms = [await _meet(person, account.id) for _ in range(_ROOMS_AT_START)]
            bot.stop()
            asked = await person.send(rooms[-1], "!quote Cheka")
            begun = perf_counter_ns()
            bot.start()
            await person.wait_for(_is_answer(account.id, asked), rooms[-1], _SECONDS)
            return (perf_counter_ns() - begun) / 1e9
