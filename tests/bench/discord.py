"""Discord: how quickly commands are answered over loopback, what that costs, and how much memory servers take."""

import asyncio
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from tests.bench.table import Table, Timing, tell
from tests.platforms.discord.loopback import Loopback, loopback

_ROOT = Path(__file__).parents[2]
_IN_FLIGHT, _A_SECOND = 16, 200
_ASKED, _ASKED_IF_FULL = 1000, 5000
_WARMING_UP = 100
# So many that none of them floods: each may give 10 commands in 30 seconds.
_MEMBERS = 20_000
_GUILDS = (1, 1000, 10_000)
_SECONDS_TO_START, _SECONDS_TO_ANSWER, _SECONDS_TO_STOP = 120, 30, 10
_CPU_AIM, _COMPLETION_AIM, _MEMORY_AIM = 1.5, 50.0, 15.0
_WORDS = "Cheka Kronstadt Trotsky Lenin Stalin anarchists Bolsheviks Serge revolution party workers state Spain".split()
_TYPED = ("", "C", "Ch", "Kro", "rev", "S", "an", "bol", "xyz", "lesser e")

Ask = Callable[[Loopback, int], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Load:
    """What a bot made of many interactions.

    Attributes:
        rate: How many were answered a second.
        cpu: Milliseconds of CPU for each.
    """

    rate: float
    latency: Timing
    cpu: float


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured of one bot; memory in MB by the number of servers."""

    loads: dict[tuple[str, str], Load] = field(default_factory=dict)
    memory: dict[int, float] = field(default_factory=dict)


class Conversation:
    """Interactions with one bot, each answer brought to whoever waits for it."""

    def __init__(self, served: Loopback, process: Process) -> None:
        self._served = served
        self._process = process
        self._awaited: dict[str, asyncio.Future[tuple[int, Any]]] = {}

    @property
    def resident(self) -> float:
        """How much memory the bot holds, in MB."""
        return resident_mb(self._process.pid)

    async def listen(self) -> None:
        """Take answers, until cancelled."""
        while True:
            path, body = await self._served.answered.get()
            self._of(path).set_result((perf_counter_ns(), body))

    def _of(self, path: str) -> asyncio.Future[tuple[int, Any]]:
        return self._awaited.setdefault(path, asyncio.get_running_loop().create_future())

    async def one(self, ask: Ask, number: int) -> tuple[int, Any]:
        """Let one interaction happen; returns the nanoseconds until its answer, and that."""
        begun = perf_counter_ns()
        path = await ask(self._served, number)
        ended, body = await asyncio.wait_for(self._of(path), _SECONDS_TO_ANSWER)
        del self._awaited[path]
        return ended - begun, body

    async def at_once(self, ask: Ask, number: int) -> Load:
        """Keep 16 interactions in flight, until there were so many."""
        left = iter(range(number))

        async def some() -> list[int]:
            return [(await self.one(ask, each))[0] for each in left]

        async def together() -> list[int]:
            return [time for times in await asyncio.gather(*(some() for _ in range(_IN_FLIGHT))) for time in times]

        return await self._measured(together())

    async def steadily(self, ask: Ask, number: int) -> Load:
        """Let 200 interactions happen each second, whether or not those before are answered."""

        async def later(each: int) -> int:
            await asyncio.sleep(each / _A_SECOND)
            return (await self.one(ask, each))[0]

        async def together() -> list[int]:
            return list(await asyncio.gather(*(later(each) for each in range(number))))

        return await self._measured(together())

    async def _measured(self, work: Awaitable[list[int]]) -> Load:
        begun, cpu = perf_counter_ns(), cpu_ms(self._process.pid)
        times = await work
        seconds, cpu = (perf_counter_ns() - begun) / 1e9, cpu_ms(self._process.pid) - cpu
        self._served.requests.clear()
        return Load(len(times) / seconds, Timing(sorted(times)), cpu / len(times))


async def _quote(served: Loopback, number: int) -> str:
    return await served.slash("quote", words=_WORDS[number % len(_WORDS)])


async def _complete(served: Loopback, number: int) -> str:
    return await served.complete("quote", "words", _TYPED[number % len(_TYPED)])


def measure(folder: Path, full: bool) -> Iterator[Table]:
    """Measure Kruzhok beside a fixed bot, with more interactions if ``full``."""
    number = _ASKED_IF_FULL if full else _ASKED
    ours, buttons = asyncio.run(_all_of("Kruzhok", folder, [sys.executable, "-m", "bot", "run"], number))
    fixed = [sys.executable, "-m", "tests.bench.fixed_bot", str(buttons)]
    theirs, _ = asyncio.run(_all_of("the fixed bot", folder, fixed, number))
    yield Table(
        f"Interactions over loopback: {number} of each, beside a bot that sends a fixed message with {buttons} buttons",
        ("interaction", "what", "Kruzhok", "fixed bot", "ratio", "aim"),
        list(_compared(ours, theirs)),
    )
    yield Table(
        "Resident memory, MB, on one shard",
        ("servers", "Kruzhok", "fixed bot", "more", "aim"),
        list(_remembered(ours, theirs)),
    )


def _compared(ours: Measured, theirs: Measured) -> Iterator[Sequence[str]]:
    for (what, how), mine in ours.loads.items():
        other = theirs.loads[what, how]
        name = f"{what}, {how}"
        yield name, "a second", f"{mine.rate:.0f}", f"{other.rate:.0f}", f"{mine.rate / other.rate:.2f}", ""
        yield name, "p50 / p99 ms", str(mine.latency), str(other.latency), "", ""
        ratio = mine.cpu / other.cpu
        if what == "/quote":
            aim = _verdict(f"ratio ≤ {_CPU_AIM:g}", ratio <= _CPU_AIM)
        else:
            aim = _verdict(f"≤ {_COMPLETION_AIM:g} ms", mine.cpu <= _COMPLETION_AIM)
        yield name, "CPU ms each", f"{mine.cpu:.2f}", f"{other.cpu:.2f}", f"{ratio:.2f}", aim


def _remembered(ours: Measured, theirs: Measured) -> Iterator[Sequence[str]]:
    for guilds, mine in ours.memory.items():
        more = mine - theirs.memory[guilds]
        aim = _verdict(f"≤ {_MEMORY_AIM:g} more", more <= _MEMORY_AIM) if guilds == _GUILDS[-1] else ""
        yield f"{guilds:,}", f"{mine:.1f}", f"{theirs.memory[guilds]:.1f}", f"{more:.1f}", aim


def _verdict(aim: str, is_met: bool) -> str:
    return f"{aim}: {'met' if is_met else 'missed'}"


async def _all_of(name: str, folder: Path, command: Sequence[str], number: int) -> tuple[Measured, int]:
    """Measure one bot; returns also how many buttons its quotation had."""
    measured = Measured()
    async with _running(folder, command, 1) as talk:
        for each in range(_WARMING_UP):
            await talk.one(_quote, each)
            await talk.one(_complete, each)
        buttons = _buttons((await talk.one(_quote, 0))[1]["data"])
        for what, ask in (("/quote", _quote), ("autocomplete", _complete)):
            tell(f"{name}: {what}")
            measured.loads[what, f"{_IN_FLIGHT} in flight"] = await talk.at_once(ask, number)
            measured.loads[what, f"{_A_SECOND}/s"] = await talk.steadily(ask, number)
    for guilds in _GUILDS:
        tell(f"{name}: {guilds:,} servers")
        async with _running(folder, command, guilds) as talk:
            await talk.one(_quote, 0)
            measured.memory[guilds] = talk.resident
    return measured, buttons


def _buttons(component: dict[str, Any]) -> int:
    return (component.get("type") == 2) + sum(_buttons(each) for each in component.get("components", ()))


@asynccontextmanager
async def _running(folder: Path, command: Sequence[str], guilds: int) -> AsyncIterator[Conversation]:
    """Run a bot that is in so many servers, until all of them have come in."""
    async with loopback() as served:
        served.guilds, served.members = guilds, _MEMBERS
        state = {"HOME": str(folder), "KRUZHOK_STATE": str(folder / "state"), "PYTHONPATH": str(_ROOT)}
        environment = {"PATH": os.environ["PATH"], **state, **served.environment}
        with (folder / "errors.log").open("wb") as errors:
            process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=errors)
        talk = Conversation(served, process)
        listening = asyncio.ensure_future(talk.listen())
        try:
            await asyncio.wait_for(served.guilds_told.wait(), _SECONDS_TO_START)
            yield talk
        except TimeoutError:
            tell((folder / "errors.log").read_text("utf-8"))
            raise
        finally:
            listening.cancel()
            await _ended(process)


async def _ended(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _SECONDS_TO_STOP)
    except TimeoutError:
        process.kill()
        await process.wait()


def cpu_ms(pid: int) -> float:
    """Return the CPU time that a process has used, in all its threads, in milliseconds."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1e3
